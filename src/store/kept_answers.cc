#include "store/kept_answers.h"

#include <array>
#include <limits>

#include "store/in_write.h"
#include "store/to_value.h"

namespace allauth::store {
namespace {

constexpr sql::Statement kFind(
    "kept_answer.find",
    "SELECT request, answer, revision FROM kept_answers WHERE principal = $1 AND name = $2");
constexpr sql::Statement kKeep(
    "kept_answer.keep",
    "INSERT INTO kept_answers (principal, name, request, answer, revision, kept_at) "
    "VALUES ($1, $2, $3, $4, $5, {now})");
// One row if there are so many.
constexpr sql::Statement kNth(
    "kept_answer.nth",
    "SELECT revision FROM kept_answers WHERE principal = $1 ORDER BY revision LIMIT 1 OFFSET $2");
constexpr sql::Statement kNthOldest("kept_answer.nth_oldest",
                                    "SELECT kept_at FROM kept_answers ORDER BY kept_at LIMIT 1 OFFSET $1");
constexpr sql::Statement kDrop("kept_answer.drop",
                               "DELETE FROM kept_answers WHERE kept_at <= $1 AND kept_at < {now} - $2");

}  // namespace

Result<std::optional<KeptAnswer>> KeptAnswers::find(Read& read, const AnswerName& name) {
  std::optional<KeptAnswer> found;
  TRY(read.query(kFind, std::array{to_value(name.principal), to_value(name.name)},
                 [&found](const sql::Row& row) -> Result<void> {
                   found = KeptAnswer{.request = std::string(row.bytes(0)),
                                      .answer = std::string(row.bytes(1)),
                                      .revision = static_cast<Revision>(row.integer(2))};
                   return {};
                 }));
  return found;
}

Result<void> KeptAnswers::keep(Tx& tx, const AnswerName& name, const std::string& request,
                               const std::string& answer) {
  bool full = false;
  TRY(tx.query(kNth, std::array{to_value(name.principal), to_value(kMostKeptAnswers - 1)},
               [&full](const sql::Row&) -> Result<void> {
                 full = true;
                 return {};
               }));
  if (full)
    return fail({.code = Code::exhausted,
                 .reason = "idempotency.too_many",
                 .message = "There are too many idempotency keys of yours; each is kept for 24 h.",
                 .retry_after = Seconds(60)});
  auto kept = tx.session_.run(
      kKeep, std::array{to_value(name.principal), to_value(name.name), sql::Value::blob(request),
                        sql::Value::blob(answer), to_value(tx.revision())});
  if (kept) return {};
  if (!tx.failure_) tx.failure_ = kept.error();
  return fail(std::move(kept).error());
}

Result<Taken> KeptAnswers::drop_some(sql::Session& session, Millis keep, std::size_t most) {
  return in_write(session, [&]() -> Result<Taken> {
    std::int64_t last = std::numeric_limits<std::int64_t>::max();
    TRY(session.run(kNthOldest, std::array{to_value(most - 1)}, [&last](const sql::Row& row) -> Result<void> {
      last = row.integer(0);
      return {};
    }));
    TRY(const auto dropped, session.run(kDrop, std::array{to_value(last), to_value(keep.count())}));
    const auto rows = static_cast<std::size_t>(dropped.rows_changed);
    return Taken{rows, rows >= most};
  });
}

std::vector<sql::Statement> KeptAnswers::statements() { return {kFind, kNth}; }

}  // namespace allauth::store
