// Answers the gateway's questions from authentication and policy: who connects, what may they send
// and get, and may they stay.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/caller.h"
#include "app/core.h"
#include "app/messaging/messages.h"
#include "mqtt/guard.h"

namespace allauth::server {

// Decides CONNECT packets. A client shows its id as user name and its key as password; a user shows a
// personal token or a user key as password, beside any user name. Either may call itself what it likes in
// MQTT: the broker sees "<id>/<MQTT client id>", so that nobody can take over another's session; only the id
// of a client that it is not is refused. Without an MQTT client id it gets a fresh one, so that connections
// of one client do not end each other. Everybody is refused as unavailable while `core` answers null; what it
// answers must live as long as the connections.
mqtt::Authenticator make_authenticator(std::function<const app::Core*()> core);

// The answers for one connection. `core` must outlive it.
class DirectoryGuard final : public mqtt::Guard {
 public:
  // `properties`: of the CONNECT.
  DirectoryGuard(const app::Core& core, app::Authenticated who, std::vector<mqtt::NamedValue> properties)
      : core_(core), who_(std::move(who)), properties_(std::move(properties)) {}

  mqtt::TopicVerdict publish(std::string_view topic, const mqtt::Asked& asked) override;
  mqtt::TopicVerdict subscribe(std::string_view filter, const mqtt::Asked& asked) override;
  std::string unsubscribe(std::string_view filter) override;
  mqtt::TopicVerdict deliver(std::string_view topic, const mqtt::Asked& asked) override;
  Verdict alive() override;
  std::uint64_t revision() override;

 private:
  mqtt::TopicVerdict ask(app::MessageAction action, std::string_view topic, const mqtt::Asked& asked) const;

  const app::Core& core_;
  const app::Authenticated who_;
  const std::vector<mqtt::NamedValue> properties_;
};

}  // namespace allauth::server
