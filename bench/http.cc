#include "bench/http.h"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/text.h"

namespace allauth::bench {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";

// The value of a header, by its lower-case name.
std::optional<std::string_view> header(std::string_view head, std::string_view name) {
  std::size_t at = head.find("\r\n");
  while (at != std::string_view::npos) {
    const auto begin = at + 2;
    at = head.find("\r\n", begin);
    const auto line = head.substr(begin, at == std::string_view::npos ? at : at - begin);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    const auto same = std::ranges::equal(line.substr(0, name.size()), name,
                                         [](char a, char b) { return (a | 0x20) == (b | 0x20); });
    if (same) return trim(line.substr(name.size() + 1));
  }
  return std::nullopt;
}

}  // namespace

std::string http_request(std::string_view method, std::string_view path, std::string_view token,
                         std::string_view body) {
  std::string out = fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\n", method, path);
  if (!token.empty()) out += fmt::format("Authorization: Bearer {}\r\n", token);
  if (!body.empty())
    out += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
  return out + "\r\n" + std::string(body);
}

std::optional<HttpAnswer> parse_answer(std::string_view bytes) {
  const auto end = bytes.find(kHeadEnd);
  if (end == std::string_view::npos) return std::nullopt;
  constexpr std::size_t kStatus = 9;  // after "HTTP/1.1 "
  const auto head = bytes.substr(0, end);
  const auto length = parse_u64(header(head, "content-length").value_or("0")).value_or(0);
  const auto body = end + kHeadEnd.size();
  if (bytes.size() < body + length) return std::nullopt;
  return HttpAnswer{.status = static_cast<int>(parse_u64(bytes.substr(kStatus, 3)).value_or(0)),
                    .body = bytes.substr(body, length),
                    .size = body + length,
                    .closes = header(head, "connection") == "close"};
}

Result<boost::json::object> call(const Target& target, std::string_view method, std::string_view path,
                                 std::string_view token, std::string_view body) {
  TRY(const auto socket, dial(target, Blocking::yes));
  TRY(send_all(socket, http_request(method, path, token, body)));
  std::string bytes;
  std::optional<HttpAnswer> answer;
  while (!(answer = parse_answer(bytes))) TRY(receive_some(socket, bytes));
  if (answer->status / 100 != 2)
    return fail(Code::unavailable, "answer.status",
                fmt::format("{} {} was answered {}: {}", method, path, answer->status, answer->body));
  boost::system::error_code bad;
  auto value = boost::json::parse(answer->body, bad);
  if (bad || !value.is_object()) return boost::json::object();
  return std::move(value.as_object());
}

Result<std::string> text_at(const boost::json::object& object, std::string_view path) {
  const boost::json::object* at = &object;
  for (const auto name : split(path, '.')) {
    const auto* value = at->if_contains(name);
    if (value != nullptr && value->is_string()) return std::string(value->as_string());
    if (value == nullptr || !value->is_object()) break;
    at = &value->as_object();
  }
  return fail(Code::unavailable, "answer.member", fmt::format("An answer lacks \"{}\".", path));
}

}  // namespace allauth::bench
