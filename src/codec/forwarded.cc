#include "codec/forwarded.h"

#include <algorithm>

#include "base/text.h"

namespace allauth::http {
namespace {

constexpr std::size_t kMostHops = 16;

struct Node {
  IpAddress address;
  std::uint16_t port = 0;
};

// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80" (RFC 7239 §6;
// X-Forwarded-For also has IPv6 without brackets). No "unknown" and no hidden names: they tell nothing.
std::optional<Node> parse_node(std::string_view text) {
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    port = text.substr(end + 1);
    text = text.substr(1, end - 1);
    if (!text.contains(':')) return std::nullopt;
  } else if (std::ranges::count(text, ':') == 1) {
    port = text.substr(text.find(':'));
    text = text.substr(0, text.find(':'));
  }
  const auto address = IpAddress::parse(text);
  if (!address) return std::nullopt;
  if (port.empty()) return Node{.address = *address};
  const auto number = parse_u64(port.substr(1));
  if (!port.starts_with(':') || !number || *number > 65535) return std::nullopt;
  return Node{.address = *address, .port = static_cast<std::uint16_t>(*number)};
}

bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._:[]").contains(c);
  });
}

// The items of all fields of that name, as of one list.
std::vector<std::string_view> list_of(const Headers& headers, std::string_view name) {
  std::vector<std::string_view> items;
  for (const auto& header : headers)
    if (same_ignoring_case(header.name, name))
      for (auto item : split(header.value, ',')) items.push_back(trim(item));
  return items;
}

// `proto` and `host` into an origin; false if they make no sense.
bool take_proto(std::string_view proto, Origin& origin) {
  const std::string lower = ascii_lower(proto);
  origin.tls = lower == "https";
  return lower == "https" || lower == "http";
}
bool take_host(std::string_view host, Origin& origin) {
  origin.host = host;
  return is_host(host);
}

// One element of Forwarded: pairs separated by ';', each name once.
std::optional<Origin> parse_element(std::string_view element) {
  Origin origin;
  std::vector<std::string> seen;
  for (auto pair : split(element, ';')) {
    pair = trim(pair);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    seen.push_back(ascii_lower(pair.substr(0, equals)));
    auto value = pair.substr(equals + 1);
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
      value = value.substr(1, value.size() - 2);
    if (value.find_first_of("\"\\") != std::string_view::npos) return std::nullopt;
    if (seen.back() == "for") {
      const auto node = parse_node(value);
      if (!node) return std::nullopt;
      origin.address = node->address;
      origin.port = node->port;
    }
    if (seen.back() == "proto" && !take_proto(value, origin)) return std::nullopt;
    if (seen.back() == "host" && !take_host(value, origin)) return std::nullopt;
  }
  std::ranges::sort(seen);
  const bool twice = std::ranges::adjacent_find(seen) != seen.end();
  if (twice || !std::ranges::binary_search(seen, "for")) return std::nullopt;
  return origin;
}

// From the right to the first that is none of our proxies; if all are, the left-most. Its place in the
// list comes with it.
template <class Parse>
std::optional<std::pair<Origin, std::size_t>> walk(const std::vector<std::string_view>& items,
                                                   const Networks& proxies, const Parse& parse) {
  for (std::size_t hops = 1; hops <= items.size() && hops <= kMostHops; ++hops) {
    const std::size_t at = items.size() - hops;
    auto origin = parse(items[at]);
    if (!origin) return std::nullopt;
    if (at == 0 || !proxies.contains(origin->address)) return std::pair(std::move(*origin), at);
  }
  return std::nullopt;
}

// The value that belongs to the entry at `at` of X-Forwarded-For: the one in the same place, or the only
// one; nothing if it cannot be told.
std::optional<std::string_view> beside(const std::vector<std::string_view>& values, std::size_t at,
                                       std::size_t entries) {
  if (values.size() == 1) return values.front();
  if (values.size() == entries) return values[at];
  return std::nullopt;
}

std::optional<Origin> from_x_headers(const Headers& headers, const Networks& proxies) {
  const auto items = list_of(headers, "X-Forwarded-For");
  const auto found = walk(items, proxies, [](std::string_view item) -> std::optional<Origin> {
    const auto node = parse_node(item);
    if (!node) return std::nullopt;
    return Origin{.address = node->address, .port = node->port, .tls = {}, .host = {}};
  });
  if (!found) return std::nullopt;
  Origin origin = found->first;
  if (const auto protos = list_of(headers, "X-Forwarded-Proto"); !protos.empty()) {
    const auto proto = beside(protos, found->second, items.size());
    if (!proto || !take_proto(*proto, origin)) return std::nullopt;
  }
  if (const auto hosts = list_of(headers, "X-Forwarded-Host"); !hosts.empty()) {
    const auto host = beside(hosts, found->second, items.size());
    if (!host || !take_host(*host, origin)) return std::nullopt;
  }
  return origin;
}

std::optional<Origin> from_forwarded(const Headers& headers, const Networks& proxies) {
  auto found = walk(list_of(headers, "Forwarded"), proxies, parse_element);
  if (!found) return std::nullopt;
  return std::move(found->first);
}

void replace_host(Headers& headers, const std::string& host) {
  for (auto& header : headers)
    if (same_ignoring_case(header.name, "host")) header.value = host;
}

}  // namespace

bool is_forwarded(const Headers& headers) {
  return std::ranges::any_of(headers, [](const Header& header) {
    // Most headers begin with another letter: this runs for every request.
    if (header.name.empty() || !std::string_view("fFvVxX").contains(header.name[0])) return false;
    const std::string name = ascii_lower(header.name);
    return name == "forwarded" || name == "via" || name == "x-real-ip" || name.starts_with("x-forwarded-");
  });
}

std::optional<Origin> find_origin(const Headers& headers, const Networks& proxies) {
  const bool standard = find_header(headers, "Forwarded").has_value();
  const bool customary = find_header(headers, "X-Forwarded-For").has_value();
  if (!standard) return from_x_headers(headers, proxies);
  auto origin = from_forwarded(headers, proxies);
  if (!origin || !customary) return origin;
  const auto other = from_x_headers(headers, proxies);
  if (!other || other->address != origin->address) return std::nullopt;
  return origin;
}

Forwarding settle(const Trust& trust, Headers& headers, Peer& peer) {
  if (!is_forwarded(headers)) {
    peer.trusted = trust.callers.contains(peer.address);
    return Forwarding::none;
  }
  peer.trusted = false;
  peer.loopback = false;
  if (!trust.proxies.contains(peer.address)) return Forwarding::untrusted;
  peer.certificate_der.clear();
  peer.tls = false;
  const auto origin = find_origin(headers, trust.proxies);
  if (!origin) return Forwarding::malformed;
  peer.via = std::exchange(peer.address, origin->address.text());
  peer.port = origin->port;
  peer.tls = origin->tls.value_or(false);
  peer.trusted = !origin->address.is_loopback() && trust.callers.contains(origin->address);
  if (!origin->host.empty()) replace_host(headers, origin->host);
  return Forwarding::believed;
}

}  // namespace allauth::http
