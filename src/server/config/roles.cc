#include "server/config/roles.h"

#include "base/text.h"

namespace allauth::server {
namespace {

std::unexpected<Error> missing(std::string_view path, std::string_view why) {
  return fail(Code::invalid, "config.missing", fmt::format("{} is missing: {}", path, why));
}

bool is_ipv4_loopback(std::string_view host) {
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

// "http://[::1]:8080" is on this machine.
bool is_on_this_machine(std::string_view url) {
  auto host = url.substr(url.find("//") + 2);
  host = host.starts_with('[') ? host.substr(1, host.find(']') - 1) : host.substr(0, host.find(':'));
  return host == "localhost" || host == "::1" || is_ipv4_loopback(host);
}

Result<void> check_url(std::string_view url) {
  const bool tls = url.starts_with("https://");
  if (!tls && !(url.starts_with("http://") && is_on_this_machine(url)))
    return fail(Code::invalid, "config.value",
                "upstream_api.url takes https://, or http:// on this machine; what comes over it is secret");
  const auto rest = url.substr(url.find("//") + 2);
  if (!rest.empty() && rest.find_first_of("/?#@") == std::string_view::npos) return {};
  return fail(Code::invalid, "config.value", "upstream_api.url is https://host:port and no more");
}

Result<void> check_upstream(const UpstreamApiConfig& upstream) {
  for (const auto& url : split_list(upstream.url)) TRY(check_url(url));
  if (upstream.certificate.empty() != upstream.key.empty())
    return missing(upstream.key.empty() ? "upstream_api.key" : "upstream_api.certificate",
                   "a certificate and its key belong together");
  if (upstream.certificate.empty() && upstream.token_file.empty())
    return missing("upstream_api.token_file",
                   "what shall this node show? `allauth node enroll` makes a token; a certificate does too");
  return {};
}

}  // namespace

bool has_database(const Config& config) { return config.upstream_api.url.empty(); }

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> list;
  for (auto part : split(text, ',')) {
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) list.emplace_back(part);
  }
  return list;
}

Result<void> check_roles(const Config& config) {
  const auto& upstream = config.upstream_api;
  if (!split_list(upstream.url).empty()) {
    if (config.roles.api || !config.store.url.text.empty())
      return fail(Code::invalid, "config.conflict",
                  "upstream_api.url is for a node that has no database: with roles = \"gateway\" and without "
                  "store.url");
    return check_upstream(upstream);
  }
  if (!upstream.url.empty()) return fail(Code::invalid, "config.value", "upstream_api.url names no server");
  if (!config.roles.api && config.store.url.text.empty())
    return missing(
        "upstream_api.url",
        "a node with the role gateway alone follows an API node, or shares a database (store.url)");
  return {};
}

}  // namespace allauth::server
