// The look-ups by example: what they list, how they page, what they refuse.
#include <atomic>

#include <gtest/gtest.h>

#include "policy/lookup_resources.h"
#include "policy/lookup_subjects.h"
#include "policy/test_text.h"
#include "policy/testing/world.h"

namespace allauth::policy {
namespace {

constexpr std::string_view kDocs =
    "use self\n"
    "definition user {\n permission same = self\n}\n"
    "definition group {\n relation member: user | group#member\n}\n"
    "definition role {\n relation member: user\n}\n"
    "definition folder {\n"
    " relation viewer: user | user:* | group#member\n"
    " relation read: role#member from grants\n"
    " permission view = viewer + read\n"
    "}\n"
    "definition doc {\n"
    " relation parent: folder\n"
    " relation viewer: user | user:* | group#member\n"
    " relation banned: user | user:*\n"
    " permission view = viewer + parent->view\n"
    " relation warned: user\n"
    " permission open = view - banned\n"
    " permission mild = view - (banned & warned)\n"
    "}\n";

using Ids = std::vector<std::string>;

class Lookup : public testing::Test {
 protected:
  void relate(std::initializer_list<std::string_view> edges) {
    for (const std::string_view text : edges) ASSERT_TRUE(world_->relate(parse_edge(text).value()).value());
  }
  Result<IdPage> resources(std::string_view subject, std::string_view permission, PageRequest page = {}) {
    return lookup_resources(
        world_->graph(), 7,
        {.subject = parse_subject(subject).value(), .permission = permission, .kind = "doc", .page = page});
  }
  Result<SubjectPage> subjects(std::string_view object, std::string_view permission, PageRequest page = {}) {
    return lookup_subjects(
        world_->graph(), 7,
        {.object = parse_subject(object)->object, .permission = permission, .kind = "user", .page = page});
  }

  std::unique_ptr<World> world_ = World::make(kDocs).value();
};

TEST_F(Lookup, ListsResourcesByEveryWay) {
  relate({"doc:own#viewer@user:ann", "doc:group#viewer@group:g#member", "group:g#member@group:h#member",
          "group:h#member@user:ann", "folder:f#viewer@user:ann", "doc:below#parent@folder:f",
          "doc:all#viewer@user:*", "doc:other#viewer@user:bob"});
  EXPECT_EQ(resources("user:ann", "view")->ids, (Ids{"all", "below", "group", "own"}));
  EXPECT_EQ(resources("user:unknown", "view")->ids, Ids{"all"});
  EXPECT_EQ(resources("group:h#member", "view")->ids, Ids{"group"});
  EXPECT_EQ(resources("doc:own#view", "view")->ids, Ids{"own"});
}

TEST_F(Lookup, ChecksWhatIsBehindAGate) {
  relate({"doc:a#viewer@user:ann", "doc:b#viewer@user:ann", "doc:b#banned@user:ann"});
  EXPECT_EQ(resources("user:ann", "open")->ids, Ids{"a"});
}

TEST_F(Lookup, LeavesOutWhatIsDenied) {
  relate({"role:r#member@user:ann", "doc:a#parent@folder:f", "doc:b#parent@folder:g"});
  for (const std::string_view folder : {"f", "g"})
    ASSERT_TRUE(world_->grant({"folder", folder}, "r", Effect::allow, {"read"}).value());
  EXPECT_EQ(resources("user:ann", "view")->ids, (Ids{"a", "b"}));
  relate({"role:denied#member@user:ann", "folder:g#viewer@user:bob"});
  ASSERT_TRUE(world_->grant({"folder", "g"}, "denied", Effect::deny, {"read"}).value());
  EXPECT_EQ(resources("user:ann", "view")->ids, Ids{"a"});
  EXPECT_EQ(subjects("doc:b", "view")->named.ids, Ids{"bob"});
}

TEST_F(Lookup, PagesOnceAndInOrder) {
  relate({"doc:c#viewer@user:ann", "doc:a#viewer@user:ann", "doc:b#viewer@user:ann"});
  const auto first = resources("user:ann", "view", {.limit = 2, .total = true}).value();
  EXPECT_EQ(first.ids, (Ids{"a", "b"}));
  EXPECT_EQ(first.total, 3u);
  ASSERT_TRUE(first.next);
  EXPECT_EQ(first.next->last, "b");
  const auto second = resources("user:ann", "view", {.after = first.next, .limit = 2}).value();
  EXPECT_EQ(second.ids, Ids{"c"});
  EXPECT_FALSE(second.next);
  EXPECT_FALSE(second.total);
}

TEST_F(Lookup, ListsIdsInTheOrderOfTheirBytes) {
  const Ids ids = {"a", "a0123456", "a01234567", "a012345670", "a0123456701", "a01234567b", "a\xC3\xA4", "b"};
  for (const std::string& id : ids) relate({"doc:" + id + "#viewer@user:ann"});
  EXPECT_EQ(resources("user:ann", "view")->ids, ids);
  EXPECT_EQ(resources("user:ann", "view", {.after = Cursor{"a01234567", 7}, .limit = 2})->ids,
            (Ids{"a012345670", "a0123456701"}));
}

// So many that it is not worth while to look at all of them first.
TEST_F(Lookup, ChecksWhoIsKeptOutOfThousands) {
  for (int i = 0; i < 6'000; ++i) relate({fmt::format("doc:{}#banned@user:ann", i)});
  relate({"doc:a#viewer@user:ann", "doc:b#viewer@user:ann", "doc:b#banned@user:ann"});
  EXPECT_EQ(resources("user:ann", "open")->ids, Ids{"a"});
}

TEST_F(Lookup, RefusesACursorOfAnotherRevision) {
  const auto page = resources("user:ann", "view", {.after = Cursor{"a", 6}});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().reason, Reason("policy.cursor.revision"));
  EXPECT_EQ(resources("user:ann", "view", {.limit = 0}).error().reason, Reason("policy.page.limit"));
}

TEST_F(Lookup, ListsSubjectsAndEveryoneButSome) {
  relate({"doc:d#viewer@user:*", "doc:d#viewer@user:ann", "doc:d#viewer@user:eve", "doc:d#banned@user:eve",
          "doc:d#banned@user:mallory"});
  const SubjectPage page = subjects("doc:d", "open").value();
  EXPECT_TRUE(page.everyone);
  EXPECT_EQ(page.named.ids, Ids{"ann"});
  EXPECT_EQ(page.excluded, (Ids{"eve", "mallory"}));
}

TEST_F(Lookup, PagesTheExcludedWithTheNamed) {
  relate({"doc:d#viewer@user:*", "doc:d#viewer@user:ann", "doc:d#viewer@user:cid", "doc:d#banned@user:bob",
          "doc:d#banned@user:dan"});
  const SubjectPage first = subjects("doc:d", "open", {.limit = 2, .total = true}).value();
  EXPECT_EQ(first.named.ids, Ids{"ann"});
  EXPECT_EQ(first.excluded, Ids{"bob"});
  EXPECT_EQ(first.named.total, 4u);
  const SubjectPage second = subjects("doc:d", "open", {.after = first.named.next, .limit = 2}).value();
  EXPECT_EQ(second.named.ids, Ids{"cid"});
  EXPECT_EQ(second.excluded, Ids{"dan"});
  EXPECT_FALSE(second.named.next);
}

TEST_F(Lookup, ListsNoMoreThanTheCredentialIsGoodFor) {
  relate({"doc:a#viewer@user:ann", "doc:b#viewer@user:ann"});
  const Restrictions restrictions{{{.kind = "doc", .operation = "view", .domain = {}, .id = "b"}}};
  const auto ask = [&](std::string_view permission) {
    return lookup_resources(world_->graph(), 7,
                            {.subject = {{"user", "ann"}},
                             .restrictions = &restrictions,
                             .permission = permission,
                             .kind = "doc"})
        ->ids;
  };
  EXPECT_EQ(ask("view"), Ids{"b"});
  EXPECT_EQ(ask("open"), Ids{});
}

TEST_F(Lookup, DoesNotNameWhoIsMentionedOnlyWhereOthersAreExcluded) {
  relate({"doc:d#viewer@user:*", "doc:d#banned@user:ann", "doc:d#banned@user:eve", "doc:d#warned@user:eve"});
  const SubjectPage page = subjects("doc:d", "mild").value();
  EXPECT_TRUE(page.everyone);
  EXPECT_TRUE(page.named.ids.empty());
  EXPECT_EQ(page.excluded, Ids{"eve"});
}

TEST_F(Lookup, ExcludesWhoIsDeniedWhatEveryoneMay) {
  relate({"folder:f#viewer@user:*", "role:r#member@user:eve"});
  ASSERT_TRUE(world_->grant({"folder", "f"}, "r", Effect::deny, {"read"}).value());
  const SubjectPage page = subjects("folder:f", "view").value();
  EXPECT_TRUE(page.everyone);
  EXPECT_EQ(page.excluded, Ids{"eve"});
}

TEST_F(Lookup, ListsNobodyWhereEveryoneIsExcluded) {
  relate({"doc:d#viewer@user:*", "doc:d#viewer@user:ann", "doc:d#banned@user:*"});
  const SubjectPage page = subjects("doc:d", "open").value();
  EXPECT_FALSE(page.everyone);
  EXPECT_TRUE(page.named.ids.empty());
  EXPECT_TRUE(page.excluded.empty());
}

TEST_F(Lookup, KnowsThatSomebodyIsHimself) {
  EXPECT_EQ(subjects("user:ann", "same")->named.ids, Ids{"ann"});
  const auto found = lookup_resources(world_->graph(), 7,
                                      {.subject = {{"user", "ann"}}, .permission = "same", .kind = "user"});
  EXPECT_EQ(found->ids, Ids{"ann"});
}

TEST_F(Lookup, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(resources("user:*", "view").error().reason, Reason("policy.subject.wildcard"));
  EXPECT_EQ(resources("robot:r", "view").error().reason, Reason("policy.kind.unknown"));
  EXPECT_EQ(resources("user:ann", "fly").error().reason, Reason("policy.permission.unknown"));
  EXPECT_EQ(subjects("doc:*", "view").error().reason, Reason("policy.id.invalid"));
}

TEST_F(Lookup, StopsWhenItIsToldToOrHasWorkedEnough) {
  Graph::Editor editor(world_->graph());
  for (int i = 0; i < 5'000; ++i) {
    const std::string id = std::to_string(i);
    ASSERT_TRUE(editor.add({{"doc", id}, "viewer", {{"user", "ann"}}}).value());
  }
  const Graph graph = editor.freeze();
  const std::atomic<bool> stop = true;
  ResourceQuery query{.subject = {{"user", "ann"}}, .permission = "open", .kind = "doc"};
  query.limits.stop = &stop;
  EXPECT_EQ(lookup_resources(graph, 7, query).error().reason, Reason("policy.stopped"));
  query.limits = {.max_work = 20};
  EXPECT_EQ(lookup_resources(graph, 7, query).error().reason, Reason("policy.work.exceeded"));
  const SubjectQuery holders{
      .object = {"doc", "1"}, .permission = "open", .kind = "user", .limits = {.max_work = 1}};
  EXPECT_EQ(lookup_subjects(graph, 7, holders).error().reason, Reason("policy.work.exceeded"));
}

}  // namespace
}  // namespace allauth::policy
