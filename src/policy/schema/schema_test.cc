#include "policy/schema/schema.h"

#include <gtest/gtest.h>

#include "policy/core_schema.h"
#include "policy/schema/test_resolve.h"

namespace allauth::policy {
namespace {

TEST(CompiledSchemas, MakeGatesOfWhatIsNoUnion) {
  const auto schema =
      compile_schema("use self\n" +
                     in_document("relation parent: document\n relation viewer: user | user:*\n"
                                 "relation banned: user\n relation edit: role#member from grants\n"
                                 "permission safe = (viewer + edit) & parent->safe\n"
                                 "permission open = self + viewer - (banned & edit)\n"
                                 "permission every = parent.all(safe) + open"))
          .value();
  const DefinitionId document = schema->find_definition("document").value();
  const DefinitionId user = schema->find_definition("user").value();
  const auto gates = [&](std::string_view name) {
    std::vector<std::string> texts;
    for (const StepId id : schema->find_member(document, name)->plan.steps) {
      const Step& step = schema->step(id);
      if (!step.is_gate()) continue;
      std::string& text = texts.emplace_back(step.kind == Step::Kind::all_of    ? "&"
                                             : step.kind == Step::Kind::but_not ? "-"
                                                                                : schema->name(step.target));
      for (const MemberId part : step.parts) text += fmt::format(" {}", schema->member_text(part));
    }
    return texts;
  };
  EXPECT_EQ(gates("safe"), (std::vector<std::string>{"& (viewer + edit) parent->safe"}));
  EXPECT_EQ(gates("open"), (std::vector<std::string>{"- (self + viewer) (banned & edit)"}));
  EXPECT_EQ(gates("every"), (std::vector<std::string>{"- (self + viewer) (banned & edit)", "safe"}));
  EXPECT_TRUE(gates("viewer").empty());
  EXPECT_TRUE(schema->find_member(document, "safe")->deniable);
  EXPECT_FALSE(schema->find_member(document, "open")->deniable);
  EXPECT_TRUE(schema->reaches(schema->id(*schema->find_member(document, "every")), document));
  EXPECT_TRUE(schema->reaches(schema->id(*schema->find_member(document, "every")), user));
  // Whoever holds it must hold it already on the parent.
  EXPECT_FALSE(schema->reaches(schema->id(*schema->find_member(document, "safe")), user));
  EXPECT_TRUE(schema->has_wildcards(user));
  EXPECT_FALSE(schema->has_wildcards(document));
}

TEST(CompiledSchemas, FoldPermissionsOfTheSameObjectIntoOnePlan) {
  const auto schema =
      compile_schema(
          in_document(
              "relation parent: document\n relation viewer: group#member | user\n relation owner: user\n"
              "relation edit: role#member from grants\n"
              "permission can_edit = parent->can_edit + edit + owner\n"
              "permission view = can_edit + viewer + parent->view + parent->view"))
          .value();
  const DefinitionId document = schema->find_definition("document").value();
  const Member& view = *schema->find_member(document, "view");
  std::vector<std::string> steps;
  for (const StepId id : view.plan.steps) {
    const Step& step = schema->step(id);
    steps.push_back(fmt::format("{}{}{}", schema->name(step.relation), step.target != kItself ? "->" : "",
                                schema->name(step.target)));
  }
  EXPECT_EQ(steps, (std::vector<std::string>{"owner", "viewer", "edit", "parent->can_edit", "parent->view"}));
  EXPECT_EQ(view.plan.names.size(), 5u);
  EXPECT_EQ(schema->rule_name(CompiledSchema::rule(schema->id(view))), "document#view");
}

TEST(CompiledSchemas, KnowWhichSubjectsCanReachWhat) {
  const auto schema = core_schema();
  auto reaches = [&](std::string_view kind, std::string_view permission, std::string_view subject) {
    const Member* member = schema->find_member(schema->find_definition(kind).value(), permission);
    return schema->reaches(schema->id(*member), schema->find_definition(subject).value());
  };
  EXPECT_TRUE(reaches("channel", "can_publish", "client"));
  EXPECT_TRUE(reaches("channel", "can_publish", "user"));
  EXPECT_FALSE(reaches("channel", "publisher", "user"));
  EXPECT_FALSE(reaches("user", "can_token", "client"));
  EXPECT_FALSE(reaches("channel", "can_publish", "channel"));
}

TEST(CoreSchema, HasNoOdditiesAndKeepsItsNamingRule) {
  const auto schema = core_schema();
  EXPECT_TRUE(schema->warnings().empty()) << schema->warnings().front();
  for (const std::string_view kind : {"platform", "domain", "group", "client", "channel"}) {
    const DefinitionId id = schema->find_definition(kind).value();
    EXPECT_FALSE(schema->actions(id).empty()) << kind;
    for (const std::string_view action : schema->actions(id)) {
      const std::string permission = fmt::format("can_{}", action);
      const Member* found = schema->find_member(id, permission);
      ASSERT_NE(found, nullptr) << kind << " lacks " << permission;
      EXPECT_EQ(found->kind, Member::Kind::permission);
      const NameId name = schema->find_name(action).value();
      // What is granted on a group holds by way of its edge to itself, which a disabled one lacks.
      const bool holds = kind == "group" ? std::ranges::any_of(
                                               found->plan.steps,
                                               [&](StepId step) { return schema->step(step).target == name; })
                                         : std::ranges::binary_search(found->plan.names, name);
      EXPECT_TRUE(holds) << kind << " " << permission;
    }
  }
}

TEST(CompiledSchemas, KnowTheActionsOfADefinition) {
  const auto schema =
      compile_schema(in_document("relation viewer: user\n relation share: role#member from grants\n"
                                 " relation edit: role#member from allow grants\n"
                                 " permission can_edit = edit"))
          .value();
  const DefinitionId document = schema->find_definition("document").value();
  EXPECT_EQ(schema->actions(document), (std::vector<std::string_view>{"edit", "share"}));
  EXPECT_TRUE(schema->actions(schema->find_definition("role").value()).empty());
  EXPECT_TRUE(schema->is_action(document, "edit"));
  for (const auto other : {"viewer", "can_edit", "member", "nothing", ""})
    EXPECT_FALSE(schema->is_action(document, other)) << other;
  EXPECT_TRUE(schema->is_deniable(document, "share"));
  for (const auto other : {"edit", "viewer", "nothing"})
    EXPECT_FALSE(schema->is_deniable(document, other)) << other;
  EXPECT_TRUE(schema->find_member(document, "share")->deniable);
  EXPECT_FALSE(schema->find_member(document, "can_edit")->deniable)
      << "nobody can be denied what it is made of";
}

// Nobody can be locked out for good: what takes a role away can be denied nowhere, nor can what opens a
// domain.
TEST(TheCoreSchema, KeepsTheWayBackOpen) {
  const auto schema = core_schema();
  for (const auto kind : {"platform", "domain", "group", "client", "channel", "role"}) {
    const DefinitionId id = schema->find_definition(kind).value();
    for (const auto permission : {"can_role_read", "can_role_manage", "can_read", "can_manage"}) {
      const Member* found = schema->find_member(id, permission);
      if (found == nullptr ||
          (kind != std::string_view("role") && !std::string_view(permission).contains("role")))
        continue;
      EXPECT_FALSE(found->deniable) << kind << " " << permission;
    }
  }
  EXPECT_FALSE(schema->find_member(*schema->find_definition("platform"), "can_administer")->deniable);
}

}  // namespace
}  // namespace allauth::policy
