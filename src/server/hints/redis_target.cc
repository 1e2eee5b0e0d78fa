#include "server/hints/redis_target.h"

#include <fmt/format.h>

#include "base/text.h"
#include "codec/http.h"

namespace allauth::server {
namespace {

constexpr std::string_view kForm =
    "redis.url is written as redis://user:password@host:port, of which only the host "
    "must be there";

std::unexpected<Error> bad_url(std::string_view why) {
  return fail(Code::invalid, "redis.url", fmt::format("{}: {}.", kForm, why));
}

Result<std::string> decoded(std::string_view text) {
  if (auto plain = http::percent_decode(text)) return *std::move(plain);
  return bad_url("a '%' is not followed by two hexadecimal digits");
}

Result<void> take_login(RedisTarget& target, std::string_view login) {
  const auto colon = login.find(':');
  if (colon == std::string_view::npos) return bad_url("a user without a ':' has no password");
  TRY(target.user, decoded(login.substr(0, colon)));
  TRY(auto password, decoded(login.substr(colon + 1)));
  target.password = Secret::take(password);
  return {};
}

Result<void> take_address(RedisTarget& target, std::string_view address) {
  const bool bracketed = address.starts_with('[');
  const auto host_end = bracketed ? address.find(']') : address.find(':');
  if (bracketed && host_end == std::string_view::npos) return bad_url("there is no ']'");
  const auto host = bracketed ? address.substr(1, host_end - 1) : address.substr(0, host_end);
  if (host.empty()) return bad_url("there is no host");
  target.host = host;
  const auto rest = host_end == std::string_view::npos ? std::string_view()
                                                       : address.substr(host_end + (bracketed ? 1 : 0));
  if (rest.empty()) return {};
  const auto port = rest.front() == ':' ? parse_u64(rest.substr(1)) : std::nullopt;
  if (!port || *port == 0 || *port > 65535) return bad_url("the port is no number from 1 to 65535");
  target.port = static_cast<std::uint16_t>(*port);
  return {};
}

}  // namespace

std::string RedisTarget::server() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

Result<RedisTarget> parse_redis_url(std::string_view url, std::string password_file) {
  if (url.starts_with("rediss://"))
    return fail(
        Code::unsupported, "redis.tls",
        "redis.url: rediss:// is not supported, because the hiredis of Debian 12 knows no TLS; use redis:// "
        "on a network of your own, or through a TLS tunnel on this machine.");
  constexpr std::string_view kScheme = "redis://";
  if (!url.starts_with(kScheme)) return bad_url("it does not start with redis://");
  url.remove_prefix(kScheme.size());
  RedisTarget target;
  target.password_file = std::move(password_file);
  // The last '@': a password that was not encoded may hold others, and is refused below.
  if (const auto at = url.rfind('@'); at != std::string_view::npos) {
    const auto login = url.substr(0, at);
    if (login.find_first_of("@/?#") != std::string_view::npos)
      return bad_url("write '@' as %40, '/' as %2F, '?' as %3F and '#' as %23 in its password");
    TRY(take_login(target, login));
    url.remove_prefix(at + 1);
  }
  if (url.find_first_of("?#") != std::string_view::npos) return bad_url("it takes no parameters");
  const auto slash = url.find('/');
  if (slash != std::string_view::npos && slash + 1 < url.size() && !parse_u64(url.substr(slash + 1)))
    return bad_url("what follows the '/' is no number of a database");
  TRY(take_address(target, url.substr(0, slash)));
  return target;
}

}  // namespace allauth::server
