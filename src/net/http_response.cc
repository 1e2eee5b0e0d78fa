#include "net/http_response.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include <fmt/format.h>

#include "net/http_head.h"

namespace allauth::net {
namespace {

struct Phrase {
  int status;
  std::string_view text;
};

constexpr Phrase kPhrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

bool is_ours(std::string_view name) {
  switch (name.size()) {
    case 4:
      return http::same_ignoring_case(name, "date");
    case 10:
      return http::same_ignoring_case(name, "connection");
    case 14:
      return http::same_ignoring_case(name, "content-length");
    case 17:
      return http::same_ignoring_case(name, "transfer-encoding");
    default:  // none of ours has another length
      return false;
  }
}

}  // namespace

std::string_view status_text(int status) {
  const auto* found = std::ranges::lower_bound(kPhrases, status, {}, &Phrase::status);
  return found != std::end(kPhrases) && found->status == status ? found->text : "Unknown";
}

std::string http_date(Instant now) {
  constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(now - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

bool is_sendable(const http::Response& response) {
  if (response.status < 200 || response.status > 999) return false;
  return std::ranges::all_of(response.headers, [](const http::Header& header) {
    return is_field_name(header.name) && is_field_value(header.value);
  });
}

bool append_response_head(std::string& out, const http::Response& response, const ResponseFraming& framing) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(response.status));
  out += ' ';
  out += status_text(response.status);
  out += "\r\nDate: ";
  out += framing.date;
  for (const auto& header : response.headers) {
    if (is_ours(header.name)) continue;
    out += "\r\n";
    out += header.name;
    out += ": ";
    out += header.value;
  }
  // 204 has no content and must not say a length; a 304 could only repeat that of the 200, which is
  // not known here (RFC 9110 §8.6).
  const bool bodiless = response.status == 204 || response.status == 304;
  if (framing.streamed) {
    if (framing.minor > 0) out += "\r\nTransfer-Encoding: chunked";
  } else if (!bodiless) {
    out += "\r\nContent-Length: ";
    append_number(out, response.body.size());
  }
  if (!framing.keep_alive)
    out += "\r\nConnection: close";
  else if (framing.minor == 0)
    out += "\r\nConnection: keep-alive";
  out += "\r\n\r\n";
  return !bodiless && !framing.head_request && !response.body.empty();
}

}  // namespace allauth::net
