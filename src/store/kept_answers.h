// Answers to writes, kept for a while under a name that the caller chose, so that a repeat gets the answer
// again in place of a second change. Each is written in the transaction of its write: both are there, or
// neither. The table is no part of the state: no entry of the log tells of it, and no backup has it. What the
// bytes mean is the caller's matter.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/retention.h"
#include "store/write.h"

namespace allauth::store {

inline constexpr Millis kKeepAnswers = std::chrono::hours(24);
// Of one principal at a time.
inline constexpr std::size_t kMostKeptAnswers = 10'000;

struct AnswerName {
  std::string principal;  // "user/u1"
  std::string name;       // theirs
};

struct KeptAnswer {
  std::string request;  // tells one request from another
  std::string answer;
  Revision revision{};  // of the write
};

class KeptAnswers {
 public:
  static Result<std::optional<KeptAnswer>> find(Read& read, const AnswerName& name);
  // With the revision of the write. Error: exhausted idempotency.too_many.
  static Result<void> keep(Tx& tx, const AnswerName& name, const std::string& request,
                           const std::string& answer);
  // Drops the oldest of those older than `keep`, so many at most.
  static Result<Taken> drop_some(sql::Session& session, Millis keep, std::size_t most = 1000);
  // What a write runs, for the test that looks at query plans.
  static std::vector<sql::Statement> statements();
};

}  // namespace allauth::store
