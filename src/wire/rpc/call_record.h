// One gRPC call under way: ends it once, with what goes with every end - metadata, metrics, one access log
// line.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "codec/rpc.h"
#include "wire/request_record.h"

namespace allauth::wire {

class CallRecord {
 public:
  // `deps` and `probe` outlive it.
  CallRecord(const FaceDeps& deps, Probe& probe, std::shared_ptr<rpc::ServerCall> call);
  // Unanswered, it answers a bug: whoever had to answer has forgotten it.
  ~CallRecord();
  CallRecord(const CallRecord&) = delete;
  CallRecord& operator=(const CallRecord&) = delete;

  rpc::ServerCall& call() { return *call_; }
  Call& info() { return info_; }
  const std::string& request_id() const { return info_.request_id; }
  void set_route(std::string_view route, Probe& probe) { record_.set_route(route, probe); }

  // Bytes of messages.
  void received(std::size_t bytes) { record_.received(bytes); }
  void sent(std::size_t bytes) { record_.sent(bytes); }

  // The first of these counts; a later one does nothing. Any thread.
  void answer(std::string message, std::optional<std::uint64_t> revision, bool replayed = false);
  void end_well();   // of a stream
  void cancelled();  // the caller has gone away
  void fail(const Error& error);

 private:
  std::shared_ptr<rpc::ServerCall> call_;
  Call info_;
  RequestRecord record_;
};

}  // namespace allauth::wire
