// Password logins on a node that has no password records: an API node is asked.
#pragma once

#include <atomic>
#include <vector>

#include "app/caller.h"
#include "app/credential.h"
#include "server/outbound/http_client.h"

namespace allauth::server {

// Thread-safe.
class RemotePasswords {
 public:
  // `targets` as those of the follower; `longest` for one question, all targets together.
  RemotePasswords(std::vector<ApiTarget> targets, Millis longest, Clock& clock)
      : targets_(std::move(targets)), longest_(longest), clock_(clock) {}

  // Blocks. The next target is asked only where one could not answer.
  // Errors: unavailable login.unavailable: nobody could say; exhausted login.throttled.
  Result<app::AuthenticateOutcome> ask(const app::PasswordLogin& login) const;

 private:
  const std::vector<ApiTarget> targets_;
  const Millis longest_;
  Clock& clock_;
  mutable std::atomic<std::size_t> turn_{0};  // the target that answered last
};

}  // namespace allauth::server
