// Several faces on one listener: who answers which path, and whom the listener believes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "codec/forwarded.h"
#include "codec/http.h"

namespace allauth::server {

struct Mount {
  std::string at;  // as server/config/mounts.h has it
  http::Face face;
};

// A face made of others. A request goes to the one at the longest prefix of its raw path, whole segments
// compared ("/a" is a prefix of "/a" and "/a/b", not of "/ab"), which gets the path without the prefix and
// the prefix in Request::mount. Escapes are not decoded for that, so that "/a%2Fb" and "/%61" lie at the
// root; empty segments stay as they are. A path with a segment "." or "..", escaped or not, is refused
// (400, path.dot_segments): whoever resolves it would look elsewhere than we do. Where nothing is mounted,
// 404 (http.no_such_path). `ids` is borrowed.
http::Face mount_all(std::vector<Mount> mounts, IdSource& ids);

// Settles who asks (http::settle) before `face` sees the request. Counts what forwarding headers were not
// believed: allauth_net_forwarded_ignored_total{listener, cause="untrusted|malformed"}; "untrusted" only
// where there is somebody to trust. `metrics` is borrowed.
http::Face with_trust(http::Trust trust, const std::string& listener, Metrics& metrics, http::Face face);

}  // namespace allauth::server
