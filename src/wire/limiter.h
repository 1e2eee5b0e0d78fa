// How often whom may ask for what. Asked twice for each call, whatever transport carried it: before it is
// read, for the address that it comes from, and once it is known who calls, for the caller and its domain.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <google/protobuf/descriptor.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/rate_table.h"
#include "codec/http.h"

namespace allauth::wire {

// What a call costs, as far as limits go.
enum class WorkKind : std::uint8_t {
  question,  // answered from memory
  read,      // of the database
  write,
  login,  // a password, token or key that is tried
};
inline constexpr std::size_t kWorkKinds = 4;

// From the kind of the method, and whether it is a login.
WorkKind work_of(const google::protobuf::MethodDescriptor& method);

struct Limits {
  using PerKind = std::array<Rate, kWorkKinds>;  // by WorkKind
  PerKind source;                                // of each IPv4 address or IPv6 /64, by anybody
  PerKind principal;                             // of each user and client
  PerKind domain;                                // of all who change a domain, and of the clients in it
  bool exempt_loopback = false;                  // from the limits of a source
};

// Thread-safe; of fixed size. `clock` and `metrics` outlive it.
// Errors: exhausted limit.source, limit.principal, limit.domain, with the time after which to try again.
class Limiter {
 public:
  Limiter(Clock& clock, Metrics& metrics, std::uint64_t seed, Limits limits);

  Result<void> source(const http::Peer& peer, WorkKind work);
  // `name` is unique among all principals: "user:0190…".
  Result<void> principal(std::string_view name, WorkKind work);
  Result<void> domain(std::string_view id, WorkKind work);

 private:
  enum class Scope : std::uint8_t { source, principal, domain };
  struct Kind {
    Rate rate;
    std::uint64_t number = 0;  // scope and work, for the key
    Counter* refused = nullptr;
  };
  static constexpr std::size_t kScopes = 3;

  Kind& kind(Scope scope, WorkKind work) {
    return kinds_[static_cast<std::size_t>(scope)][static_cast<std::size_t>(work)];
  }
  Result<void> take(const Kind& kind, std::uint64_t key, Error refusal);

  Clock& clock_;
  const bool exempt_loopback_;
  std::array<std::array<Kind, kWorkKinds>, kScopes> kinds_;
  RateTable table_;
};

}  // namespace allauth::wire
