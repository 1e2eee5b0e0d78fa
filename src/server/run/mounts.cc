#include "server/run/mounts.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "wire/rest/problem.h"

namespace allauth::server {
namespace {

constexpr std::string_view kRoot = "/";

bool is_dots(std::string_view segment) {
  std::size_t dots = 0;
  while (!segment.empty()) {
    const std::size_t length = segment.starts_with('.') ? 1 : 3;
    if (length == 3 && ascii_lower(segment.substr(0, 3)) != "%2e") return false;
    segment.remove_prefix(length);
    ++dots;
  }
  return dots == 1 || dots == 2;
}

bool has_dot_segment(std::string_view path) {
  if (!path.contains('.') && !path.contains("%2")) return false;
  return std::ranges::any_of(split(path, '/'), is_dots);
}

bool is_at(std::string_view path, std::string_view prefix) {
  if (prefix == kRoot) return true;
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

Error dot_segments() {
  return {.code = Code::invalid,
          .reason = "path.dot_segments",
          .message = "The path holds a segment \".\" or \"..\", which is not resolved here."};
}

Error nothing_here() {
  return {
      .code = Code::not_found, .reason = "http.no_such_path", .message = "There is nothing at this path."};
}

void cut_off(http::Request& request, const std::string& prefix) {
  if (prefix == kRoot) return;
  request.mount = prefix;
  request.path.erase(0, prefix.size());
  if (request.path.empty()) request.path = kRoot;
}

}  // namespace

http::Face mount_all(std::vector<Mount> mounts, IdSource& ids) {
  std::ranges::sort(mounts, std::greater{}, [](const Mount& mount) { return mount.at.size(); });
  const auto shared = std::make_shared<const std::vector<Mount>>(std::move(mounts));
  return [shared, &ids](http::Request&& request, http::Responder respond) {
    if (has_dot_segment(request.path)) return respond(wire::problem(dot_segments(), ids.next()));
    const auto found =
        std::ranges::find_if(*shared, [&](const Mount& mount) { return is_at(request.path, mount.at); });
    if (found == shared->end()) return respond(wire::problem(nothing_here(), ids.next()));
    cut_off(request, found->at);
    found->face(std::move(request), std::move(respond));
  };
}

http::Face with_trust(http::Trust trust, const std::string& listener, Metrics& metrics, http::Face face) {
  const auto counter = [&](std::string_view cause) {
    return &metrics.counter("allauth_net_forwarded_ignored_total",
                            "Requests whose forwarding headers were not believed",
                            fmt::format(R"(listener="{}",cause="{}")", listener, cause));
  };
  Counter* untrusted = counter("untrusted");
  Counter* malformed = counter("malformed");
  return [trust = std::move(trust), untrusted, malformed, face = std::move(face)](http::Request&& request,
                                                                                  http::Responder respond) {
    const auto forwarding = http::settle(trust, request.headers, request.peer);
    if (forwarding == http::Forwarding::malformed) malformed->add();
    if (forwarding == http::Forwarding::untrusted && !trust.empty()) untrusted->add();
    face(std::move(request), std::move(respond));
  };
}

}  // namespace allauth::server
