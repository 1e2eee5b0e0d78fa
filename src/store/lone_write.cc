#include "store/lone_write.h"

#include <array>

namespace allauth::store {

class LoneWrite {
 public:
  static Result<void> in_transaction(sql::Session& session, Clock& clock, Entropy& entropy,
                                     const std::function<Result<void>(Tx&)>& run) {
    TRY(const auto head, lock_head(session));
    Tx tx(session, static_cast<Revision>(to_number(head.newest.revision) + 1), clock.now());
    TRY(run(tx));
    TRY(auto entry, tx.finish());
    entry.tag = make_tag(entropy);
    return append_entries(session, std::span(&entry, 1));
  }
};

Result<void> write_alone(sql::Session& session, Clock& clock, Entropy& entropy,
                         const std::function<Result<void>(Tx&)>& run) {
  TRY(session.begin_write());
  if (auto done = LoneWrite::in_transaction(session, clock, entropy, run); !done) {
    session.rollback();
    return done;
  }
  return session.commit();
}

}  // namespace allauth::store
