#include <algorithm>
#include <limits>

#include "allauth/v1/info.pb.h"
#include "wire/native/convert.h"
#include "wire/native/services.h"

namespace allauth::wire::native {
namespace {

v1::Info make_info(const Backend& backend) {
  v1::Info info;
  info.set_name("allauth");
  info.set_version(backend.version);
  info.add_api_versions("v1");
  *info.mutable_server_time() = encode_time(backend.core.clock.now());
  return info;
}

v1::Health make_health(const Backend& backend, bool with_state) {
  const auto& hub = backend.core.snapshots;
  const auto usable = backend.core.now().check_usable();
  v1::Health health;
  health.set_ready(usable.has_value());
  if (!usable) health.set_reason(std::string(usable.error().reason.slug()));
  if (!with_state) return health;
  const auto age = backend.store.shared() ? hub.silence() : Millis(0);
  health.set_revision(encode_revision(hub.view()->revision()));
  health.set_state_age_ms(static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(age.count(), 0, std::numeric_limits<std::uint32_t>::max())));
  return health;
}

}  // namespace

void add_info(MethodTable& table, const Backend& backend) {
  add_snapshot<v1::GetInfoRequest, v1::Info>(
      table, "allauth.v1.InfoService.GetInfo",
      [&backend](const Call&, const v1::GetInfoRequest&) -> Result<v1::Info> { return make_info(backend); });

  add_snapshot<v1::GetHealthRequest, v1::Health>(
      table, "allauth.v1.InfoService.GetHealth",
      [&backend](const Call& call, const v1::GetHealthRequest&) -> Result<v1::Health> {
        return make_health(backend, authenticate_call(backend, call).has_value());
      });
}

}  // namespace allauth::wire::native
