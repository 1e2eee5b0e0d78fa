// A node that was cut off from the log for too long decides nothing: every answer is an error, so that
// whoever acts on it denies, and the first contact heals it.
#include <thread>

#include <gtest/gtest.h>

#include "app/access/questions.h"
#include "app/identity/authenticate.h"
#include "app/identity/sessions.h"
#include "app/messaging/messages.h"
#include "app/test_world.h"

namespace allauth::app {
namespace {

class Staleness : public ::testing::Test {
 protected:
  Staleness() {
    world.make_user("ada");
    world.make_connection(client.client.id, channel.id, {.publish = true, .subscribe = true});
    token = world.run(open_session(*world.core, *world.issuer, login(), "r")).access_token.copy();
  }
  PasswordLogin login() const { return {"ada@example.org", Secret("the garden of ada!!")}; }
  Question question() const { return {.permission = "update", .object = {kind::channel, channel.id.str()}}; }

  // What every way to an answer says: nothing if it is answered, else the error.
  using Answers = std::map<std::string, std::optional<Error>>;
  template <class T>
  static std::optional<Error> error_of(const Result<T>& result) {
    return result ? std::nullopt : std::optional(result.error());
  }
  static std::optional<Error> error_of(const Verdict& verdict) {
    if (verdict.outcome != Outcome::error) return std::nullopt;
    return Error{.code = Code::unavailable, .reason = verdict.reason, .message = ""};
  }
  Answers ask_all() {
    const Core& core = *world.core;
    const Authenticated device{.principal = {PrincipalKind::client, client.client.id.str()}};
    const auto message = [&](MessageAction action) {
      return error_of(
          may_message(core, core.now(), {.who = device, .action = action, .topic = "m/plant/c/temps"})
              .verdict);
    };
    const std::string id = client.client.id.str();
    return {
        {"authenticate by key", error_of(authenticate_key(core, {id, client.key.key.copy()}))},
        {"authenticate by token", error_of(authenticate_token(core, {token.copy()}))},
        {"authenticate by password", error_of(authenticate_password(core, login()))},
        {"open a session", error_of(open_session(core, *world.issuer, login(), "r"))},
        {"still valid", error_of(still_valid(core.now(), world.admin.who, world.clock.now()))},
        {"permit", error_of(Gate(core).require<act::UpdateChannel>(world.admin, channel.id))},
        {"check", error_of(check(core, world.admin, question()))},
        {"explain", error_of(explain(core, world.admin, question()))},
        {"publish", message(MessageAction::publish)},
        {"subscribe", message(MessageAction::subscribe)},
    };
  }
  void let_time_pass(Millis time) {
    world.clock.advance(time);
    ASSERT_TRUE(world.turns_stale());
  }

  TestWorld world;
  Domain domain = world.make_domain("plant");
  Channel channel = world.make_channel(domain.id, "temps");
  CreatedClient client = world.make_client(domain.id);
  Secret token;
};

TEST_F(Staleness, TurnsEveryAnswerIntoAnErrorUntilTheNextContact) {
  for (const auto& [what, error] : ask_all()) EXPECT_FALSE(error) << what << ": " << error->message;
  world.hub.watch(Seconds(60));
  let_time_pass(Seconds(61));
  for (const auto& [what, error] : ask_all()) {
    ASSERT_TRUE(error) << what << " is answered";
    EXPECT_EQ(error->reason, Reason("state.stale")) << what;
    EXPECT_EQ(error->code, Code::unavailable) << what;
  }
  EXPECT_FALSE(Gate(*world.core).allows(world.admin, "can_update", {kind::channel, channel.id.str()}));
  world.hub.contact();
  for (const auto& [what, error] : ask_all()) EXPECT_FALSE(error) << what << ": " << error->message;
}

// The writer has seen the whole log when it confirms a permit, so what it asks is never stale.
TEST_F(Staleness, DoesNotKeepAWriteThatReachesTheDatabase) {
  auto permit = world.permit<act::UpdateChannel>(world.admin, channel.id);
  world.hub.watch(Seconds(60));
  let_time_pass(Seconds(61));
  const auto changed =
      world.try_run(set_channel_status(*world.core, std::move(permit), Status::disabled, {}));
  EXPECT_TRUE(changed) << changed.error().message;
  EXPECT_FALSE(world.hub.stale());
}

}  // namespace
}  // namespace allauth::app
