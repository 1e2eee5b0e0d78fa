// Any bytes as the message of a call: no crash, each call ends once, and what a handler is given is what
// REST could have given it. The first byte chooses the method.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "wire/rest/json_read.h"
#include "wire/rest/json_write.h"
#include "wire/rpc/face.h"
#include "wire/rpc/router.h"
#include "wire/rpc/testing/fake_call.h"

namespace {

using namespace allauth;
using namespace allauth::wire;

class Ids final : public IdSource {
 public:
  std::string next() override { return "id"; }
};

// Written as JSON and read back it is the same message.
void check_round(const Message& message) {
  std::string once;
  append_json(once, message);
  const std::unique_ptr<Message> again(message.New());
  const JsonLimits wide{.depth = 64, .metadata_depth = 64, .metadata_bytes = 1 << 20};
  if (!read_json(once, *again, wide)) std::abort();
}

struct World {
  SystemClock clock;
  Ids ids;
  Log log{clock, LogLevel::error, LogFormat::json, -1};
  Metrics metrics;
  MethodTable methods;
  RpcRoutes routes;
  std::vector<std::string> names;

  World() {
    const auto services = native_services();
    for (const auto* service : services)
      for (int i = 0; i < service->method_count(); ++i) add(*service->method(i));
    auto face = RpcFace::make(services, methods, {clock, ids, log, metrics});
    if (!face) std::abort();
    routes = make_rpc_routes({std::move(*face).mount()}, {clock, ids, log, metrics});
  }
  void add(const google::protobuf::MethodDescriptor& descriptor) {
    names.push_back(method_path(descriptor));
    Method method{.kind = descriptor.options().GetExtension(v1::kind),
                  .request = descriptor.input_type(),
                  .response = descriptor.output_type()};
    const auto answer = [](const Call&, const Message& message, auto done) {
      check_round(message);
      done(fail(Code::unsupported, "fuzz.done", "Done."));
    };
    if (descriptor.server_streaming())
      method.open = answer;
    else
      method.run = answer;
    methods.add(descriptor.full_name(), std::move(method));
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World& world = *new World;
  if (size == 0) return 0;
  const auto call = std::make_shared<FakeCall>(rpc::Head{.method = world.names[data[0] % world.names.size()],
                                                         .metadata = {{"authorization", "Bearer t"}},
                                                         .deadline = Tick::max()});
  world.routes.face(call);
  call->send(std::string(reinterpret_cast<const char*>(data + 1), size - 1));
  call->half_close();
  if (!call->status) std::abort();
  return 0;
}
