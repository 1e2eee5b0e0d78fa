#include "server/run/freshness.h"

namespace allauth::server {

wire::AtLeast freshness(Ground& ground, wire::native::Submit resume) {
  return [&ground, resume = std::move(resume)](std::uint64_t revision,
                                               std::move_only_function<void(Result<void>)> then) {
    const Revision wanted{revision};
    if (ground.hub.view()->revision() >= wanted) return then({});
    auto held = std::make_shared<decltype(then)>(std::move(then));
    ground.hub.when(wanted, ground.config.store.freshness_wait, [resume, held](Result<void> there) {
      if (!there) return (*held)(std::move(there));
      if (!resume({}, [held] { (*held)({}); })) (*held)(wire::native::overloaded());
    });
  };
}

}  // namespace allauth::server
