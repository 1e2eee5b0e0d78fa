// Definitions of an installation's own beside those of the product.
#include <gtest/gtest.h>

#include "policy/check.h"
#include "policy/core_schema.h"
#include "policy/test_text.h"

namespace allauth::policy {
namespace {

constexpr std::string_view kShop =
    "definition shop/order {\n"
    "  relation buyer: user\n"
    "  relation branch: domain\n"
    "  relation staff: role#member\n"
    "  permission view = buyer + staff + branch->can_read\n"
    "}\n";

Result<std::shared_ptr<const CompiledSchema>> with(std::string_view own) {
  return core_schema_with(own, *core_schema());
}

TEST(OwnDefinitions, ReferToThoseOfTheProduct) {
  Graph::Editor editor{Graph(with(kShop).value())};
  for (const auto fact : {"shop/order:o1#buyer@user:ann", "shop/order:o1#branch@domain:d1",
                          "shop/order:o1#staff@role:r1#member", "role:r1#member@user:ben"})
    ASSERT_TRUE(editor.add(parse_edge(fact).value())) << fact;
  ASSERT_TRUE(
      editor.set_grants({"domain", "d1"}, "r2", Effect::allow, std::vector<std::string_view>{"read"}));
  ASSERT_TRUE(editor.add(parse_edge("role:r2#member@user:cas").value()));
  const Graph graph = editor.freeze();
  for (const auto& [who, expected] : {std::pair{"ann", true}, {"ben", true}, {"cas", true}, {"dan", false}}) {
    const CheckQuery query{.subject = {{"user", who}}, .permission = "view", .object = {"shop/order", "o1"}};
    EXPECT_EQ(Engine().check(graph, 1, query)->allowed(), expected) << who;
  }
}

struct Mistake {
  std::string_view own;
  std::string_view reason;
  std::string_view message;
};

class OwnMistakes : public testing::TestWithParam<Mistake> {};

TEST_P(OwnMistakes, AreRefusedWithTheirPlaceInTheOwnText) {
  const auto refused = with(GetParam().own);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason.slug(), GetParam().reason);
  EXPECT_TRUE(refused.error().message.starts_with(GetParam().message)) << refused.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    All, OwnMistakes,
    testing::Values(Mistake{"\ndefinition order {}", "schema.own", "2:12: `order` needs a prefix"},
                    Mistake{"definition user {}", "schema.own",
                            "1:12: `user` is a definition of the product"},
                    Mistake{"definition shop/order {\n relation open: role#member from grants\n}",
                            "schema.own", "2:11: `open` cannot come from grants"},
                    Mistake{"definition shop/order {\n relation buyer: person\n}", "schema.type",
                            "2:18: there is no definition `person`"},
                    Mistake{"definition shop/order {}\ndefinition shop/order {}", "schema.name",
                            "2:12: `shop/order` is defined twice"},
                    Mistake{"definition shop/order {\n permission view = buyer\n}", "schema.type", "2:20: "},
                    Mistake{"definition shop/order", "schema.syntax", "1:22: expected `{`"},
                    Mistake{"caveat shop/weekday(day int) { day < 6 }\n", "schema.unavailable", "1:8: "}));

TEST(OwnDefinitions, KeepTheirNumbersWhileSchemasComeAndGo) {
  const auto first = with(kShop).value();
  const auto gone = core_schema_with("", *first).value();
  EXPECT_FALSE(gone->find_definition("shop/order"));
  EXPECT_TRUE(gone->goes_on(*first));
  const auto again = core_schema_with("definition shop/item {}\n" + std::string(kShop), *gone).value();
  EXPECT_EQ(again->find_definition("shop/order"), first->find_definition("shop/order"));
  EXPECT_EQ(again->find_name("buyer"), first->find_name("buyer"));
  EXPECT_NE(again->find_definition("shop/item"), first->find_definition("shop/order"));
  EXPECT_EQ(again->find_definition("user"), core_schema()->find_definition("user"));
  EXPECT_FALSE(with("definition shop/item {}").value()->goes_on(*first));
}

TEST(OwnDefinitions, TakeWithThemWhatTheyDoNotAllowAnyMore) {
  Graph::Editor editor{Graph(with(kShop).value())};
  for (const auto fact : {"shop/order:o1#buyer@user:ann", "shop/order:o1#staff@role:r1#member"})
    ASSERT_TRUE(editor.add(parse_edge(fact).value()));
  const Graph before = editor.freeze();
  const auto next =
      core_schema_with("definition shop/order {\n relation buyer: user:*\n}", before.schema()).value();
  ASSERT_TRUE(editor.set_schema(next));
  EXPECT_EQ(editor.freeze().size(), 0u);
  EXPECT_EQ(before.size(), 2u);
  EXPECT_EQ(editor.set_schema(core_schema()).error().reason, Reason("policy.schema.mismatch"));
}

TEST(OwnDefinitions, SayThatARestartHelpsWhenNumbersRunOut) {
  auto schema = core_schema();
  for (int round = 0; round < 10; ++round) {
    std::string own;
    for (int i = 0; i < 900; ++i) own += fmt::format("definition own/r{}n{} {{}}\n", round, i);
    auto next = core_schema_with(own, *schema);
    if (next) {
      schema = *next;
      continue;
    }
    EXPECT_EQ(next.error().reason, Reason("schema.limit"));
    EXPECT_NE(next.error().message.find("started anew"), std::string::npos) << next.error().message;
    EXPECT_TRUE(core_schema_with(own, *core_schema()));
    return;
  }
  FAIL() << "numbers never ran out";
}

}  // namespace
}  // namespace allauth::policy
