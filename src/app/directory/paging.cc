#include "app/directory/paging.h"

#include "codec/base64.h"

namespace allauth::app {
namespace {

constexpr std::uint32_t kDefaultSize = 50;
constexpr std::uint32_t kMaxSize = 1000;
constexpr std::string_view kVersion = "1:";
constexpr std::size_t kMaxToken = 512;

}  // namespace

Result<PageRequest> parse_page(std::uint32_t size, std::string_view token) {
  if (size > kMaxSize) return fail(Code::invalid, "page.size", "A page has 1 to 1000 items.", "page_size");
  PageRequest page{.size = size == 0 ? kDefaultSize : size, .after = {}};
  if (token.empty()) return page;
  const auto key = token.size() <= kMaxToken ? codec::base64url_decode(token) : std::nullopt;
  if (!key || !key->starts_with(kVersion))
    return fail(Code::invalid, "page.token", "This is not a page token of ours.", "page_token");
  page.after = key->substr(kVersion.size());
  return page;
}

std::string make_page_token(std::string_view last_key) {
  return codec::base64url_encode(std::string(kVersion) + std::string(last_key));
}

}  // namespace allauth::app
