// How much each domain holds, counted in the transactions that change it, and held to its quotas there. The
// rows' own writer counts (rows.cc), so no use-case can forget to.
//
// The counts are rows of domain_usage, one for each domain. They are read once for each domain that a batch
// touches and written once at its end; the lock of the log's head keeps others from writing meanwhile. They
// are no part of the log or of a backup: they follow from the rows, and a restore counts them anew.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "base/metrics.h"
#include "model/quotas.h"
#include "store/log.h"
#include "store/read.h"

namespace allauth::store {

struct Shape;

// What one write changes, by the id of the domain.
using UsageChanges = std::map<std::string, Amounts, std::less<>>;

// What a row counts as, and where; nothing for rows that do not count.
struct CountedRow {
  std::string domain;
  Counted what;
};
// To be asked before a row is erased, and after one was inserted.
Result<std::optional<CountedRow>> counted_row(Read& read, const Shape& shape, const void* row);

inline void add_one(UsageChanges& changes, const CountedRow& row, int change) {
  changes[row.domain][static_cast<std::size_t>(row.what)] += change;
}

struct QuotaRules {
  Amounts defaults{};                         // all without limit
  std::array<Counter*, kCounted> refusals{};  // none: not counted
};
// `metrics` outlives what counts by them.
QuotaRules quota_rules(const Amounts& defaults, Metrics& metrics);

// The counts of one batch.
class UsageBook {
 public:
  explicit UsageBook(const QuotaRules& rules) : rules_(rules) {}

  // Takes up what one write has done, or refuses it: conflict quota.members, quota.clients …
  Result<void> add(Read& read, const UsageChanges& changes, std::span<const Image> images);
  // Writes what has changed. Once, before the commit.
  Result<void> store(sql::Session& session);

 private:
  struct Page {
    Amounts used{};
    std::optional<Amounts> quotas;  // unknown until something is added
    bool changed = false;
    bool erased = false;  // the domain is gone
  };
  Result<Page*> open(Read& read, const std::string& domain);
  Result<void> check(Read& read, const std::string& domain, Page& page, const Amounts& change) const;

  const QuotaRules& rules_;
  std::map<std::string, Page, std::less<>> pages_;
};

// What a domain holds.
Result<Amounts> usage_of(Read& read, std::string_view domain);
// Counts everything anew.
Result<void> recount_usage(sql::Session& session);

}  // namespace allauth::store
