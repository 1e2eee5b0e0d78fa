#include "store/kept_answers.h"

#include "store/rows.h"
#include "store/testing/contract.h"
#include "store/testing/samples.h"

namespace allauth::store::testing {
namespace {

class KeptAnswersContract : public StoreTest {
 protected:
  static AnswerName name(const std::string& key) { return {.principal = "user/u1", .name = key}; }
  auto keep(const std::string& key, const std::string& answer, bool fails = false) {
    return write([=](Tx& tx) -> Result<void> {
      TRY(KeptAnswers::keep(tx, name(key), "request", answer));
      if (fails) return fail(Code::conflict, "test.refused", "No.");
      return {};
    });
  }
  std::optional<KeptAnswer> find(const std::string& key) {
    return store_->read([&](Read& read) { return KeptAnswers::find(read, name(key)); }).value();
  }
  // Alone with the database, for as long as fn(session) runs.
  template <class Fn>
  void without_store(Fn fn) {
    store_.reset();
    {
      const auto database = GetParam().open(folder_.path()).value();
      const auto session = database->connect(sql::Database::Access::read_write).value();
      fn(*session);
    }
    open();
  }
};

TEST_P(KeptAnswersContract, StandOrFallWithTheirWrite) {
  const std::string bytes("\0\xff bytes", 8);
  const auto kept = keep("k1", bytes);
  ASSERT_TRUE(kept) << kept.error().message << kept.error().detail;
  const auto found = find("k1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->answer, bytes);
  EXPECT_EQ(found->request, "request");
  EXPECT_EQ(found->revision, kept->revision);
  EXPECT_FALSE(keep("k2", "answer", true));
  EXPECT_FALSE(find("k2"));
  EXPECT_FALSE(find("K1"));
}

TEST_P(KeptAnswersContract, AreStillThereAfterARestartAndInNoImage) {
  ASSERT_TRUE(keep("k1", "answer"));
  EXPECT_TRUE(whole_log().back().images.empty());
  open();
  EXPECT_TRUE(find("k1"));
}

TEST_P(KeptAnswersContract, AreDroppedWhenTheirTimeIsOver) {
  for (const char* key : {"k1", "k2", "k3"}) ASSERT_TRUE(keep(key, "answer"));
  without_store([](sql::Session& session) {
    EXPECT_EQ(KeptAnswers::drop_some(session, kKeepAnswers)->rows, 0U);
    ASSERT_TRUE(session.begin_write());
    ASSERT_TRUE(session.run(
        {"test.age", "UPDATE kept_answers SET kept_at = kept_at - 90000000 WHERE name <> 'k3'"}, {}));
    ASSERT_TRUE(session.commit());
    const auto first = KeptAnswers::drop_some(session, kKeepAnswers, 1);
    ASSERT_TRUE(first) << first.error().detail;
    EXPECT_GE(first->rows, 1U);
    while (KeptAnswers::drop_some(session, kKeepAnswers, 1)->more) {
    }
  });
  EXPECT_FALSE(find("k1"));
  EXPECT_FALSE(find("k2"));
  EXPECT_TRUE(find("k3"));
}

INSTANTIATE_TEST_SUITE_P(Engines, KeptAnswersContract, ::testing::ValuesIn(engines()),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace allauth::store::testing
