#include <atomic>
#include <cstdlib>
#include <mutex>
#include <new>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "policy/check.h"
#include "policy/core_schema.h"
#include "policy/test_schema.h"
#include "policy/test_text.h"

namespace {
thread_local std::size_t allocations = 0;
}  // namespace

// Counted, to see that a check does not allocate. The thread sanitizer brings operators of its own.
#if !__has_feature(thread_sanitizer)
#define ALLAUTH_COUNTS_ALLOCATIONS
void* operator new(std::size_t size) {
  ++allocations;
  void* memory = std::malloc(size != 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace allauth::policy {
namespace {

static_assert(!std::is_default_constructible_v<Decision>);
static_assert(!std::is_constructible_v<Decision, bool, RuleId, std::uint64_t>);

CheckQuery query(std::string_view text, const Restrictions* restrictions = nullptr) {
  const Edge edge = parse_edge(text).value();
  return {.subject = edge.subject,
          .restrictions = restrictions,
          .permission = edge.relation,
          .object = edge.resource};
}

Graph graph_of(const std::shared_ptr<const CompiledSchema>& schema,
               std::initializer_list<std::string_view> edges) {
  Graph::Editor editor{Graph(schema)};
  for (const std::string_view text : edges) EXPECT_TRUE(editor.add(parse_edge(text).value())) << text;
  return editor.freeze();
}

TEST(Decisions, SayWhichRuleAndWhichObjectsDecided) {
  Graph::Editor editor{graph_of(
      core_schema(),
      {"client:c1#domain@domain:d1", "domain:d1#platform@platform:main", "role:admins#member@user:alice"})};
  const std::vector<std::string_view> actions = {"administer"};
  ASSERT_TRUE(editor.set_grants({"platform", "main"}, "admins", Effect::allow, actions));
  const Graph graph = editor.freeze();
  const Engine engine;

  const Decision yes = engine.check(graph, 42, query("client:c1#can_update@user:alice")).value();
  EXPECT_TRUE(yes.allowed());
  EXPECT_EQ(yes.revision(), 42u);
  EXPECT_EQ(graph.schema().rule_name(yes.rule()), "platform#administer");
  std::vector<std::string> names;
  for (const auto node : yes.evidence())
    names.push_back(fmt::format("{}:{}", graph.name(node).kind, graph.name(node).id));
  EXPECT_EQ(names, (std::vector<std::string>{"client:c1", "domain:d1", "platform:main", "role:admins"}));

  const Decision no = engine.check(graph, 43, query("client:c1#can_update@user:bob")).value();
  EXPECT_FALSE(no.allowed());
  EXPECT_EQ(graph.schema().rule_name(no.rule()), "client#can_update");
  EXPECT_TRUE(no.evidence().empty());
}

TEST(Checks, RefuseWhatTheSchemaDoesNotKnow) {
  struct Case {
    std::string_view text;
    Reason reason;
  };
  const Graph graph(core_schema());
  const Engine engine;
  for (const Case& bad : {Case{"planet:p1#can_read@user:u1", "policy.kind.unknown"},
                          Case{"client:c1#can_read@planet:p1", "policy.kind.unknown"},
                          Case{"client:c1#can_fly@user:u1", "policy.permission.unknown"},
                          Case{"client:c1#publisher@user:u1", "policy.permission.unknown"},
                          Case{"client:c1#can_read@role:r1#fans", "policy.permission.unknown"}}) {
    const auto decision = engine.check(graph, 1, query(bad.text));
    ASSERT_FALSE(decision) << bad.text;
    EXPECT_EQ(decision.error().reason, bad.reason) << bad.text;
    EXPECT_EQ(engine.explain(graph, 1, query(bad.text)).error().reason, bad.reason);
  }
}

TEST(Restrictions, LimitWhatTheirBearerMayDo) {
  const Graph graph =
      graph_of(core_schema(), {"channel:ch1#publisher@client:c1", "channel:ch1#subscriber@client:c1",
                               "channel:ch2#publisher@client:c1", "channel:ch1#domain@domain:d1"});
  const Engine engine;
  struct Case {
    std::vector<Scope> scopes;
    bool ch1_publish, ch1_subscribe, ch2_publish;
  };
  for (const Case& given :
       {Case{{}, false, false, false}, Case{{{"*", "*", ""}}, true, true, true},
        Case{{{"channel", "*", ""}}, true, true, true}, Case{{{"client", "*", ""}}, false, false, false},
        Case{{{"channel", "*", "", "ch1"}}, true, true, false},
        Case{{{"channel", "publish", ""}}, true, false, true},
        Case{{{"channel", "subscribe", "", "ch1"}, {"channel", "publish", "", "ch2"}}, false, true, true},
        Case{{{"channel", "*", "d1"}}, true, true, false},
        Case{{{"channel", "*", "d2"}}, false, false, false},
        Case{{{"channel", "publish", "d1", "ch2"}}, false, false, false}}) {
    const Restrictions limits{given.scopes};
    auto allowed = [&](std::string_view text) {
      const Decision decision = engine.check(graph, 1, query(text, &limits)).value();
      EXPECT_EQ(decision.rule() == kRestrictedRule, !decision.allowed());
      EXPECT_EQ(engine.explain(graph, 1, query(text, &limits))->decision.allowed(), decision.allowed());
      return decision.allowed();
    };
    EXPECT_EQ(allowed("channel:ch1#can_publish@client:c1"), given.ch1_publish);
    EXPECT_EQ(allowed("channel:ch1#can_subscribe@client:c1"), given.ch1_subscribe);
    EXPECT_EQ(allowed("channel:ch2#can_publish@client:c1"), given.ch2_publish);
  }
  const Restrictions everything{{{"*", "*", ""}}};
  EXPECT_FALSE(engine.check(graph, 1, query("channel:ch3#can_publish@client:c1", &everything))->allowed());
  const Restrictions nothing{};
  EXPECT_EQ(
      engine.explain(graph, 1, query("channel:ch1#can_publish@client:c1", &nothing))->lines(),
      std::vector<std::string>{"client c1 may not publish to channel ch1: no scope of its credential covers "
                               "this; it would take \"channel publish * ch1\""});
}

TEST(Checks, GiveUpWhenTheWorkIsTooMuch) {
  const auto schema = compile_schema(kFolders).value();
  Graph::Editor editor{Graph(schema)};
  for (int i = 0; i < 1000; ++i) {
    const std::string from = std::to_string(i);
    const std::string to = std::to_string(i + 1);
    ASSERT_TRUE(editor.add({{"folder", from}, "parent", {{"folder", to}}}));
  }
  ASSERT_TRUE(editor.add(parse_edge("folder:1000#viewer@user:u1").value()));
  const Graph graph = editor.freeze();
  const auto given_up = Engine({.max_work = 500}).check(graph, 1, query("folder:0#view@user:u1"));
  ASSERT_FALSE(given_up);
  EXPECT_EQ(given_up.error().reason, Reason("policy.work.exceeded"));
  EXPECT_EQ(given_up.error().code, Code::exhausted);
  EXPECT_TRUE(Engine().check(graph, 1, query("folder:0#view@user:u1"))->allowed());
  EXPECT_TRUE(Engine({.max_work = 500}).check(graph, 1, query("folder:990#view@user:u1"))->allowed());
}

// 30,000 groups below one, straight below it or as a tree of tens, and a user in few of them.
TEST(Checks, GoThroughManyGroupsFromTheSubjectsSide) {
  const auto schema = compile_schema(
                          "definition user {}\n"
                          "definition group {\n relation member: user\n relation below: group\n"
                          " permission inside = member + below->inside\n}\n"
                          "definition doc {\n relation reader: user | group#inside\n}\n")
                          .value();
  for (const int width : {10, 30'000}) {
    Graph::Editor editor{Graph(schema)};
    for (int i = 1; i <= 30'000; ++i)
      ASSERT_TRUE(
          editor.add({{"group", std::to_string((i - 1) / width)}, "below", {{"group", std::to_string(i)}}}));
    ASSERT_TRUE(editor.add(parse_edge("doc:d1#reader@group:0#inside").value()));
    ASSERT_TRUE(editor.add(parse_edge("group:29999#member@user:deep").value()));
    ASSERT_TRUE(editor.add(parse_edge("group:other#member@user:elsewhere").value()));
    const Graph graph = editor.freeze();
    const Engine frugal(Limits{.max_work = 2000});
    const auto deep = query("doc:d1#reader@user:deep");
    const auto elsewhere = query("doc:d1#reader@user:elsewhere");
    EXPECT_TRUE(frugal.check(graph, 1, deep)->allowed());
    EXPECT_FALSE(frugal.check(graph, 1, elsewhere)->allowed());
    EXPECT_FALSE(frugal.check(graph, 1, query("doc:d1#reader@user:unknown"))->allowed());
    EXPECT_TRUE(frugal.explain(graph, 1, deep)->decision.allowed());
    EXPECT_FALSE(frugal.explain(graph, 1, elsewhere)->decision.allowed());
  }
}

// A group of a hundred thousand users and a user in a hundred thousand groups.
TEST(Checks, StartFromTheSmallerSide) {
  const auto schema = compile_schema(kFolders).value();
  Graph::Editor editor{Graph(schema)};
  for (int i = 0; i < 100'000; ++i) {
    const std::string id = std::to_string(i);
    ASSERT_TRUE(editor.add({{"group", "wide"}, "member", {{"user", id}}}));
    ASSERT_TRUE(editor.add({{"role", id}, "member", {{"user", "busy"}}}));
    ASSERT_TRUE(editor.add({{"group", "roles"}, "member", {{"role", id}, "member"}}));
  }
  ASSERT_TRUE(editor.add(parse_edge("role:x#member@user:lazy").value()));
  ASSERT_TRUE(editor.add(parse_edge("group:few#member@role:99#member").value()));
  const Graph graph = editor.freeze();
  const Engine frugal(Limits{.max_work = 20});
  EXPECT_TRUE(frugal.check(graph, 1, query("group:wide#member@user:77777"))->allowed());
  EXPECT_FALSE(frugal.check(graph, 1, query("group:wide#member@user:busy"))->allowed());
  EXPECT_TRUE(frugal.check(graph, 1, query("group:few#member@user:busy"))->allowed());
  EXPECT_FALSE(frugal.check(graph, 1, query("group:few#member@user:lazy"))->allowed());
}

TEST(Checks, DoNotAllocateOnceAThreadIsWarm) {
#ifndef ALLAUTH_COUNTS_ALLOCATIONS
  GTEST_SKIP() << "allocations are not counted in this build";
#endif
  const auto schema = compile_schema(kFolders).value();
  Graph::Editor editor{Graph(schema)};
  for (int i = 0; i < 30; ++i) {
    const std::string from = std::to_string(i);
    const std::string to = std::to_string(i + 1);
    ASSERT_TRUE(editor.add({{"folder", from}, "parent", {{"folder", to}}}));
    ASSERT_TRUE(editor.add({{"folder", from}, "viewer", {{"group", from}, "member"}}));
  }
  ASSERT_TRUE(editor.add(parse_edge("group:29#member@user:u1").value()));
  const Graph graph = editor.freeze();
  const Engine engine;
  const CheckQuery yes = query("folder:0#view@user:u1");
  const CheckQuery no = query("folder:0#view@user:u2");
  ASSERT_TRUE(engine.check(graph, 1, yes)->allowed());
  const std::size_t before = allocations;
  const bool right = engine.check(graph, 1, yes)->allowed() && !engine.check(graph, 1, no)->allowed();
  const std::size_t after = allocations;
  EXPECT_TRUE(right);
  EXPECT_EQ(after, before);
}

// One writer, three readers, each with a version of its own: meant for the thread sanitizer.
TEST(Checks, RunWhileTheNextVersionIsMade) {
  const Engine engine;
  std::mutex guard;
  Graph published = graph_of(core_schema(), {"channel:ch#domain@domain:d1"});
  std::atomic<int> newest{0};
  std::atomic<bool> done{false};
  std::atomic<int> mistakes{0};
  auto read = [&] {
    while (!done.load()) {
      const int known = newest.load();
      const Graph mine = [&] {
        const std::lock_guard lock(guard);
        return published;
      }();
      const std::string old = "c" + std::to_string(known == 0 ? 0 : known - 1);
      const bool allowed =
          engine
              .check(mine, 1,
                     {.subject = {{"client", old}}, .permission = "can_publish", .object = {"channel", "ch"}})
              ->allowed();
      if (allowed != (known > 0)) mistakes.fetch_add(known > 0 ? 1 : 0);
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) readers.emplace_back(read);
  Graph::Editor editor{published};
  for (int i = 0; i < 3000; ++i) {
    const std::string id = "c" + std::to_string(i);
    ASSERT_TRUE(editor.add({{"channel", "ch"}, "publisher", {{"client", id}}}));
    Graph next = editor.freeze();
    {
      const std::lock_guard lock(guard);
      std::swap(published, next);
    }
    newest.store(i + 1);
  }
  done.store(true);
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(mistakes.load(), 0);
  EXPECT_EQ(published.size(), 3001u);
}

}  // namespace
}  // namespace allauth::policy
