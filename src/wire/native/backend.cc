#include "wire/native/backend.h"

#include <fmt/format.h>

#include "app/identity/authenticate.h"
#include "base/text.h"
#include "wire/native/services.h"

namespace allauth::wire::native {

namespace {

// Once for each call, however often a handler asks who it is from.
Result<void> count(const Call& call, const app::Authenticated& who) {
  if (!call.notes.principal.empty()) return {};
  call.notes.principal = fmt::format("{}:{}", app::to_string(who.principal.kind), who.principal.id);
  if (call.limiter == nullptr) return {};
  TRY(call.limiter->principal(call.notes.principal, call.work));
  if (who.tenant.empty()) return {};
  return call.limiter->domain(who.tenant.str(), call.work);
}

}  // namespace

Result<app::Caller> authenticate_call(const app::Core& core, const Call& call) {
  const auto caller = [&](Result<app::AuthenticateOutcome> outcome) -> Result<app::Caller> {
    TRY(auto who, app::require_authenticated(std::move(outcome)));
    TRY(count(call, who));
    return app::Caller{std::move(who), call.request_id};
  };
  if (call.bearer) return caller(app::authenticate_token(core, {call.bearer->copy()}));
  if (call.basic) return caller(app::authenticate_key(core, {call.basic->name, call.basic->password.copy()}));
  return fail(Code::unauthenticated, "credential.missing",
              "This takes a bearer token, or a client's id and key.");
}

Result<std::optional<Revision>> expected_revision(const Call& call) {
  if (!call.if_match) return std::nullopt;
  const auto number = parse_u64(*call.if_match);
  if (!number)
    return fail(Code::invalid, "if_match.invalid", "If-Match names a revision as an ETag gave it.",
                "If-Match");
  return Revision{*number};
}

bool is_wanted(const app::Core& core, const Call& call) {
  return call.deadline == Tick{} || core.clock.tick() < call.deadline;
}

std::unexpected<Error> overloaded() {
  return fail({.code = Code::exhausted,
               .reason = "server.busy",
               .message = "The server has too much to do; try again in a moment.",
               .retry_after = Seconds(1)});
}

void add_all(MethodTable& table, const Backend& backend) {
  add_setup(table, backend);
  add_sessions(table, backend);
  add_users(table, backend);
  add_domains(table, backend);
  add_quotas(table, backend);
  add_members(table, backend);
  add_groups(table, backend);
  add_roles(table, backend);
  add_role_members(table, backend);
  add_clients(table, backend);
  add_channels(table, backend);
  add_nodes(table, backend);
  add_questions(table, backend.core, backend.hashers, backend.is_node);
}

}  // namespace allauth::wire::native
