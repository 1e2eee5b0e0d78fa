// For tests: a database that holds nothing but a log of a few entries and is a value, so that a state
// explorer can have very many of them; and a session on it that answers the statements of the log. Images are
// gone from the moment that its head says so.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "store/log.h"
#include "store/sql/session.h"

namespace allauth::store::testing {

inline constexpr int kMostWrites = 5;
using Num = std::uint8_t;

struct Place {
  Num revision = 0, tag = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

// Entry n (from 1) was made by the write `writes[n - 1]`, in the batch `tags[n - 1]`. The writes are also
// the state: who has applied them in this order has the state at revision n.
struct History {
  Num length = 0;
  std::array<Num, kMostWrites> writes{}, tags{};
  Place compacted{};

  Place newest() const { return {length, length == 0 ? Num{0} : tags[length - 1U]}; }
  friend bool operator==(const History&, const History&) = default;
};

// How a commit ends.
enum class End : Num {
  stored,
  failed,         // nothing was stored
  lost_before,    // the connection was lost, and nothing was stored
  lost_after,     // the connection was lost, but all was stored
  given_up,       // for another transaction
  stored_unseen,  // all was stored, and whoever asked for it died
};

// Ways in which a database may break its promises.
struct BrokenDatabase {
  bool compacted_one_less = false;   // what it says of the compaction is one entry behind
  bool compacted_untold = false;     // it says nothing of the compaction
  bool compacted_always = false;     // it says that all is compacted
  bool lock_shows_old_head = false;  // who has the lock sees what it saw last
  bool tells_doubt_as_failure = false;
};

// `seen` is what `lock_shows_old_head` goes back to. What is wrong with what it is asked to do: `wrong`.
class ModelSession final : public sql::Session {
 public:
  ModelSession(History& database, const BrokenDatabase& broken, Num seen = 0, End end = End::stored)
      : database_(database), broken_(broken), seen_(seen), end_(end) {}

  std::string wrong;
  const History& state() const { return work_; }

  Result<sql::RunResult> run(const sql::Statement& statement, std::span<const sql::Value> binds,
                             const sql::RowSink& sink) override;
  Result<void> run_script(std::string_view) override { return unknown(); }
  Result<std::vector<std::string>> table_scans(const sql::Statement&) override { return unknown(); }
  Result<void> begin_read() override {
    work_ = database_;
    return {};
  }
  Result<void> begin_write() override;
  Result<void> commit() override;
  void rollback() override {}
  void announce(std::uint64_t) override {}
  Result<void> begin_schema_change() override { return unknown(); }
  Result<bool> has_table(std::string_view) override { return unknown(); }
  Result<void> savepoint() override { return {}; }
  Result<void> release() override { return {}; }
  Result<void> rollback_to_savepoint() override { return {}; }

 private:
  static std::unexpected<Error> unknown() {
    return fail(Code::bug, "test.model", "The model knows nothing of this.");
  }
  Result<void> give_head(const sql::RowSink& sink) const;
  Result<void> give_tag(Num revision, const sql::RowSink& sink) const;
  Result<void> give_entries(Num after, const sql::RowSink& sink) const;
  Result<void> give_images(Num after, Num upto, const sql::RowSink& sink) const;
  Result<void> give_ages(Num after, Num limit, const sql::RowSink& sink) const;
  void insert_entry(std::span<const sql::Value> binds);
  void store();

  History& database_;
  const BrokenDatabase& broken_;
  const Num seen_;
  const End end_;
  History work_;
  Num begun_at_ = 0;
};

}  // namespace allauth::store::testing
