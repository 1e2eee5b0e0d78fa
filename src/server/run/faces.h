// The faces by name, as listeners mount them. To add one is a line in faces.cc.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "codec/http.h"
#include "server/config/config.h"
#include "server/run/ground.h"
#include "server/run/node.h"

namespace allauth::server {

struct HttpFace {
  std::string name;  // "native"
  // Makes one for each mount. What it is given outlives it.
  std::function<Result<http::Face>(Ground&, Node&)> make;
};

// All there are. (face_list.cc; a test build of the program has its own.)
std::span<const HttpFace> http_faces();
// Those of this program.
std::span<const HttpFace> released_http_faces();

// Whether every face that is mounted exists. Error: config.value, which names those that do.
Result<void> check_faces(const Config& config);

// What a listener serves: its mounts, and whom it believes. `name` is the listener's, for metrics; `ground`
// and `node` must outlive it. Errors: those of the faces.
Result<http::Face> listener_face(const ListenerConfig& listener, const std::string& name, Ground& ground,
                                 Node& node);

}  // namespace allauth::server
