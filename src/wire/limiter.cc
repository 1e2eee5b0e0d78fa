#include "wire/limiter.h"

#include <string>

#include <fmt/format.h>

#include "allauth/v1/options.pb.h"
#include "base/network.h"

namespace allauth::wire {
namespace {

constexpr std::array<std::string_view, 3> kScopeNames{"source", "principal", "domain"};
constexpr std::array<std::string_view, kWorkKinds> kWorkKindNames{"question", "read", "write", "login"};

}  // namespace

WorkKind work_of(const google::protobuf::MethodDescriptor& method) {
  if (method.options().GetExtension(v1::login)) return WorkKind::login;
  switch (method.options().GetExtension(v1::kind)) {
    case v1::KIND_SNAPSHOT:
      return WorkKind::question;
    case v1::KIND_READ:
      return WorkKind::read;
    default:
      return WorkKind::write;
  }
}

Limiter::Limiter(Clock& clock, Metrics& metrics, std::uint64_t seed, Limits limits)
    : clock_(clock), exempt_loopback_(limits.exempt_loopback), table_(seed) {
  const std::array<const Limits::PerKind*, kScopes> rates{&limits.source, &limits.principal, &limits.domain};
  for (std::size_t scope = 0; scope < kScopes; ++scope)
    for (std::size_t work = 0; work < kWorkKinds; ++work)
      kinds_[scope][work] = {
          .rate = (*rates[scope])[work],
          .number = scope * kWorkKinds + work,
          .refused = &metrics.counter(
              "allauth_limited_total", "Calls refused because too many came.",
              fmt::format(R"(scope="{}",work="{}")", kScopeNames[scope], kWorkKindNames[work]))};
}

Result<void> Limiter::take(const Kind& kind, std::uint64_t key, Error refusal) {
  const auto wait = table_.take(key, kind.rate, clock_.tick());
  if (!wait) return {};
  kind.refused->add();
  refusal.retry_after = std::chrono::ceil<Seconds>(*wait);
  return fail(std::move(refusal));
}

Result<void> Limiter::source(const http::Peer& peer, WorkKind work) {
  const Kind& limit = kind(Scope::source, work);
  if (limit.rate.count == 0 || (peer.loopback && exempt_loopback_)) return {};
  const auto number = customer_of(peer.address);
  const auto key = number ? table_.key(limit.number, *number) : table_.key(limit.number, peer.address);
  return take(limit, key,
              {.code = Code::exhausted,
               .reason = "limit.source",
               .message = "Too many requests of this kind come from your address; try again later."});
}

Result<void> Limiter::principal(std::string_view name, WorkKind work) {
  const Kind& limit = kind(Scope::principal, work);
  if (limit.rate.count == 0) return {};
  return take(limit, table_.key(limit.number, name),
              {.code = Code::exhausted,
               .reason = "limit.principal",
               .message = "You have sent too many requests of this kind; try again later."});
}

Result<void> Limiter::domain(std::string_view id, WorkKind work) {
  const Kind& limit = kind(Scope::domain, work);
  if (limit.rate.count == 0) return {};
  return take(limit, table_.key(limit.number, id),
              {.code = Code::exhausted,
               .reason = "limit.domain",
               .message = "Too many requests of this kind are made in this domain; try again later."});
}

}  // namespace allauth::wire
