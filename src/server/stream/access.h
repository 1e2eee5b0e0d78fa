// Who may follow the log: nodes that show a certificate of a trusted name, or the token of an enrolled one.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/core.h"
#include "app/identity/digests.h"
#include "codec/http.h"

namespace allauth::server {

struct AdmittedNode {
  std::string name;               // for logs
  std::function<bool()> allowed;  // whether it still may, from the newest state
};

// Thread-safe. Core and digests are borrowed.
class NodeAccess {
 public:
  // `trusted_clients`: subject names (CN, or DNS or URI among the alternative names) of certificates that
  // the listener has verified against its client authorities.
  NodeAccess(const app::Core& core, const app::TokenDigests& digests,
             std::vector<std::string> trusted_clients)
      : core_(core), digests_(digests), trusted_(std::move(trusted_clients)) {}

  // Errors: denied stream.plaintext, over clear text from elsewhere; unauthenticated stream.credential;
  // those of Snapshot::check_usable(), so that whoever asks goes on to a node that knows more.
  Result<AdmittedNode> admit(const http::Peer& peer, const Secret* bearer) const;

 private:
  const app::Core& core_;
  const app::TokenDigests& digests_;
  const std::vector<std::string> trusted_;
};

}  // namespace allauth::server
