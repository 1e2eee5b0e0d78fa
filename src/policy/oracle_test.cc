// The oracle against answers worked out by hand, so that what everything else is compared with is right.
#include <gtest/gtest.h>

#include "policy/test_text.h"
#include "policy/testing/world.h"

namespace allauth::policy {
namespace {

constexpr std::string_view kSchema =
    "use self\n"
    "definition user {}\n"
    "definition robot {}\n"
    "definition role {\n relation member: user\n}\n"
    "definition doc {\n"
    " relation parent: doc | doc#viewer\n"
    " relation viewer: user | robot | doc#view | doc#reach | doc#twice\n"
    " relation public: user:*\n"
    " relation banned: user | doc#swing\n"
    " relation read: role#member from grants\n"
    " permission view = viewer - banned\n"
    " permission reach = viewer + parent->reach\n"
    " permission every = parent.all(viewer)\n"
    " permission own = self + public\n"
    " permission swing = viewer - banned\n"
    " permission twice = viewer - (viewer - twice)\n"
    " permission rest = viewer - twice\n"
    " permission nothing = nil - viewer\n"
    " permission can_read = read + viewer\n"
    " permission below = parent->can_read + read\n"
    " permission unread = viewer - can_read\n"
    " permission blocked = banned + can_read\n"
    " permission open = viewer - blocked\n"
    " permission shut = viewer - (banned + can_read)\n"
    "}\n";

struct Case {
  std::vector<std::string_view> facts;
  std::vector<std::string_view> yes;
  std::vector<std::string_view> no;
  std::vector<std::string_view> undefined = {};
};

void expect(World& world, const std::vector<std::string_view>& questions, Oracle::Truth truth) {
  for (const std::string_view text : questions) {
    const Edge asked = parse_edge(text).value();
    EXPECT_EQ(world.oracle().ask(asked.subject, asked.relation, asked.resource), truth) << text;
  }
}

TEST(Oracles, SayWhatWasWorkedOutByHand) {
  for (const Case& c : std::vector<Case>{
           {{"doc:a#viewer@user:ann"},
            {"doc:a#viewer@user:ann", "doc:a#view@user:ann"},
            {"doc:a#viewer@user:bob"}},
           // by name: view is not viewer
           {{},
            {"doc:a#view@doc:a#view", "doc:z#nothing@doc:z#nothing"},
            {"doc:a#viewer@doc:a#view", "doc:a#view@doc:b#view"}},
           {{"doc:a#viewer@doc:b#view"},
            {"doc:a#viewer@doc:b#view"},
            {"doc:a#viewer@doc:b", "doc:a#viewer@doc:b#reach"}},
           {{}, {"doc:a#own@doc:a"}, {"doc:a#own@doc:b", "doc:a#own@doc:a#view"}},
           {{"doc:a#public@user:*"},
            {"doc:a#own@user:zoe"},
            {"doc:a#own@robot:r2", "doc:a#own@role:one#member"}},
           {{"doc:a#parent@doc:b", "doc:b#parent@doc:a", "doc:b#viewer@user:ann"},
            {"doc:a#reach@user:ann", "doc:b#reach@user:ann"},
            {"doc:a#reach@user:bob", "doc:a#view@user:ann"}},
           // what stands behind the # of an edge does not matter to an arrow
           {{"doc:a#parent@doc:b#viewer", "doc:b#viewer@user:ann"},
            {"doc:a#reach@user:ann", "doc:a#every@user:ann"},
            {}},
           {{"doc:a#parent@doc:b", "doc:a#parent@doc:c", "doc:b#viewer@user:ann"},
            {},
            {"doc:a#every@user:ann", "doc:z#every@user:ann"}},
           {{"doc:a#viewer@user:ann", "doc:a#banned@user:ann"},
            {"doc:a#viewer@user:ann"},
            {"doc:a#view@user:ann", "doc:a#nothing@user:ann"}},
           // banned if not banned
           {{"doc:a#viewer@user:ann", "doc:a#banned@doc:a#swing"},
            {},
            {"doc:a#swing@user:bob"},
            {"doc:a#swing@user:ann", "doc:a#view@user:ann"}},
           // allowed if allowed, by two exclusions; and what is left of it
           {{"doc:a#viewer@user:ann"},
            {},
            {"doc:a#twice@user:bob"},
            {"doc:a#twice@user:ann", "doc:a#rest@user:ann"}},
       }) {
    const auto world = World::make(kSchema).value();
    for (const std::string_view fact : c.facts) ASSERT_TRUE(world->relate(parse_edge(fact).value())) << fact;
    expect(*world, c.yes, Oracle::Truth::yes);
    expect(*world, c.no, Oracle::Truth::no);
    expect(*world, c.undefined, Oracle::Truth::undefined);
  }
}

TEST(Oracles, LetADenialHoldForWhatRefersToIt) {
  const auto world = World::make(kSchema).value();
  for (const std::string_view fact :
       {"role:in#member@user:ann", "role:out#member@user:ann", "role:in#member@user:bob",
        "doc:a#viewer@user:ann", "doc:low#parent@doc:a", "doc:low#viewer@user:ann",
        "doc:link#viewer@doc:a#reach"})
    ASSERT_TRUE(world->relate(parse_edge(fact).value())) << fact;
  Oracle& oracle = world->oracle();
  oracle.grant({"doc", "a"}, "in", Effect::allow, {"read"});
  oracle.grant({"doc", "low"}, "in", Effect::allow, {"read"});
  expect(*world, {"doc:a#read@user:ann", "doc:a#can_read@user:ann", "doc:low#below@user:ann"},
         Oracle::Truth::yes);
  oracle.grant({"doc", "a"}, "out", Effect::deny, {"read"});
  // over every allow on its object, and below it for what asks there
  expect(*world, {"doc:a#read@user:ann", "doc:a#can_read@user:ann", "doc:low#below@user:ann"},
         Oracle::Truth::no);
  // relations, what is not about it, and others stay
  expect(
      *world,
      {"doc:a#viewer@user:ann", "doc:a#view@user:ann", "doc:link#viewer@user:ann",
       "doc:low#can_read@user:ann", "doc:a#read@user:bob", "doc:low#below@user:bob", "doc:a#unread@user:ann"},
      Oracle::Truth::yes);
  // taken away by one name, or by each of two
  ASSERT_TRUE(world->relate(parse_edge("doc:a#banned@user:ann").value()));
  expect(*world, {"doc:a#open@user:ann"}, Oracle::Truth::yes);
  expect(*world, {"doc:a#shut@user:ann", "doc:a#blocked@user:ann"}, Oracle::Truth::no);
  oracle.grant({"doc", "a"}, "out", Effect::deny, {});
  expect(*world, {"doc:a#can_read@user:ann"}, Oracle::Truth::yes);
}

}  // namespace
}  // namespace allauth::policy
