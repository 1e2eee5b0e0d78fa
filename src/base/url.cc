#include "base/url.h"

#include "base/text.h"

namespace allauth {
namespace {

constexpr std::string_view kHidden = "***";

bool speaks_of_secrets(std::string_view parameter) {
  const std::string name = ascii_lower(parameter.substr(0, parameter.find('=')));
  return name.find("password") != std::string::npos || name.find('%') != std::string::npos;
}

// "user:password" or "user".
void append_login(std::string& out, std::string_view login) {
  const auto colon = login.find(':');
  out += login.substr(0, colon);
  if (colon != std::string_view::npos) out.append(":").append(kHidden);
}

// Where a port that is no number begins, in "host:1,[::1]:2/…": the login of a URL whose '@' was left out.
std::size_t false_port(std::string_view hosts) {
  bool bracket = false;
  for (std::size_t i = 0; i < hosts.size() && hosts[i] != '/' && hosts[i] != '?'; ++i) {
    if (hosts[i] == '[' || hosts[i] == ']') bracket = hosts[i] == '[';
    if (hosts[i] != ':' || bracket) continue;
    const auto end = hosts.find_first_of(",/?", i);
    const auto port = hosts.substr(i + 1, end == std::string_view::npos ? end : end - i - 1);
    if (!port.empty() && !parse_u64(port)) return i + 1;
  }
  return std::string_view::npos;
}

void append_parameters(std::string& out, std::string_view parameters) {
  bool first = true;
  for (const auto parameter : split(parameters, '&')) {
    if (!std::exchange(first, false)) out += '&';
    const auto equals = parameter.find('=');
    if (equals != std::string_view::npos && speaks_of_secrets(parameter))
      out.append(parameter.substr(0, equals + 1)).append(kHidden);
    else
      out += parameter;
  }
}

}  // namespace

std::string without_password(std::string_view url) {
  constexpr std::string_view kMark = "://";
  const auto mark = url.find(kMark);
  if (mark == std::string_view::npos) return std::string(url);
  std::string out(url.substr(0, mark + kMark.size()));
  std::string_view rest = url.substr(out.size());
  // The last '@': a password that was not encoded may hold others, and '/' and '?' too.
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    append_login(out, rest.substr(0, at));
    rest.remove_prefix(at);
  } else if (const auto login = false_port(rest); login != std::string_view::npos) {
    return out.append(rest.substr(0, login)).append(kHidden);
  }
  const auto question = rest.find('?');
  out += rest.substr(0, question);
  if (question != std::string_view::npos) {
    out += '?';
    append_parameters(out, rest.substr(question + 1));
  }
  return out;
}

}  // namespace allauth
