#include "store/lone_write.h"

#include "store/in_write.h"

namespace allauth::store {

class LoneWrite {
 public:
  static Result<void> in_transaction(sql::Session& session, Clock& clock, Entropy& entropy,
                                     const std::function<Result<void>(Tx&)>& run) {
    TRY(const auto head, lock_head(session));
    Tx tx(session, static_cast<Revision>(to_number(head.newest.revision) + 1), clock.now());
    TRY(run(tx));
    const auto usage = std::move(tx.usage_);
    TRY(auto entry, tx.finish());
    entry.tag = make_tag(entropy);
    const QuotaRules none;  // commands of an operator are not held to quotas
    UsageBook book(none);
    TRY(book.add(tx, usage, entry.images));
    TRY(book.store(session));
    return append_entries(session, std::span(&entry, 1));
  }
};

Result<void> write_alone(sql::Session& session, Clock& clock, Entropy& entropy,
                         const std::function<Result<void>(Tx&)>& run) {
  return in_write(session, [&] { return LoneWrite::in_transaction(session, clock, entropy, run); });
}

}  // namespace allauth::store
