// SpiceDB's consistency files, each a test of its own, by its assertions and by what can be derived from
// them:
//   * every relationship can be written, read back and written again;
//   * for each relation and permission of each object and for each subject that is mentioned, the engine says
//     what the oracle says, and explains it so;
//   * the objects on which a subject holds something, and the subjects who hold something on an object, in
//   one
//     list and in pages, are those for whom the oracle says so;
//   * the tree of each relation and permission holds whom the oracle allows;
//   * the assertions hold.
// What the language does not offer yet is skipped by what the compiler says about the file.
#include <fstream>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include "policy/testing/expansions.h"
#include "policy/testing/lookups.h"
#include "policy/validation/suite_files.h"
#include "policy/validation/validation_file.h"

namespace allauth::policy {
namespace {

class Consistency : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    std::ifstream in(suite_folder() / GetParam(), std::ios::binary);
    const auto file = read_validation_file(std::string(std::istreambuf_iterator<char>(in), {}));
    ASSERT_TRUE(file) << file.error()[0].message;
    file_ = *file;
    auto world = World::make(file_.schema.text());
    if (!world && world.error().code == Code::unsupported) GTEST_SKIP() << world.error().message;
    ASSERT_TRUE(world) << world.error().message;
    world_ = std::move(*world);
    for (const RelationshipText& one : file_.relationships) {
      const auto written = world_->relate(one.edge());
      ASSERT_TRUE(written) << written.error().message;
    }
  }

  void expect(const ValidationFile::Assertion& assertion, bool allowed) {
    const Edge asked = assertion.relationship.edge();
    const std::string what =
        fmt::format("{}:{}#{}@{}:{}#{}", asked.resource.kind, asked.resource.id, asked.relation,
                    asked.subject.object.kind, asked.subject.object.id, asked.subject.relation);
    const Oracle::Truth truth = world_->oracle().ask(asked.subject, asked.relation, asked.resource);
    EXPECT_EQ(truth, allowed ? Oracle::Truth::yes : Oracle::Truth::no) << what;
    const auto decision =
        Engine().check(world_->graph(), 1,
                       {.subject = asked.subject, .permission = asked.relation, .object = asked.resource});
    ASSERT_TRUE(decision) << what << decision.error().message;
    EXPECT_EQ(decision->allowed(), allowed) << what;
  }

  void expect_rewritten() {
    Graph::Editor editor(world_->graph());
    const std::uint64_t size = world_->graph().size();
    for (const RelationshipText& one : file_.relationships) {
      EXPECT_TRUE(world_->graph().contains(one.edge()));
      EXPECT_FALSE(editor.add(one.edge()).value());
    }
    EXPECT_EQ(editor.freeze().size(), size);
    for (const RelationshipText& one : file_.relationships) (void)editor.remove(one.edge()).value();
    EXPECT_EQ(editor.freeze().size(), 0u);
  }

  // Everything that is mentioned, as itself, and each userset.
  std::vector<SubjectRef> subjects() {
    std::vector<SubjectRef> all;
    for (const ObjectRef& object : world_->oracle().objects()) all.push_back({object});
    auto add = [&](const SubjectRef& subject) {
      if (subject.object.id != "*" && std::find(all.begin(), all.end(), subject) == all.end())
        all.push_back(subject);
    };
    for (const RelationshipText& one : file_.relationships) add(one.subject.ref());
    for (const auto* list : {&file_.assert_true, &file_.assert_false})
      for (const ValidationFile::Assertion& one : *list) add(one.relationship.subject.ref());
    return all;
  }

  // For each object and for each kind that is asked about or held by: who?
  void expect_subjects() {
    std::set<std::pair<std::string_view, std::string_view>> kinds;
    for (const SubjectRef& subject : subjects()) kinds.emplace(subject.object.kind, subject.relation);
    for (const ObjectRef& object : world_->oracle().objects()) {
      for (const auto& [kind, relation] : kinds) {
        const std::string difference = subjects_difference(*world_, object, kind, relation);
        ASSERT_TRUE(difference.empty()) << difference;
      }
    }
  }

  void expect_trees() {
    std::size_t compared = 0;
    for (const ObjectRef& object : world_->oracle().objects()) {
      for (const ObjectRef& subject : world_->oracle().objects()) {
        const std::string difference = expansions_difference(*world_, object, subject, compared);
        ASSERT_TRUE(difference.empty()) << difference;
      }
    }
    EXPECT_GT(compared, 0u);
  }

  ValidationFile file_;
  std::unique_ptr<World> world_;
};

TEST_P(Consistency, Holds) {
  if (IsSkipped() || HasFatalFailure()) return;
  for (const auto& assertion : file_.assert_true) expect(assertion, true);
  for (const auto& assertion : file_.assert_false) expect(assertion, false);
  EXPECT_TRUE(file_.assert_caveated.empty()) << "without a caveat nothing can be caveated";
  expect_rewritten();
  for (const SubjectRef& subject : subjects()) {
    const std::string difference = world_->difference(subject);
    ASSERT_TRUE(difference.empty()) << difference;
    const std::string unlisted = resources_difference(*world_, subject);
    ASSERT_TRUE(unlisted.empty()) << unlisted;
  }
  EXPECT_GT(world_->counts().no, 0u);
  expect_subjects();
  expect_trees();
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  return info.param.substr(0, info.param.find('.'));
}
INSTANTIATE_TEST_SUITE_P(SpiceDb, Consistency, testing::ValuesIn(suite_files()), test_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Consistency);

TEST(ConsistencySuite, IsThere) {
  if (suite_files().empty()) GTEST_SKIP() << "no files in " << suite_folder();
  EXPECT_GE(suite_files().size(), 40u);
}

}  // namespace
}  // namespace allauth::policy
