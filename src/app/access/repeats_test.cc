#include "app/access/repeats.h"

#include <gtest/gtest.h>

#include "app/test_world.h"

namespace allauth::app {
namespace {

class RepeatsTest : public ::testing::Test {
 protected:
  Repeats::Once once(std::string_view key, std::string request, const Caller& who) const {
    return repeats.once(who, key, Secret(std::move(request)));
  }
  Result<void> keep(const Repeats::Once& of, std::string answer) {
    Result<store::Write<store::Done>> write(store::Write<store::Done>{
        .recheck = {}, .run = [this, of, answer](store::Tx& tx) -> Result<store::Done> {
          TRY(repeats.require_first(tx, of));
          TRY(repeats.keep(tx, of, Secret(answer)));
          tx.act({.slug = "test.done"});
          return store::Done{};
        }});
    TRY(world.try_run(std::move(write)));
    return {};
  }
  Result<std::optional<Repeats::First>> find(const Repeats::Once& of) {
    return world.store->read([&](store::Read& read) { return repeats.find(read, of); });
  }
  std::string answer(const Repeats::Once& of) {
    auto first = must(find(of));
    return first ? std::move(first->answer).reveal() : "none";
  }

  TestWorld world;
  Repeats repeats = must(Repeats::make(Secret("a key of the installation"), world.entropy));
};

TEST_F(RepeatsTest, GetTheFirstAnswerAndItsRevision) {
  const auto first = once("k1", "request", world.admin);
  EXPECT_EQ(answer(first), "none");
  must(keep(first, "answer with a secret"));
  EXPECT_EQ(answer(once("k1", "request", world.admin)), "answer with a secret");
  EXPECT_EQ(must(find(first))->revision, must(world.store->revision()));
}

TEST_F(RepeatsTest, BelongToOnePrincipal) {
  must(keep(once("k1", "request", world.admin), "answer"));
  EXPECT_EQ(answer(once("k1", "request", world.caller(world.make_user("ada").id))), "none");
}

TEST_F(RepeatsTest, AreRefusedForAnotherRequest) {
  must(keep(once("k1", "request", world.admin), "answer"));
  const auto other = once("k1", "another request", world.admin);
  EXPECT_EQ(find(other).error().reason, Reason("idempotency.reused"));
  EXPECT_EQ(keep(other, "x").error().reason, Reason("idempotency.reused"));
}

TEST_F(RepeatsTest, ChangeNothingWhenTwoComeAtOnce) {
  const auto same = once("k1", "request", world.admin);
  must(keep(same, "answer"));
  const auto before = must(world.store->revision());
  const auto second = keep(same, "another answer");
  EXPECT_EQ(second.error().reason, Reason("idempotency.under_way"));
  EXPECT_EQ(second.error().retry_after, Seconds(1));
  EXPECT_EQ(must(world.store->revision()), before);
  EXPECT_EQ(answer(same), "answer");
}

TEST_F(RepeatsTest, OpenUnderTheKeyOfTheInstallationOnly) {
  const auto same = once("k1", "request", world.admin);
  must(keep(same, "answer"));
  const auto others = must(Repeats::make(Secret("another key"), world.entropy));
  EXPECT_FALSE(world.store->read([&](store::Read& read) {
    return others.find(read, others.once(world.admin, "k1", Secret(std::string("request"))));
  }));
}

}  // namespace
}  // namespace allauth::app
