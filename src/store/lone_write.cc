#include "store/lone_write.h"

#include <array>

namespace allauth::store {

class LoneWrite {
 public:
  static Result<void> in_transaction(sql::Session& session, Clock& clock,
                                     const std::function<Result<void>(Tx&)>& run) {
    TRY(const auto head, lock_head(session));
    Tx tx(session, static_cast<Revision>(to_number(head) + 1), clock.now());
    TRY(run(tx));
    TRY(const auto entry, tx.finish());
    return append_entries(session, std::span(&entry, 1));
  }
};

Result<void> write_alone(sql::Session& session, Clock& clock, const std::function<Result<void>(Tx&)>& run) {
  TRY(session.begin_write());
  if (auto done = LoneWrite::in_transaction(session, clock, run); !done) {
    session.rollback();
    return done;
  }
  return session.commit();
}

}  // namespace allauth::store
