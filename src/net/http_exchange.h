// The bridge between one connection and whoever answers its requests: the answer may come inside the
// call of the face, later from any thread, or never, even after the connection is gone.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "codec/http.h"

namespace allauth::net {

class IoPool;
class Signal;

// One per connection, used for its requests one after the other.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  // `answered` is signalled on its loop once an answer has come that expect() did not find.
  Exchange(IoPool& pool, std::size_t loop, Signal& answered)
      : pool_(pool), loop_(loop), answered_(&answered) {}

  // On the connection's loop:
  http::Responder begin();                 // the next request
  std::optional<http::Response> expect();  // its answer; if there is none yet, signals when there is
  bool cancel(http::Response instead);     // answers in its place, unless it was answered already
  void give_up() { gone_ = true; }         // the client has gone; it is answered all the same
  void disconnect();                       // the connection goes; later answers are dropped

  // For whoever answers: true once nobody is there to read it.
  std::shared_ptr<const std::atomic<bool>> gone() { return {shared_from_this(), &gone_}; }

  // Signals the connection, if it is still there. Any thread.
  void wake();

 private:
  class Answer;
  void answer(std::uint64_t serial, http::Response response);
  void signal();  // with the lock held

  IoPool& pool_;
  const std::size_t loop_;
  std::mutex mutex_;
  Signal* answered_;          // null once disconnected
  std::uint64_t serial_ = 0;  // of the request at hand
  bool open_ = false;         // it has not been answered
  bool waiting_ = false;
  std::atomic<bool> gone_{false};
  std::optional<http::Response> response_;
};

}  // namespace allauth::net
