#include "wire/native/backend.h"

#include <set>

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "app/identity/authenticate.h"
#include "app/overloaded.h"
#include "base/text.h"
#include "wire/native/services.h"

namespace allauth::wire::native {

namespace {

// Once for each call, however often a handler asks who it is from.
Result<void> count(const Call& call, const app::Authenticated& who) {
  if (!call.notes.principal.empty()) return {};
  call.notes.principal.append(app::to_string(who.principal.kind)).append(":").append(who.principal.id);
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
  if (call.bearer) return caller(app::authenticate_bearer(core, *call.bearer));
  if (call.basic)
    return caller(app::authenticate_key(
        core, {call.basic->name, call.basic->password.copy(), {.address = call.peer.address}}));
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
  if (call.gone != nullptr && *call.gone) return false;
  return call.deadline == Tick{} || core.clock.tick() < call.deadline;
}

std::unexpected<Error> overloaded() { return fail(app::overloaded()); }

namespace {

void append_part(std::string& out, std::string_view part) {
  out += fmt::format("{}:", part.size());
  out += part;
}

// The same for the same message, whatever order its free-form values have in memory.
std::string bytes_of(const Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&out);
  }
  return bytes;
}

}  // namespace

app::Repeats::Once once_of(const Backend& backend, const app::Caller& caller, const Call& call,
                           std::string_view method, const Message& request) {
  std::string text;
  append_part(text, method);
  append_part(text, call.if_match.value_or("*"));
  const std::set<std::string_view> present(call.present.begin(), call.present.end());
  for (const auto member : present) append_part(text, member);
  append_part(text, bytes_of(request));
  return backend.repeats.once(caller, *call.idempotency_key, Secret(std::move(text)));
}

Result<std::optional<Revision>> find_first(const Backend& backend, const app::Repeats::Once& once,
                                           Message& answer) {
  TRY(const auto first,
      backend.store.read([&](store::Read& read) { return backend.repeats.find(read, once); }));
  if (!first) return std::nullopt;
  const bool whole = first->answer.with([&](std::string_view bytes) {
    return answer.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  });
  if (!whole) return fail(Code::bug, "idempotency.answer", "A kept answer cannot be read any more.");
  return first->revision;
}

Result<void> keep_answer(const Backend& backend, store::Tx& tx, const app::Repeats::Once& once,
                         const Message& answer) {
  return backend.repeats.keep(tx, once, Secret(bytes_of(answer)));
}

void add_all(MethodTable& table, const Backend& backend) {
  add_setup(table, backend);
  add_sessions(table, backend);
  add_tokens(table, backend);
  add_users(table, backend);
  add_domains(table, backend);
  add_quotas(table, backend);
  add_members(table, backend);
  add_groups(table, backend);
  add_roles(table, backend);
  add_role_members(table, backend);
  add_clients(table, backend);
  add_channels(table, backend);
  add_connections(table, backend);
  add_bulk_connections(table, backend);
  add_nodes(table, backend);
  add_policy(table, backend);
  add_lookups(table, backend);
  add_relationships(table, backend);
  add_info(table, backend);
  add_watch(table, backend);
  add_questions(table, backend.core, backend.hashers, backend.is_node);
}

}  // namespace allauth::wire::native
