#include "app/policy/relationships.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "app/access/questions.h"
#include "app/policy/relationship_rules.h"
#include "app/test_world.h"
#include "store/relationships.h"
#include "store/sql/test_engines.h"
#include "store/testing/contract.h"

namespace allauth::app {
namespace {

using store::testing::Engine;
using Operation = RelationshipUpdate::Operation;

constexpr std::string_view kShop = R"(
definition shop/document {
  relation viewer: user | shop/team#member
  relation reader: user:*
  relation parent: shop/document
  permission view = viewer + reader + parent->view
}
definition shop/team {
  relation member: user
}
)";
constexpr std::string_view kShopWithoutViewers = R"(
definition shop/document {
  relation reader: user:*
}
definition shop/team {
  relation member: user
}
)";

RelationshipUpdate update(Operation operation, std::string_view text) {
  return {operation, *parse_relationship_key(text)};
}
RelationshipUpdate touch(std::string_view text) { return update(Operation::touch, text); }

store::Write<store::Done> schema_write(std::string text) {
  return {.recheck = {}, .run = [text](store::Tx& tx) -> Result<store::Done> {
            TRY(const auto known, store::find<PolicySchema>(tx, PolicySchema::kMain));
            // As whoever changes the schema has to: what would have no type any more stands in the way.
            TRY(const auto left,
                store::find_relationships(tx, {.resource_kind = "shop/document", .relation = "viewer"}, 1));
            if (text.find("viewer:") == std::string::npos && !left.empty())
              return fail(Code::conflict, "test.in_use", "There are viewers.");
            PolicySchema schema{.name = std::string(PolicySchema::kMain), .text = text};
            TRY(known ? store::update(tx, schema) : store::insert(tx, schema));
            tx.act({.slug = "schema.written"});
            return store::Done{};
          }};
}

class Relationships : public ::testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    SKIP_IF_MISSING(GetParam());
    world_ = std::make_unique<TestWorld>(GetParam().location(folder_.path()));
    must(world_->store->write(schema_write(std::string(kShop))));
  }

  Result<RelationshipsWritten> write(std::vector<RelationshipUpdate> updates,
                                     std::vector<Precondition> preconditions = {}) {
    return world_->try_run(prepare(std::move(updates), std::move(preconditions)));
  }
  Result<store::Write<RelationshipsWritten>> prepare(std::vector<RelationshipUpdate> updates,
                                                     std::vector<Precondition> preconditions = {}) {
    return write_relationships(*world_->core,
                               world_->permit<act::WriteRelationships>(world_->admin, Platform{}),
                               {std::move(updates), std::move(preconditions)});
  }
  Result<RelationshipsDeleted> erase(RelationshipDeletion deletion) {
    return world_->try_run(delete_relationships(
        *world_->core, world_->permit<act::WriteRelationships>(world_->admin, Platform{}),
        std::move(deletion)));
  }
  Result<Page<Relationship>> list(const RelationshipFilter& filter, ListRequest request = {}) {
    return world_->store->read([&](store::Read& read) {
      return list_relationships(read, *world_->core,
                                world_->permit<act::ReadPolicy>(world_->admin, Platform{}), filter, request);
    });
  }
  // The keys of all pages.
  std::vector<std::string> all(const RelationshipFilter& filter, std::size_t size,
                               const std::string& order = {}) {
    std::vector<std::string> keys;
    std::string token;
    do {
      const auto page = must(list(filter, {.size = size, .token = token, .order_by = order}));
      EXPECT_LE(page.items.size(), size);
      for (const auto& row : page.items) keys.push_back(row.key_text());
      token = page.next_token;
    } while (!token.empty());
    return keys;
  }
  bool may_view(std::string_view user, std::string_view document) {
    const auto& now = world_->core->now();
    return must(world_->core->engine.check(now.graph(), to_number(now.revision()),
                                           {.subject = {{"user", user}},
                                            .permission = "view",
                                            .object = {"shop/document", document}}))
        .allowed();
  }
  static std::string reason(const auto& result) {
    return result ? "none" : std::string(result.error().reason.slug());
  }

  std::unique_ptr<TestWorld> world_;

 private:
  store::testing::TempFolder folder_;
};

TEST_P(Relationships, AreWrittenWithOneRevisionAndCountAtOnce) {
  const auto written = must(write({touch("shop/document:d1#viewer@shop/team:t1#member"),
                                   update(Operation::create, "shop/team:t1#member@user:u1"),
                                   update(Operation::erase, "shop/document:d9#viewer@user:u1")}));
  EXPECT_EQ(written.written, 2U);
  EXPECT_EQ(written.deleted, 0U);
  EXPECT_EQ(written.revision, world_->core->now().revision());
  EXPECT_TRUE(may_view("u1", "d1"));
  const auto again = must(write({touch("shop/document:d1#viewer@shop/team:t1#member"),
                                 update(Operation::erase, "shop/team:t1#member@user:u1")}));
  EXPECT_EQ(again.written, 0U);
  EXPECT_EQ(again.deleted, 1U);
  EXPECT_FALSE(may_view("u1", "d1"));
  const auto log = must(world_->store->read_log({}, 1000));
  EXPECT_EQ(log.back().revision, again.revision);
  EXPECT_EQ(log.back().act.slug, "relationships.written");
  EXPECT_EQ(log.back().act.target_id, "0 written, 1 deleted");
  EXPECT_EQ(log.back().images.size(), 1U);
  EXPECT_EQ(world_->core->now().relationships(), 1U);
}

TEST_P(Relationships, AreRefusedUnlessTheSchemaAllowsThem) {
  const std::string huge(1025, 'x');
  const std::pair<std::string, std::string> cases[] = {
      {"shop/paper:d1#viewer@user:u1", "policy.kind.unknown"},
      {"paper:d1#viewer@user:u1", "policy.kind.unknown"},
      {"domain:d1#platform@platform:main", "policy.relationship.managed"},
      {"role:r1#member@user:u1", "policy.relationship.managed"},
      {"shop/document:d1#owner@user:u1", "policy.relation.unknown"},
      {"shop/document:d1#view@user:u1", "policy.relation.computed"},
      {"shop/document:d1#viewer@client:c1", "policy.subject.forbidden"},
      {"shop/document:d1#viewer@shop/team:t1", "policy.subject.forbidden"},
      {"shop/document:d1#viewer@shop/team:t1#owner", "policy.subject.forbidden"},
      {"shop/document:d1#viewer@user:*", "policy.subject.forbidden"},
      {"shop/document:d1#reader@user:u1", "policy.subject.forbidden"},
      {"shop/document:d1#viewer@shop/robot:r1", "policy.kind.unknown"},
      {"shop/document:*#viewer@user:u1", "policy.id.invalid"},
      {"shop/document:a b#viewer@user:u1", "policy.id.invalid"},
      {"shop/document:" + huge + "#viewer@user:u1", "policy.id.invalid"},
      {"shop/document:d1#viewer@user:" + huge, "policy.id.invalid"},
      {"shop/document:d1#" + huge + "@user:u1", "policy.name.invalid"},
      {huge + ":d1#viewer@user:u1", "policy.name.invalid"},
  };
  for (const auto& [text, why] : cases) {
    const auto refused = write({touch("shop/team:t1#member@user:u1"), touch(text)});
    EXPECT_EQ(reason(refused), why) << text.substr(0, 80);
    if (!refused) EXPECT_TRUE(refused.error().field.starts_with("updates[1]")) << refused.error().field;
    EXPECT_LT(refused ? 0 : refused.error().message.size(), 300U);
  }
  EXPECT_EQ(world_->core->now().relationships(), 0U);
  EXPECT_TRUE(write({touch("shop/document:d1#reader@user:*")}));
  EXPECT_TRUE(may_view("anybody", "d1"));
}

TEST_P(Relationships, AreChangedOnceInARequestOfBoundedSize) {
  EXPECT_EQ(reason(write({})), "policy.updates.count");
  EXPECT_EQ(reason(write({touch("shop/team:t1#member@user:u1"),
                          update(Operation::erase, "shop/team:t1#member@user:u1")})),
            "policy.relationship.repeated");
  std::vector<RelationshipUpdate> many;
  for (int i = 0; i < 1000; ++i) many.push_back(touch(fmt::format("shop/team:t1#member@user:u{}", i)));
  EXPECT_EQ(must(write(many)).written, 1000U);
  many.push_back(touch("shop/team:t1#member@user:more"));
  EXPECT_EQ(reason(write(many)), "policy.updates.count");
  const Precondition one{.filter = {.resource_kind = "shop/team"}};
  EXPECT_TRUE(write({touch("shop/team:t1#member@user:u0")}, std::vector<Precondition>(1000, one)));
  EXPECT_EQ(reason(write({touch("shop/team:t1#member@user:u0")}, std::vector<Precondition>(1001, one))),
            "policy.preconditions.count");
}

TEST_P(Relationships, ThatAreThereCannotBeCreated) {
  must(write({touch("shop/team:t1#member@user:u1")}));
  const auto refused = write({update(Operation::create, "shop/team:t1#member@user:u2"),
                              update(Operation::create, "shop/team:t1#member@user:u1")});
  EXPECT_EQ(reason(refused), "policy.relationship.exists");
  EXPECT_EQ(refused.error().field, "updates[1]");
  EXPECT_NE(refused.error().message.find("shop/team:t1#member@user:u1"), std::string::npos);
  EXPECT_EQ(all({.resource_kind = "shop/team"}, 10), std::vector<std::string>{"shop/team:t1#member@user:u1"});
}

TEST_P(Relationships, AreWrittenIfAllPreconditionsHold) {
  must(write({touch("shop/team:t1#member@user:u1"), touch("shop/document:d1#viewer@shop/team:t1#member")}));
  const RelationshipFilter there[] = {
      {.resource_kind = "shop/team"},
      {.resource_kind = "shop/team", .resource_id = "t1"},
      {.resource_kind = "shop/document", .resource_id_prefix = "d"},
      {.resource_kind = "shop/team", .subject_kind = "user", .subject_id = "u1"},
      {.resource_kind = "shop/document",
       .relation = "viewer",
       .subject_kind = "shop/team",
       .subject_relation = "member"},
  };
  const RelationshipFilter missing[] = {
      {.resource_kind = "shop/team", .resource_id = "t2"},
      {.resource_kind = "shop/document", .resource_id_prefix = "d2"},
      {.resource_kind = "shop/document", .relation = "parent"},
      {.resource_kind = "shop/document", .subject_kind = "shop/team", .subject_relation = ""},
  };
  auto next = [n = 0]() mutable { return touch(fmt::format("shop/team:new#member@user:n{}", ++n)); };
  for (const auto& filter : there) {
    EXPECT_TRUE(write({next()}, {{filter, true}}));
    EXPECT_EQ(reason(write({next()}, {{filter, false}})), "policy.precondition.failed");
  }
  for (const auto& filter : missing) {
    EXPECT_TRUE(write({next()}, {{filter, false}}));
    const auto refused = write({next()}, {{there[0], true}, {filter, true}});
    EXPECT_EQ(reason(refused), "policy.precondition.failed");
    EXPECT_EQ(refused.error().field, "preconditions[1]");
  }
  const std::pair<RelationshipFilter, std::string> bad[] = {
      {{}, "policy.filter.kind"},
      {{.resource_kind = "domain"}, "policy.relationship.managed"},
      {{.resource_kind = "shop/paper"}, "policy.kind.unknown"},
      {{.resource_kind = "shop/team", .relation = "owner"}, "policy.relation.unknown"},
      {{.resource_kind = "shop/document", .relation = "view"}, "policy.relation.unknown"},
      {{.resource_kind = "shop/team", .resource_id = "a", .resource_id_prefix = "a"},
       "policy.filter.invalid"},
      {{.resource_kind = "shop/team", .subject_id = "u1"}, "policy.filter.invalid"},
      {{.resource_kind = "shop/team", .resource_id = std::string(2000, 'a')}, "policy.id.invalid"},
  };
  for (const auto& [filter, why] : bad) EXPECT_EQ(reason(write({next()}, {{filter, true}})), why);
}

TEST_P(Relationships, AreDeletedByAFilterAllOrAsManyAsWereAllowed) {
  std::vector<RelationshipUpdate> some;
  for (int i = 0; i < 20; ++i)
    some.push_back(touch(fmt::format("shop/document:a{}#viewer@user:u{}", i, i % 2)));
  for (int i = 0; i < 5; ++i) some.push_back(touch(fmt::format("shop/document:b{}#viewer@user:u0", i)));
  must(write(some));
  const RelationshipFilter of_a{.resource_kind = "shop/document", .resource_id_prefix = "a"};
  EXPECT_EQ(reason(erase({.filter = of_a, .preconditions = {}, .limit = 19})), "policy.delete.more");
  EXPECT_EQ(reason(erase({.filter = of_a, .preconditions = {{of_a, false}}})), "policy.precondition.failed");
  EXPECT_EQ(reason(erase({.filter = of_a, .preconditions = {}, .limit = 0})), "policy.delete.limit");
  EXPECT_EQ(reason(erase({.filter = of_a, .preconditions = {}, .limit = 10'001})), "policy.delete.limit");
  EXPECT_EQ(reason(erase({.filter = {}, .preconditions = {}})), "policy.filter.kind");
  EXPECT_EQ(reason(erase({.filter = {.resource_kind = "role"}, .preconditions = {}})),
            "policy.relationship.managed");
  EXPECT_EQ(world_->core->now().relationships(), 25U);
  const auto part = must(erase({.filter = of_a, .preconditions = {}, .limit = 12, .partial = true}));
  EXPECT_EQ(part.deleted, 12U);
  EXPECT_TRUE(part.more);
  const auto rest = must(erase({.filter = of_a, .preconditions = {{of_a, true}}}));
  EXPECT_EQ(rest.deleted, 8U);
  EXPECT_FALSE(rest.more);
  EXPECT_EQ(must(erase({.filter = of_a, .preconditions = {}})).deleted, 0U);
  EXPECT_EQ(all({.resource_kind = "shop/document"}, 2).size(), 5U);
  EXPECT_FALSE(may_view("u1", "a1"));
}

TEST_P(Relationships, AreListedInOrderByWhatIsKnownOfThem) {
  std::mt19937 random(7);
  const auto pick = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
  std::vector<Relationship> rows;
  std::vector<RelationshipUpdate> updates;
  for (int i = 0; i < 300; ++i) {
    const auto text =
        pick(3) == 0   ? fmt::format("shop/document:d{}#viewer@shop/team:t{}#member", pick(20), pick(5))
        : pick(2) == 0 ? fmt::format("shop/document:d{}#viewer@user:u{}", pick(20), pick(9))
                       : fmt::format("shop/document:d{}#parent@shop/document:d{}", pick(20), pick(20));
    const auto one = touch(text);
    if (std::ranges::any_of(rows, [&](const auto& r) { return r.key_text() == text; })) continue;
    rows.push_back(one.relationship);
    updates.push_back(one);
  }
  must(write(updates));
  const auto key = [](const Relationship& r) {
    return std::tie(r.resource_id, r.relation, r.subject_kind, r.subject_id, r.subject_relation);
  };
  std::ranges::sort(rows, {}, key);
  const std::string kind = "shop/document";
  const RelationshipFilter filters[] = {
      {.resource_kind = kind},
      {.resource_kind = kind, .resource_id = "d3"},
      {.resource_kind = kind, .resource_id_prefix = "d1"},
      {.resource_kind = kind, .relation = "parent"},
      {.resource_kind = kind, .resource_id = "d4", .relation = "viewer"},
      {.resource_kind = kind, .subject_kind = "user"},
      {.resource_kind = kind, .subject_kind = "user", .subject_id = "u3"},
      {.resource_kind = kind, .resource_id_prefix = "d1", .subject_kind = "user", .subject_id = "u3"},
      {.resource_kind = kind, .resource_id = "d1", .subject_kind = "shop/document", .subject_id = "d2"},
      {.resource_kind = kind, .relation = "viewer", .subject_kind = "shop/team", .subject_id = "t1"},
      {.resource_kind = kind, .subject_kind = "shop/team", .subject_relation = "member"},
      {.resource_kind = kind, .subject_kind = "shop/team", .subject_relation = ""},
  };
  for (const auto& filter : filters) {
    std::vector<std::string> expected;
    for (const auto& row : rows)
      if (filter.matches(row)) expected.push_back(row.key_text());
    EXPECT_EQ(all(filter, 7), expected);
    EXPECT_EQ(all(filter, 1000), expected);
    const auto offset = must(list(filter, {.size = 5, .offset = 3}));
    EXPECT_EQ(offset.total, expected.size());
    for (std::size_t i = 0; i < offset.items.size(); ++i)
      EXPECT_EQ(offset.items[i].key_text(), expected.at(i + 3));
    std::ranges::reverse(expected);
    EXPECT_EQ(all(filter, 7, "resource desc"), expected);
  }
  EXPECT_EQ(reason(list({.resource_kind = kind}, {.order_by = "name"})), "list.order");
  EXPECT_EQ(reason(list({.resource_kind = "shop/paper"})), "policy.kind.unknown");
  EXPECT_EQ(reason(list({})), "policy.filter.kind");
}

TEST_P(Relationships, WithTheLongestIdsHavePagesToo) {
  const std::string a(1024, 'a'), z(1024, '~');
  must(write({touch("shop/document:" + a + "#viewer@user:" + a),
              touch("shop/document:" + z + "#viewer@user:" + z),
              touch("shop/document:" + z + "#viewer@user:" + a)}));
  EXPECT_EQ(all({.resource_kind = "shop/document"}, 1).size(), 3U);
  EXPECT_EQ(all({.resource_kind = "shop/document", .resource_id_prefix = z}, 1, "resource desc").size(), 2U);
  EXPECT_EQ(must(erase({.filter = {.resource_kind = "shop/document", .resource_id_prefix = z},
                        .preconditions = {}}))
                .deleted,
            2U);
}

TEST_P(Relationships, OfTheProductsOwnKindsAreToldOfOneObjectOrSubject) {
  const auto domain = world_->make_domain("plant");
  const auto user = world_->make_user("ann");
  const auto role = world_->make_role("domain", domain.id.str(), {"read", "client_read"});
  world_->give(role, "user", user.id.str());
  EXPECT_EQ(reason(list({.resource_kind = "domain"})), "policy.filter.object");
  const auto& id = domain.id.str();
  const auto of_role = all(
      {.resource_kind = "domain", .resource_id = id, .subject_kind = "role", .subject_id = role.id.str()}, 1);
  const std::string held = "@role:" + role.id.str() + "#member";
  EXPECT_EQ(of_role, (std::vector<std::string>{"domain:" + id + "#client_read" + held,
                                               "domain:" + id + "#read" + held}));
  EXPECT_EQ(all({.resource_kind = "role", .subject_kind = "user", .subject_id = user.id.str()}, 10),
            std::vector<std::string>{"role:" + role.id.str() + "#member@user:" + user.id.str()});
  EXPECT_EQ(all({.resource_kind = "domain", .resource_id = id, .relation = "platform"}, 10),
            std::vector<std::string>{"domain:" + id + "#platform@platform:main"});
  EXPECT_EQ(all({.resource_kind = "domain", .resource_id = "nothing"}, 10), std::vector<std::string>{});
}

TEST_P(Relationships, HaveALimitInAll) {
  world_->core->most_relationships = 2;
  must(write({touch("shop/team:t1#member@user:u1"), touch("shop/team:t1#member@user:u2")}));
  EXPECT_EQ(reason(write({touch("shop/team:t1#member@user:u3")})), "policy.relationships.limit");
  must(write({touch("shop/team:t1#member@user:u1")}));
  must(
      write({touch("shop/team:t1#member@user:u3"), update(Operation::erase, "shop/team:t1#member@user:u1")}));
}

TEST_P(Relationships, CanBeBroughtByWhoMayAskAboutOthers) {
  must(write({touch("shop/document:d1#viewer@shop/team:t1#member")}));
  const std::vector<policy::Edge> membership{{{"shop/team", "t1"}, "member", {{"user", "guest"}}}};
  const Question plain{.subject = policy::SubjectRef{{"user", "guest"}},
                       .permission = "view",
                       .object = {"shop/document", "d1"}};
  Question with = plain;
  with.relationships = membership;
  EXPECT_FALSE(must(check(*world_->core, world_->admin, plain)).allowed);
  EXPECT_TRUE(must(check(*world_->core, world_->admin, with)).allowed);
  EXPECT_TRUE(must(explain(*world_->core, world_->admin, with)).allowed);
  EXPECT_FALSE(must(check(*world_->core, world_->admin, plain)).allowed) << "nothing stays";

  const std::vector<policy::Edge> managed{{{"domain", "d1"}, "platform", {{"platform", "main"}}}};
  with.relationships = managed;
  EXPECT_EQ(reason(check(*world_->core, world_->admin, with)), "policy.relationship.managed");
  const std::vector<policy::Edge> forbidden{{{"shop/team", "t1"}, "member", {{"client", "c1"}}}};
  with.relationships = forbidden;
  EXPECT_EQ(reason(check(*world_->core, world_->admin, with)), "policy.subject.forbidden");

  const auto stranger = world_->caller(world_->make_user("stranger").id);
  Question own{.permission = "view", .object = {"shop/document", "d1"}};
  EXPECT_FALSE(must(check(*world_->core, stranger, own)).allowed);
  own.relationships = membership;
  EXPECT_EQ(reason(check(*world_->core, stranger, own)), "question.subject");
}

TEST_P(Relationships, CanBeAskedForAllWhoHoldSomething) {
  must(write({touch("shop/document:d1#viewer@shop/team:t1#member"),
              touch("shop/document:d2#parent@shop/document:d1")}));
  Question members{.subject = policy::SubjectRef{{"shop/team", "t1"}, "member"},
                   .permission = "view",
                   .object = {"shop/document", "d2"}};
  EXPECT_TRUE(must(check(*world_->core, world_->admin, members)).allowed);
  members.subject->object.id = "t2";
  EXPECT_FALSE(must(check(*world_->core, world_->admin, members)).allowed);
  members.subject->relation = "owner";
  EXPECT_EQ(reason(check(*world_->core, world_->admin, members)), "policy.permission.unknown");
  const auto stranger = world_->caller(world_->make_user("stranger").id);
  members.subject->relation = "member";
  EXPECT_EQ(reason(check(*world_->core, stranger, members)), "question.subject");
  const auto reader = world_->make_user("reader");
  world_->give(world_->make_role("platform", std::string(kPlatformId), {"policy_read"}), "user",
               reader.id.str());
  EXPECT_FALSE(must(check(*world_->core, world_->caller(reader.id), members)).allowed);
}

// One batch: the first write holds the writer until both are queued.
TEST_P(Relationships, MeetAChangeOfTheSchemaInTheSameBatch) {
  const std::string viewer = "shop/document:d1#viewer@user:u1";
  const auto in_one_batch = [&]<class A, class B>(store::Write<A> first, store::Write<B> second) {
    std::promise<void> queued;
    std::promise<std::string> done[2];
    auto run = std::move(first.run);
    first.run = [&, ready = queued.get_future().share(), run = std::move(run)](store::Tx& tx) {
      ready.wait();
      return run(tx);
    };
    world_->store->submit<A>(std::move(first), [&](auto result) { done[0].set_value(reason(result)); });
    world_->store->submit<B>(std::move(second), [&](auto result) { done[1].set_value(reason(result)); });
    queued.set_value();
    return std::pair(done[0].get_future().get(), done[1].get_future().get());
  };
  const std::string without(kShopWithoutViewers);
  EXPECT_EQ(in_one_batch(schema_write(without), must(prepare({touch(viewer)}))),
            std::pair(std::string("none"), std::string("policy.relation.unknown")));
  EXPECT_EQ(in_one_batch(schema_write(std::string(kShop)), must(prepare({touch(viewer)}))),
            std::pair(std::string("none"), std::string("none")));
  EXPECT_EQ(must(erase({.filter = {.resource_kind = "shop/document"}, .preconditions = {}})).deleted, 1U);
  EXPECT_EQ(in_one_batch(must(prepare({touch(viewer)})), schema_write(without)),
            std::pair(std::string("none"), std::string("test.in_use")));
  EXPECT_TRUE(may_view("u1", "d1"));
  EXPECT_TRUE(world_->hub.healthy());
}

TEST_P(Relationships, KeepToTheirLimitWhoeverWritesAtOnce) {
  constexpr int kWriters = 8;
  world_->core->most_relationships = 50;
  must(write({touch("shop/team:full#member@user:u1"), touch("shop/team:full#member@user:u2")}));
  std::vector<store::Write<RelationshipsWritten>> wanted[kWriters];
  for (int i = 0; i < kWriters * 10; ++i) {
    std::vector<RelationshipUpdate> updates;
    for (int j = 0; j < 3; ++j) updates.push_back(touch(fmt::format("shop/team:t{}#member@user:u{}", i, j)));
    wanted[i % kWriters].push_back(must(prepare(std::move(updates))));
  }
  std::atomic<int> written{0};
  std::vector<std::thread> writers;
  for (auto& mine : wanted)
    writers.emplace_back([&] {
      for (auto& one : mine) {
        const auto done = world_->store->write(std::move(one));
        if (done) ++written;
        EXPECT_TRUE(done || reason(done) == "policy.relationships.limit") << reason(done);
      }
    });
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(written, 16);  // as many as there is room for, to the last
  EXPECT_EQ(world_->core->now().relationships(), 50U);
  EXPECT_EQ(all({.resource_kind = "shop/team"}, 1000).size(), 50U);
}

TEST_P(Relationships, NeverOutliveTheirRelationWhoeverComesFirst) {
  int refused = 0, written = 0;
  for (int round = 0; round < 30; ++round) {
    must(world_->store->write(schema_write(std::string(kShop))));
    auto wanted = must(prepare({touch("shop/document:d1#viewer@user:u1")}));
    std::thread other([&] { (void)world_->store->write(schema_write(std::string(kShopWithoutViewers))); });
    const auto done = world_->store->write(std::move(wanted));
    other.join();
    ++(done ? written : refused);
    ASSERT_TRUE(world_->hub.healthy());
    const bool known = world_->core->now().own_schema().text == kShop;
    EXPECT_EQ(known, done.has_value());
    if (known) must(erase({.filter = {.resource_kind = "shop/document"}, .preconditions = {}}));
  }
  EXPECT_EQ(refused + written, 30);
}

INSTANTIATE_TEST_SUITE_P(Engines, Relationships, ::testing::ValuesIn(store::testing::engines()),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace allauth::app
