// What the requests of lists have in common: where a page begins, in what order, and what is in it.
#pragma once

#include "app/lists/list_page.h"
#include "base/text.h"
#include "wire/native/convert.h"

namespace allauth::wire::native {

Result<std::optional<Status>> decode_status(v1::Status status);

template <class Request>
Result<app::ListFilter> decode_filter(const Request& request) {
  app::ListFilter filter;
  if constexpr (requires { request.name_contains(); }) {
    filter.name = request.name();
    filter.name_contains = request.name_contains();
  }
  if constexpr (requires { request.tags_all(); }) {
    TRY(filter.tags_all, decode_tags(request.tags_all(), "tags_all"));
    TRY(filter.tags_any, decode_tags(request.tags_any(), "tags_any"));
    if (request.has_metadata()) {
      TRY(filter.metadata, decode_metadata(request.metadata()));
    }
    TRY(filter.status, decode_status(request.status()));
  }
  if constexpr (requires { request.has_created_after(); }) {
    if (request.has_created_after()) filter.created_after = decode_time(request.created_after());
    if (request.has_created_before()) filter.created_before = decode_time(request.created_before());
  }
  if constexpr (requires { request.has_updated_after(); }) {
    if (request.has_updated_after()) filter.updated_after = decode_time(request.updated_after());
    if (request.has_updated_before()) filter.updated_before = decode_time(request.updated_before());
  }
  if constexpr (requires { request.email_prefix(); }) {
    filter.email = ascii_lower(request.email());
    filter.email_prefix = ascii_lower(request.email_prefix());
    filter.username = ascii_lower(request.username());
    filter.username_prefix = ascii_lower(request.username_prefix());
  }
  return filter;
}

// The members that every list has.
template <class Request>
Result<app::ListRequest> decode_list(const Request& request) {
  app::ListRequest list{.size = request.page_size(),
                        .token = request.page_token(),
                        .count = request.count(),
                        .order_by = request.order_by()};
  if (request.has_offset()) list.offset = request.offset();
  TRY(list.filter, decode_filter(request));
  return list;
}

// What an answer says of its page besides the items.
template <class Response, class T>
void set_page(Response& response, const app::Page<T>& page) {
  response.set_next_page_token(page.next_token);
  if (page.total) response.set_total_size(*page.total);
}

// Encodes a page: add_item(message) gives the place for the next item.
template <class Response, class T, class Add>
Response encode_page(const app::Page<T>& page, Add add_item) {
  Response response;
  for (const auto& item : page.items) *add_item(response) = encode(item);
  set_page(response, page);
  return response;
}

}  // namespace allauth::wire::native
