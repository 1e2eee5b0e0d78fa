// Lists in pages. A page token says where the next page begins; it is opaque to callers and good for
// as long as they like, since it names a place in the order and not a state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace allauth::app {

struct PageRequest {
  std::size_t size = 50;  // 1–1000
  std::string after;      // the key after which the page begins; empty: the first page
};

// size 0 means the default. Errors: page.size, page.token.
Result<PageRequest> parse_page(std::uint32_t size, std::string_view token);

std::string make_page_token(std::string_view last_key);

template <class T>
struct Page {
  std::vector<T> items;
  std::string next_token;  // empty on the last page
};

// Makes a page of at most `size` out of rows of which one more was asked for.
template <class T, class Key>
Page<T> make_page(std::vector<T> rows, std::size_t size, Key key_of) {
  Page<T> page{std::move(rows), {}};
  if (page.items.size() > size) {
    page.items.resize(size);
    page.next_token = make_page_token(key_of(page.items.back()));
  }
  return page;
}

}  // namespace allauth::app
