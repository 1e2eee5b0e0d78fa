#include "net/http_exchange.h"

#include <utility>

#include "net/http_problem.h"
#include "net/io.h"
#include "net/signal.h"

namespace allauth::net {

// What a responder holds. Answers 500 if it is destroyed without an answer.
class Exchange::Answer {
 public:
  Answer(std::shared_ptr<Exchange> exchange, std::uint64_t serial)
      : exchange_(std::move(exchange)), serial_(serial) {}
  Answer(Answer&& other) noexcept
      : exchange_(std::exchange(other.exchange_, nullptr)), serial_(other.serial_) {}
  Answer& operator=(Answer&&) = delete;
  ~Answer() {
    if (!exchange_) return;
    exchange_->answer(serial_, make_problem(Error{.code = Code::bug,
                                                  .reason = "http.answer.missing",
                                                  .message = "The request was not answered."}));
  }

  void operator()(http::Response response) {
    if (const auto exchange = std::exchange(exchange_, nullptr))
      exchange->answer(serial_, std::move(response));
  }

 private:
  std::shared_ptr<Exchange> exchange_;
  std::uint64_t serial_;
};

http::Responder Exchange::begin() {
  std::lock_guard lock(mutex_);
  open_ = true;
  waiting_ = false;
  response_.reset();
  return Answer(shared_from_this(), ++serial_);
}

void Exchange::answer(std::uint64_t serial, http::Response response) {
  std::lock_guard lock(mutex_);
  if (!answered_ || serial != serial_ || !open_) return;
  open_ = false;
  response_ = std::move(response);
  if (waiting_) signal();
}

// Posted under the lock: the loop is alive as long as the connection is.
void Exchange::signal() {
  pool_.post(loop_, [self = shared_from_this()] {
    if (self->answered_) self->answered_->set();
  });
}

void Exchange::wake() {
  std::lock_guard lock(mutex_);
  if (answered_) signal();
}

std::optional<http::Response> Exchange::expect() {
  std::lock_guard lock(mutex_);
  waiting_ = !response_;
  return std::exchange(response_, std::nullopt);
}

bool Exchange::cancel(http::Response instead) {
  std::lock_guard lock(mutex_);
  if (!open_) return false;
  open_ = false;
  response_ = std::move(instead);
  if (waiting_) answered_->set();
  return true;
}

void Exchange::disconnect() {
  std::lock_guard lock(mutex_);
  answered_ = nullptr;
  gone_ = true;
  response_.reset();
}

}  // namespace allauth::net
