// Steps that most handlers share: the caller and a permit for one object.
#pragma once

#include "app/access/gate.h"
#include "wire/native/backend.h"
#include "wire/native/convert.h"

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

template <class Act>
Result<app::Permit<Act>> platform_permit(const Backend& backend, const app::Caller& caller) {
  return app::Gate(backend.core).require<Act>(caller, app::Platform{});
}

// Encodes a page: add_item(message) gives the place for the next item.
template <class Response, class T, class Add>
Response encode_page(const app::Page<T>& page, Add add_item) {
  Response response;
  for (const auto& item : page.items) *add_item(response) = encode(item);
  response.set_next_page_token(page.next_token);
  return response;
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
