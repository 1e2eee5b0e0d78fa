#include "store/testing/model_session.h"

#include <fmt/format.h>

namespace allauth::store::testing {
namespace {

// Columns that are not set are empty.
class ModelRow final : public sql::Row {
 public:
  explicit ModelRow(std::initializer_list<std::int64_t> integers) {
    std::size_t column = 0;
    for (const auto integer : integers) integers_[column++] = integer;
  }
  void set_text(int column, std::string_view text) {
    text_column_ = column;
    text_ = text;
  }
  bool is_null(int) const override { return false; }
  std::int64_t integer(int column) const override { return integers_[static_cast<std::size_t>(column)]; }
  std::string_view bytes(int column) const override {
    return column == text_column_ ? std::string_view(text_) : std::string_view();
  }

 private:
  std::array<std::int64_t, 11> integers_{};
  int text_column_ = -1;
  std::string text_;
};

Num number(const sql::Value& value) { return static_cast<Num>(value.integer()); }

}  // namespace

Result<sql::RunResult> ModelSession::run(const sql::Statement& statement, std::span<const sql::Value> binds,
                                         const sql::RowSink& sink) {
  const auto name = statement.name();
  if (name == "log.head" || name == "log.lock_head")
    TRY(give_head(sink));
  else if (name == "log.tag")
    TRY(give_tag(number(binds[0]), sink));
  else if (name == "log.entries")
    TRY(give_entries(number(binds[0]), sink));
  else if (name == "log.images")
    TRY(give_images(number(binds[0]), number(binds[1]), sink));
  else if (name == "retention.oldest")
    TRY(give_ages(number(binds[0]), number(binds[1]), sink));
  else if (name == "retention.mark")
    work_.compacted = {number(binds[0]), number(binds[1])};
  else if (name == "log.insert_entry")
    insert_entry(binds);
  else if (name == "log.move_head" && Place{number(binds[0]), number(binds[1])} != work_.newest())
    wrong = "the head is moved to another entry than the newest";
  return sql::RunResult{1};
}

Result<void> ModelSession::give_head(const sql::RowSink& sink) const {
  const Place newest = work_.newest();
  Place compacted = work_.compacted;
  if (broken_.compacted_one_less && compacted.revision > 0) {
    --compacted.revision;
    compacted.tag = compacted.revision == 0 ? Num{0} : work_.tags[compacted.revision - 1U];
  }
  if (broken_.compacted_untold) compacted = {};
  if (broken_.compacted_always) compacted = newest;
  return sink(ModelRow({newest.revision, newest.tag, compacted.revision, compacted.tag}));
}

Result<void> ModelSession::give_tag(Num revision, const sql::RowSink& sink) const {
  if (revision == 0 || revision > work_.length) return {};
  return sink(ModelRow({work_.tags[revision - 1U]}));
}

Result<void> ModelSession::give_entries(Num after, const sql::RowSink& sink) const {
  for (Num n = after; n < work_.length; ++n) TRY(sink(ModelRow({n + 1, work_.tags[n]})));
  return {};
}

Result<void> ModelSession::give_images(Num after, Num upto, const sql::RowSink& sink) const {
  for (Num n = std::max(after, work_.compacted.revision); n < upto; ++n) {
    ModelRow row(
        {n + 1, static_cast<std::int64_t>(ImageKind::client), 0, static_cast<std::int64_t>(Audience::all)});
    row.set_text(2, fmt::to_string(work_.writes[n]));
    TRY(sink(row));
  }
  return {};
}

// All of them are old.
Result<void> ModelSession::give_ages(Num after, Num limit, const sql::RowSink& sink) const {
  for (Num n = after; n < std::min<int>(work_.length, after + limit); ++n)
    TRY(sink(ModelRow({n + 1, work_.tags[n], 1})));
  return {};
}

void ModelSession::insert_entry(std::span<const sql::Value> binds) {
  const Num revision = number(binds[0]);
  if (revision != work_.length + 1) wrong = "an entry does not continue the log";
  if (work_.length == kMostWrites) {
    wrong = "more was written than there are writes";
    return;
  }
  work_.tags[work_.length] = number(binds[1]);
  work_.writes[work_.length] = static_cast<Num>(binds[10].bytes().front() - '0');
  ++work_.length;
}

Result<void> ModelSession::begin_write() {
  work_ = database_;
  if (broken_.lock_shows_old_head && seen_ < work_.length) work_.length = seen_;
  begun_at_ = work_.length;
  return {};
}

void ModelSession::store() {
  if (begun_at_ != database_.length) wrong = "an entry does not continue the log";
  database_ = work_;
}

Result<void> ModelSession::commit() {
  switch (end_) {
    case End::stored:
    case End::stored_unseen:
      store();
      return {};
    case End::lost_after:
      store();
      if (broken_.tells_doubt_as_failure) return fail(Code::unavailable, "store.io", "It failed.");
      return fail(Code::unavailable, "store.unreachable", "Gone.");
    case End::lost_before:
      return fail(Code::unavailable, "store.unreachable", "Gone.");
    case End::given_up:
      return fail(Code::unavailable, "store.serialization", "Given up.");
    case End::failed:
      break;
  }
  return fail(Code::unavailable, "store.io", "It failed.");
}

}  // namespace allauth::store::testing
