#include "store/read_pool.h"

#include "store/log.h"

namespace allauth::store {

// Ends the transaction and returns the session, also when the function throws.
class ReadPool::Loan {
 public:
  Loan(ReadPool& pool, std::unique_ptr<sql::Session> session) : pool_(pool), session_(std::move(session)) {}
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;
  ~Loan() {
    session_->rollback();
    pool_.give_back(std::move(session_));
  }
  sql::Session& session() { return *session_; }

 private:
  ReadPool& pool_;
  std::unique_ptr<sql::Session> session_;
};

std::unique_ptr<sql::Session> ReadPool::acquire() {
  std::unique_lock lock(mutex_);
  if (!returned_.wait_for(lock, longest_wait_, [this] { return !free_.empty(); })) return nullptr;
  auto session = std::move(free_.back());
  free_.pop_back();
  return session;
}

void ReadPool::give_back(std::unique_ptr<sql::Session> session) {
  {
    std::lock_guard lock(mutex_);
    free_.push_back(std::move(session));
  }
  returned_.notify_one();
}

Result<void> ReadPool::run(const std::function<void(Read&)>& fn) {
  auto session = acquire();
  if (!session)
    return fail(Error{.code = Code::exhausted,
                      .reason = "store.busy",
                      .message = "Too many requests are reading from the database; try again in a moment.",
                      .retry_after = Seconds(1)});
  Loan loan(*this, std::move(session));
  TRY(loan.session().begin_read());
  // The first statement fixes what the transaction sees, so this is its revision.
  TRY(const auto head, read_head(loan.session()));
  Read read(loan.session(), head.newest.revision);
  fn(read);
  return {};
}

}  // namespace allauth::store
