#include "server/stream/access.h"

#include <algorithm>

#include "app/identity/nodes.h"
#include "net/certificate.h"

namespace allauth::server {

Result<AdmittedNode> NodeAccess::admit(const http::Peer& peer, const Secret* bearer) const {
  if (!peer.tls && !peer.loopback)
    return fail(Code::denied, "stream.plaintext", "Nodes are served over TLS, or on this machine.");
  TRY(core_.now().check_usable());  // else every token would look revoked
  for (const auto& name : net::certificate_names(peer.certificate_der))
    if (std::ranges::find(trusted_, name) != trusted_.end())
      return AdmittedNode{.name = name, .allowed = [] { return true; }};
  if (bearer != nullptr && !bearer->empty()) {
    const auto digest = digests_.node_token(*bearer);
    if (const auto* name = core_.now().find_node(digest))
      return AdmittedNode{.name = *name, .allowed = [&core = core_, digest] {
                            return core.now().find_node(digest) != nullptr;
                          }};
  }
  return fail(Code::unauthenticated, "stream.credential",
              "This takes the certificate of a trusted client, or the token of an enrolled node.");
}

}  // namespace allauth::server
