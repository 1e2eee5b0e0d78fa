// What is counted and logged of one request, whichever transport carried it: one line in the log, one
// count, one time. The line holds nothing that a caller chose freely, but for a request id of the form of an
// id: no path, query, header or body, no credential.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/face_deps.h"
#include "wire/method.h"
#include "wire/probe.h"

namespace allauth::wire {

class RequestRecord {
 public:
  // Begins now. `method` is that of HTTP, or "GRPC". All are borrowed and outlive it.
  RequestRecord(const FaceDeps& deps, Probe& probe, std::string_view method, const Call& call);
  RequestRecord(const RequestRecord&) = delete;
  RequestRecord& operator=(const RequestRecord&) = delete;

  const std::string& request_id() const { return call_.request_id; }

  // The route as it is known to operators, a template that lives as long as the face: never the raw path,
  // which may hold anything. Before end().
  void set_route(std::string_view route, Probe& probe);
  // Bytes of bodies or messages, without what carries them. Before end().
  void received(std::size_t bytes) { bytes_in_ += bytes; }
  void sent(std::size_t bytes) { bytes_out_ += bytes; }

  // Whoever gets true may answer: the first who asks, from any thread. `status` is the transport's own
  // number, `error` null if all went well.
  bool end(int status, const Error* error);
  bool ended() const { return ended_.load(); }

 private:
  void log(int status, const Error* error, Tick::duration took) const;

  const FaceDeps& deps_;
  Probe* probe_;
  std::string_view method_;
  const Call& call_;
  std::string_view route_ = "-";
  Tick started_;
  std::atomic<std::size_t> bytes_in_ = 0;
  std::atomic<std::size_t> bytes_out_ = 0;
  std::atomic<bool> ended_ = false;
};

// What is answered when a handler gave no answer.
Error unanswered();

}  // namespace allauth::wire
