// Closed objects: who may act on them, and what finding out costs.
#include <gtest/gtest.h>

#include "policy/check.h"
#include "policy/core_schema.h"
#include "policy/lookup_resources.h"
#include "policy/lookup_subjects.h"
#include "policy/test_text.h"

namespace allauth::policy {
namespace {

using Ids = std::vector<std::string>;

class Closed : public testing::Test {
 protected:
  void relate(std::initializer_list<const char*> edges) {
    for (const char* edge : edges) ASSERT_TRUE(editor.add(parse_edge(edge).value())) << edge;
  }
  void SetUp() override {
    const std::vector<std::string_view> actions{"client_read", "enable"}, read{"client_read"};
    relate({"client:c1#domain@domain:d1", "client:c2#domain@domain:d2", "role:owners#member@user:olga",
            "role:members#member@user:max"});
    for (const char* domain : {"d1", "d2"}) {
      ASSERT_TRUE(editor.set_grants({"domain", domain}, "owners", Effect::allow, actions));
      ASSERT_TRUE(editor.set_grants({"domain", domain}, "members", Effect::allow, read));
    }
  }
  Decision may(std::string_view user, std::string_view client) {
    return engine
        .check(editor.freeze(), 3,
               {.subject = {{"user", user}}, .permission = "can_read", .object = {"client", client}})
        .value();
  }
  Ids readable_by(std::string_view user) {
    return lookup_resources(editor.freeze(), 1,
                            {.subject = {{"user", user}}, .permission = "can_read", .kind = "client"})
        ->ids;
  }
  Ids readers_of(std::string_view client) {
    return lookup_subjects(editor.freeze(), 1,
                           {.object = {"client", client}, .permission = "can_read", .kind = "user"})
        ->named.ids;
  }

  Engine engine;
  Graph::Editor editor{Graph(core_schema())};
};

TEST_F(Closed, AreCountedSoThatOpenOnesCostNothing) {
  EXPECT_FALSE(editor.freeze().has_closed());
  relate({"domain:d1#closed@domain:d1", "domain:d1#disabled@domain:d1", "domain:d2#closed@domain:d2"});
  EXPECT_TRUE(editor.freeze().has_closed());
  ASSERT_TRUE(editor.remove(parse_edge("domain:d1#closed@domain:d1").value()));
  EXPECT_TRUE(editor.freeze().has_closed());
  ASSERT_TRUE(editor.remove(parse_edge("domain:d2#closed@domain:d2").value()));
  EXPECT_FALSE(editor.freeze().has_closed());
}

TEST_F(Closed, HaveARuleOfTheirOwnWithWhatIsClosedAsEvidence) {
  relate({"domain:d1#closed@domain:d1", "domain:d1#disabled@domain:d1"});
  const Decision denied = may("max", "c1");
  EXPECT_FALSE(denied.allowed());
  EXPECT_EQ(denied.rule(), kClosedRule);
  EXPECT_EQ(core_schema()->rule_name(denied.rule()), "closed");
  ASSERT_EQ(denied.evidence().size(), 1u);
  EXPECT_EQ(editor.freeze().name(denied.evidence()[0]), (ObjectRef{"domain", "d1"}));
  EXPECT_EQ(denied.revision(), 3u);
  EXPECT_TRUE(may("max", "c2").allowed());
  EXPECT_TRUE(may("olga", "c1").allowed());
  EXPECT_NE(may("nobody", "c1").rule(), kClosedRule) << "who may not anyway is told nothing of it";
}

TEST_F(Closed, LeaveOutInLookUpsWhomTheyLeaveOutInChecks) {
  EXPECT_EQ(readable_by("max"), (Ids{"c1", "c2"}));
  EXPECT_EQ(readers_of("c1"), (Ids{"max", "olga"}));
  relate({"domain:d1#closed@domain:d1", "domain:d1#disabled@domain:d1"});
  EXPECT_EQ(readable_by("max"), Ids{"c2"});
  EXPECT_EQ(readable_by("olga"), (Ids{"c1", "c2"}));
  EXPECT_EQ(readers_of("c1"), Ids{"olga"});
  EXPECT_EQ(readers_of("c2"), (Ids{"max", "olga"}));
}

TEST_F(Closed, AreLookedForWithinTheLimitOfWork) {
  const auto schema = compile_schema(
      "definition user {}\n"
      "definition room {\n relation closed: user\n relation within: room\n relation viewer: user\n"
      " permission can_enter = within->can_enter\n permission view = viewer\n}\n");
  Graph::Editor rooms{Graph(*schema)};
  const auto relate_rooms = [&](const std::string& text) {
    ASSERT_TRUE(rooms.add(parse_edge(text).value())) << text;
  };
  relate_rooms("room:far#closed@user:u");
  relate_rooms("room:0#viewer@user:u");
  for (int i = 0; i < 2000; ++i) {
    relate_rooms(fmt::format("room:{}#within@room:{}", i, i + 1));
    relate_rooms(fmt::format("room:{}#within@room:{}", i + 1, i));
  }
  const auto view = [&](std::uint32_t work) {
    const Limits limits{.max_work = work};
    return Engine().check(
        rooms.freeze(), 1,
        {.subject = {{"user", "u"}}, .permission = "view", .object = {"room", "0"}, .limits = &limits});
  };
  EXPECT_EQ(view(1000).error().reason, Reason("policy.work.exceeded"));
  EXPECT_TRUE(view(100'000)->allowed()) << "a circle without anything closed";
  relate_rooms("room:2000#within@room:far");
  EXPECT_EQ(view(100'000)->rule(), kClosedRule);
}

}  // namespace
}  // namespace allauth::policy
