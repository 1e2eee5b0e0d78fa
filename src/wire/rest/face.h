// The native API over REST: a face made from the descriptors of proto/allauth/v1 and their options.
// Routes, parameters, bodies and answers all come from there; there is no code per method here.
//
// Status by Code: invalid 400, unauthenticated 401, denied 403, not_found 404, conflict 409, stale
// 412, exhausted 429, unavailable 503, unsupported 501, bug 500. Errors are problem details (RFC
// 9457) of type about:blank with `reason`, `field` and `request_id`; Error.detail goes to the log.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <google/protobuf/descriptor.h>

#include "base/error.h"
#include "codec/http.h"
#include "wire/face_deps.h"
#include "wire/method.h"
#include "wire/rest/json_limits.h"

namespace allauth::wire {

class RestFace {
 public:
  using Deps = FaceDeps;
  struct Options {
    std::size_t max_body = 256 * 1024;  // bytes; a larger body is answered 413
    JsonLimits json;
  };
  // Answers a route that is not part of the API, at once and without blocking. An error is answered as
  // that of a method is.
  using Plain = std::function<Result<http::Response>(const http::Request&)>;

  // `methods` is borrowed, like Deps. Fails ("method.*", "schema.*") if a method has no proper
  // handler, or if the options or messages of the services are not what this face can serve.
  static Result<RestFace> make(std::span<const google::protobuf::ServiceDescriptor* const> services,
                               const MethodTable& methods, Deps deps, Options options);

  RestFace(RestFace&&) noexcept;
  RestFace& operator=(RestFace&&) noexcept;
  ~RestFace();

  // Adds a plain route, such as ("GET", "/.well-known/jwks.json"): an exact path; HEAD and OPTIONS
  // come with it. Only before face(). Its answers get X-Request-Id, and `no-store` unless they say
  // otherwise. Errors: route.template, route.conflict (bugs).
  Result<void> route(std::string_view http_method, std::string_view path, Plain answer);

  // What a listener mounts; it keeps all that it needs of this object alive. Call once. An answer to
  // HEAD has the body that GET would have: the transport leaves it out and says its length.
  http::Face face() &&;

 private:
  struct State;
  explicit RestFace(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace allauth::wire
