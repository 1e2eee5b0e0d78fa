// What a validation file and its schema say about each other.
#include "policy/validation/validate.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "policy/validation/suite_files.h"

namespace allauth::policy {
namespace {

constexpr std::string_view kShop = R"yaml(schema: |-
  definition user {}
  definition group { relation member: user | group#member; }
  definition doc {
    relation viewer: user | user:* | group#member
    relation editor: user
    relation banned: user
    relation parent: doc
    permission view = (viewer + editor + parent->view) - banned
    permission both = viewer & editor
  }
relationships: |-
  group:staff#member@group:north#member
  group:north#member@user:nell
  doc:plan#viewer@group:staff#member
  doc:plan#viewer@user:ann
  doc:plan#editor@user:ann
  doc:plan#editor@user:ed
  doc:plan#banned@user:ed
  doc:open#viewer@user:*
  doc:open#viewer@user:ann
  doc:open#editor@user:ed
  doc:open#banned@user:bob
  doc:open#parent@doc:plan
)yaml";

Report validate_text(const std::string& text, const ValidationOptions& options = {}) {
  const auto file = read_validation_file(text);
  return file ? validate(*file, options) : report_of(file.error());
}
Report ask(std::string_view more) { return validate_text(std::string(kShop) + std::string(more)); }

std::string told(const Report& report) {
  std::string text;
  for (const Finding& finding : report.findings)
    text +=
        fmt::format("{}:{}: {}: {}\n{}{}", finding.at.line, finding.at.column, to_string(finding.kind),
                    finding.message, fmt::join(finding.details, "\n"), finding.details.empty() ? "" : "\n");
  return text;
}

TEST(Validation, CountsWhatHolds) {
  const Report report = ask(R"yaml(
assertions:
  assertTrue: ["doc:plan#view@user:ann", "doc:plan#view@user:nell", "doc:plan#view@group:north#member"]
  assertFalse: ["doc:plan#view@user:ed", "doc:open#view@user:bob"]
validation:
  doc:plan#both: ["[user:ann] is <doc:plan#viewer>/<doc:plan#editor>"]
)yaml");
  EXPECT_TRUE(report.is_good()) << told(report);
  EXPECT_EQ(report.relationships, 12u);
  EXPECT_EQ(report.assertions.all, 5u);
  EXPECT_EQ(report.expectations.all, 1u);
}

TEST(Validation, ExplainsWhatDoesNotHold) {
  const Report report = ask(R"yaml(
assertions:
  assertTrue:
    - doc:plan#view@user:ed
    - doc:plan#both@user:nell
  assertFalse:
    - doc:plan#view@user:nell
)yaml");
  EXPECT_FALSE(report.is_good());
  EXPECT_EQ(report.assertions.failed, 3u);
  EXPECT_EQ(told(report),
            "28:7: assertion: `doc:plan#view@user:ed` is denied, but should be allowed\n"
            "user ed may not view doc plan: it is in doc plan # banned\n"
            "it is in doc plan # banned\n"
            "29:7: assertion: `doc:plan#both@user:nell` is denied, but should be allowed\n"
            "user nell may not both doc plan: it is not in doc plan # editor\n"
            "it is not in doc plan # editor\n"
            "it would be enough that doc plan # editor has user nell\n"
            "31:7: assertion: `doc:plan#view@user:nell` is allowed, but should be denied\n"
            "user nell may view doc plan, by doc#view\n"
            "doc plan # view asks for this, without exception:\n"
            "  doc plan # viewer has group staff # member\n"
            "  group staff # member has group north # member\n"
            "  group north # member has user nell\n"
            "  it is not in doc plan # banned\n");
}

TEST(Validation, ComparesAllWhoHoldSomethingAndHow) {
  const Report good = ask(R"yaml(
validation:
  doc:plan#view:
    - "[user:ann] is <doc:plan#viewer>/<doc:plan#editor>"
    - "[user:nell] is <group:north#member>"
    - "[group:staff#member] is <doc:plan#viewer>"
    - "[group:north#member] is <group:staff#member>"
  doc:open#view:
    - "[user:* - {user:bob}] is <doc:open#viewer>"
    - "[user:ann] is <doc:open#viewer>/<doc:plan#viewer>/<doc:plan#editor>"
    - "[user:ed] is <doc:open#editor>"
    - "[user:nell] is <group:north#member>/<doc:open#viewer>"
    - "[group:staff#member] is <doc:plan#viewer>"
    - "[group:north#member] is <group:staff#member>"
  doc:none#view: []
)yaml");
  EXPECT_TRUE(good.is_good()) << told(good);
  EXPECT_EQ(good.expectations.all, 3u);

  const Report bad = ask(R"yaml(
validation:
  doc:plan#both:
    - "[user:ed] is <doc:plan#editor>"
  doc:plan#viewer:
    - "[user:ann] is <doc:plan#editor>"
    - "[user:nell] is <group:north#member>"
    - "[group:staff#member] is <doc:plan#viewer>"
  doc:open#viewer:
    - "[user:* - {user:bob}] is <doc:open#viewer>"
    - "[user:ann] is <doc:open#viewer>"
)yaml");
  EXPECT_EQ(bad.expectations.failed, 3u);
  EXPECT_EQ(
      told(bad),
      "27:3: expectation: `doc:plan#both` is held by others, too, who are not expected:\n"
      "[user:ann] is <doc:plan#editor>/<doc:plan#viewer>\n"
      "28:8: expectation: `user:ed` does not hold `doc:plan#both`, but should\n"
      "user ed may not both doc plan: it is not in doc plan # viewer, it is not in group staff # member, "
      "and it is not in group north # member\n"
      "it is not in doc plan # viewer\n"
      "it is not in group staff # member\n"
      "it is not in group north # member\n"
      "it would be enough that doc plan # viewer has user ed\n"
      "29:3: expectation: `doc:plan#viewer` is held by others, too, who are not expected:\n"
      "[group:north#member] is <group:staff#member>\n"
      "30:8: expectation: `user:ann` holds it through other relations\n"
      "it is [user:ann] is <doc:plan#viewer>\n"
      "34:8: expectation: `user:*` holds it with other exceptions\n"
      "it is [user:*] is <doc:open#viewer>\n");
}

TEST(Validation, PointsAtMistakesInTheFileNotInTheBlock) {
  EXPECT_EQ(told(validate_text(
                "schema: |-\n  definition user {}\n  definition doc {\n    permission view = viewer\n  }\n")),
            "4:23: mistake: `doc` has no relation or permission `viewer`\n");
  EXPECT_EQ(
      told(validate_text(
          "schema: >\n  definition user {}\n\n  definition doc {\n\n    permission view = viewer\n\n  }\n")),
      "1:9: mistake: `doc` has no relation or permission `viewer` (at 4:21 of the schema's own text)\n");
  EXPECT_EQ(told(validate_text("relationships: ''")),
            "1:1: mistake: there is no `schema`, and no `schemaFile`\n");
  EXPECT_EQ(told(validate_text("schema: definition user {}\nrelationships: |\n  doc:one#viewer@user:ann\n")),
            "3:3: mistake: the policy has no kind \"doc\"\n");
}

TEST(Validation, SaysThatCaveatsAreNotThereYet) {
  EXPECT_TRUE(told(validate_text("schema: |-\n  caveat day(n int) { n < 3 }\n  definition user {}\n"))
                  .starts_with("2:10: unavailable: "));
  const std::string plain = "schema: |-\n  definition user {}\n  definition doc { relation viewer: user; }\n";
  for (const std::string more :
       {"relationships: doc:one#viewer@user:ann[day]\n",
        "relationships: 'doc:one#viewer@user:ann[expiration:2026-01-01T00:00:00Z]'\n",
        "assertions: {assertCaveated: ['doc:one#viewer@user:ann']}\n",
        "relationships: doc:one#viewer@user:ann\n"
        "validation: {'doc:one#viewer': ['[user:ann[...]] is <doc:one#viewer>']}\n"}) {
    const Report report = validate_text(plain + more);
    ASSERT_EQ(report.findings.size(), 1u) << told(report);
    EXPECT_EQ(report.findings[0].kind, Finding::Kind::unavailable) << told(report);
  }
}

TEST(Validation, RefusesWhatSaysNothing) {
  const auto first = [](std::string_view more) { return ask(more).findings.at(0); };
  EXPECT_EQ(first("  doc:open#parent@doc:plan\n").reason, "relationship.repeated");
  EXPECT_EQ(first("assertions: {assertTrue: ['doc:plan#see@user:ann']}\n").reason,
            "policy.permission.unknown");
  EXPECT_EQ(first("assertions: {assertTrue: ['doc:plan#view@user:*']}\n").reason, "policy.subject.wildcard");
  EXPECT_EQ(first("assertions: {assertTrue: ['doc:plan#view@user:ann[day]']}\n").reason, "assertion.invalid");
  EXPECT_EQ(first("validation: {'doc:plan#both': ['[user:ann] is <doc:plan#viewer>/<doc:plan#editor>', "
                  "'[user:ann] is <doc:plan#viewer>']}\n")
                .reason,
            "expectation.repeated");
}

TEST(Validation, TakesTheSchemaOfAnotherFile) {
  const auto file =
      read_validation_file("schemaFile: shop.zed\nrelationships: doc:one#viewer@user:ann\n").value();
  const EmbeddedText good("definition user {}\ndefinition doc { relation viewer: user; }\n");
  EXPECT_TRUE(validate(file, {.schema_file = good}).is_good());
  const Report report = validate(file, {.schema_file = EmbeddedText("definition user {}\ndefinition doc {")});
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_TRUE(report.findings[0].in_schema_file);
  EXPECT_EQ(report.findings[0].at.line, 2u);
}

TEST(Validation, AddsToTheProductsSchema) {
  const std::string text = R"yaml(schema: |-
  definition shop/order {
    relation shop: domain
    relation buyer: user
    permission cancel = buyer + shop->can_update
  }
relationships: |-
  domain:d1#platform@platform:main
  shop/order:o1#shop@domain:d1
  shop/order:o1#buyer@user:bea
  role:staff#member@user:sam
grants:
  - {object: "domain:d1", role: staff, actions: [update]}
assertions:
  assertTrue: ["shop/order:o1#cancel@user:bea", "shop/order:o1#cancel@user:sam"]
  assertFalse: ["shop/order:o1#cancel@user:ann"]
)yaml";
  const Report report = validate_text(text, {.with_core = true});
  EXPECT_TRUE(report.is_good()) << told(report);
  EXPECT_EQ(report.relationships, 5u);

  EXPECT_EQ(told(validate_text("schema: |-\n  definition shop/order {\n    permission view = what\n  }\n",
                               {.with_core = true})),
            "3:23: mistake: `shop/order` has no relation or permission `what`\n");
  EXPECT_NE(told(validate_text("schema: |-\n  definition order {}\n", {.with_core = true}))
                .find("`order` needs a prefix"),
            std::string::npos);
  EXPECT_EQ(
      validate_text("grants:\n  - {object: 'domain:d1', role: staff, actions: [fly]}\n", {.with_core = true})
          .findings.at(0)
          .reason,
      "policy.action.unknown");
}

TEST(Validation, FindsTheProductsSchemaToSayWhatItsFileSays) {
  std::ifstream in(std::filesystem::path(__FILE__).parent_path() / "../../../tests/validation/product.yaml",
                   std::ios::binary);
  const Report report =
      validate_text(std::string(std::istreambuf_iterator<char>(in), {}), {.with_core = true});
  EXPECT_TRUE(report.is_good()) << told(report);
  EXPECT_GT(report.assertions.all, 10u);
}

// Those without caveats and expiration are good; the others say why not.
TEST(Validation, AgreesWithTheSuiteOfSpiceDb) {
  const auto names = suite_files();
  if (names.empty()) GTEST_SKIP() << "no files in " << suite_folder();
  std::size_t good = 0;
  for (const std::string& name : names) {
    std::ifstream in(suite_folder() / name, std::ios::binary);
    const Report report = validate_text(std::string(std::istreambuf_iterator<char>(in), {}));
    if (report.is_good())
      ++good;
    else
      EXPECT_EQ(report.findings[0].kind, Finding::Kind::unavailable) << name << "\n" << told(report);
  }
  EXPECT_GE(good, 25u);
}

}  // namespace
}  // namespace allauth::policy
