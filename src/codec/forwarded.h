// For whom a proxy asks: Forwarded (RFC 7239), or X-Forwarded-For, -Proto and -Host. Pure code.
//
// What stands in these headers was written by many hands; only the last entry is known to be written by
// the proxy that we speak with. So they are read from the right, no further than needed: an entry counts
// if the one who wrote it is one of our proxies. What stands to the left of that may be anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/network.h"
#include "codec/http.h"

namespace allauth::http {

// True if a request says of itself that it was passed on, in these headers or in Via or X-Real-IP.
bool is_forwarded(const Headers& headers);

// The one who asked the first of our proxies.
struct Origin {
  IpAddress address;
  std::uint16_t port = 0;   // 0: not said
  std::optional<bool> tls;  // whether they spoke TLS; not said
  std::string host;         // the Host that they asked for; empty: not said
};

// Nothing if the headers do not say it, contradict each other (both kinds are there, of different
// clients), hold what cannot be understood in an entry that counts, or name more than 16 proxies of ours
// in a row. A quoted value must not hold a comma or a semicolon.
std::optional<Origin> find_origin(const Headers& headers, const Networks& proxies);

// Whom a listener believes.
struct Trust {
  Networks callers;  // may ask without credentials what a face leaves open to its neighbours
  Networks proxies;  // what they say of others is believed

  bool empty() const { return callers.empty() && proxies.empty(); }
};

enum class Forwarding {
  none,       // not a forwarded request
  believed,   // the peer is now the one who asked our proxy
  untrusted,  // forwarded by somebody who is none of our proxies: the peer stays that one
  malformed,  // forwarded by our proxy, which cannot be understood: the peer stays the proxy
};

// Settles who asks: fills peer.trusted, and behind a proxy of ours also address, port, tls and via, and the
// Host header. A request is trusted by the network of its caller only if nobody else passed it on, or if
// our proxy says who asked. What was passed on does not come from this machine, whatever address it shows;
// behind a proxy of ours, TLS is what the proxy says of it, and the proxy's certificate is not the caller's.
Forwarding settle(const Trust& trust, Headers& headers, Peer& peer);

}  // namespace allauth::http
