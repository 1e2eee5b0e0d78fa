// Steps that most handlers share: the caller and a permit for one object.
#pragma once

#include "app/access/gate.h"
#include "app/directory/erase.h"
#include "app/directory/place.h"
#include "wire/native/backend.h"
#include "wire/native/convert.h"
#include "wire/native/list_request.h"

namespace allauth::wire::native {

template <class Act>
Result<app::Permit<Act>> permit(const Backend& backend, const app::Caller& caller, std::string_view id,
                                std::string_view field) {
  TRY(auto object, Act::Object::parse(id, field));
  return app::Gate(backend.core).require<Act>(caller, std::move(object));
}

// Authenticates the call first.
template <class Act>
Result<app::Permit<Act>> permit(const Backend& backend, const Call& call, std::string_view id,
                                std::string_view field) {
  TRY(const auto caller, authenticate_call(backend, call));
  return permit<Act>(backend, caller, id, field);
}

// "me" is the caller, who must be a user: a client may have the id of one.
template <class Act>
Result<app::Permit<Act>> user_permit(const Backend& backend, const app::Caller& caller,
                                     const std::string& id) {
  if (id != "me") return permit<Act>(backend, caller, id, "user_id");
  if (caller.who.principal.kind != app::PrincipalKind::user)
    return fail(Code::not_found, "object.missing", "Only users are \"me\".", "user_id");
  return permit<Act>(backend, caller, caller.who.principal.id, "user_id");
}

// For acts on a place in a domain: the group, or without one the domain.
template <class Act>
Result<app::Permit<Act>> place_permit(const Backend& backend, const app::Caller& caller,
                                      std::string_view domain, std::string_view group,
                                      std::string_view group_field) {
  TRY(auto domain_id, DomainId::parse(domain, "domain_id"));
  TRY(auto group_id, decode_group(group, group_field));
  return app::Gate(backend.core)
      .require<Act>(caller, app::Container(std::move(domain_id), std::move(group_id)));
}

// For moves: the caller may put such things where this one is to go. The request must say where, since
// leaving it out would mean the top.
template <class Act, class Id>
Result<app::Permit<Act>> destination_permit(const Backend& backend, const Call& call,
                                            const app::Caller& caller, std::string_view kind, const Id& id,
                                            std::string_view group, std::string_view group_field) {
  if (!is_present(call, group_field))
    return fail(Code::invalid, "move.where", "Say where it goes; an empty id stands for no group.",
                std::string(group_field));
  TRY(auto group_id, decode_group(group, group_field));
  return app::Gate(backend.core)
      .require<Act>(caller, app::destination(backend.core, kind, id, std::move(group_id)));
}

inline app::Deletion decode_force(bool force) {
  return force ? app::Deletion::forced : app::Deletion::if_empty;
}

template <class Act>
Result<app::Permit<Act>> platform_permit(const Backend& backend, const app::Caller& caller) {
  return app::Gate(backend.core).require<Act>(caller, app::Platform{});
}

// For use-cases whose answer is one entity.
template <class Response>
auto encode_entity() {
  return [](auto&& entity) -> Result<Response> { return encode(entity); };
}
inline auto encode_nothing() {
  return [](store::Done&&) -> Result<google::protobuf::Empty> { return google::protobuf::Empty(); };
}

}  // namespace allauth::wire::native
