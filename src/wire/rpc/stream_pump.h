// Moves the messages of a MessageStream into a gRPC call: the next one is asked for when the transport has
// room again, and nobody is asked once the caller has gone away.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/error.h"
#include "wire/method.h"
#include "wire/rpc/call_record.h"
#include "wire/rpc/turns.h"

namespace allauth::wire {

class StreamPump : public std::enable_shared_from_this<StreamPump> {
 public:
  // `record` lives in what `alive` holds. Every message is one of `type`.
  StreamPump(std::shared_ptr<void> alive, CallRecord& record, const google::protobuf::Descriptor* type,
             std::unique_ptr<MessageStream> stream);

  void start();
  // Ends the call with this; from any thread. Later ones do nothing.
  void end(const Error& error);

 private:
  enum class Turn { ask, write, wait, over };
  void advance();
  void step();
  void got(Result<std::unique_ptr<Message>> next);
  void written(bool taken);
  void cancel();
  // True for the first one; the stream goes with the next step.
  bool finish();

  std::shared_ptr<void> alive_;
  CallRecord& record_;
  const google::protobuf::Descriptor* type_;
  Turns turns_;
  std::mutex mutex_;  // over the next three
  Turn turn_ = Turn::ask;
  std::string bytes_;
  std::unique_ptr<MessageStream> stream_;
};

}  // namespace allauth::wire
