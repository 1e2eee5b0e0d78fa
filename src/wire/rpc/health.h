// The health of what a gRPC listener serves: grpc.health.v1, for each service and for the whole (""). Anybody
// may ask; how often, the limits of a source say, as for questions of the API.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "wire/face_deps.h"
#include "wire/rpc/mount.h"

namespace allauth::wire {

// Thread-safe.
class RpcHealth {
 public:
  // `serving`: whether calls can be answered now; thread-safe. `services` are full names, without its own.
  RpcHealth(std::vector<std::string> services, std::function<bool()> serving, FaceDeps deps);

  // Lives as long as the mount, too. Its drain tells every watcher NOT_SERVING and then ends the watch.
  RpcMount mount() const;

  // Tells those who watch if what `serving` answers has changed. To be called now and then.
  void look();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace allauth::wire
