// What is counted and logged of one request, whichever transport carried it: one line in the log, one
// count, one time.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/face_deps.h"
#include "wire/probe.h"

namespace allauth::wire {

class RequestRecord {
 public:
  // Begins now. `deps` and `probe` outlive it.
  RequestRecord(const FaceDeps& deps, Probe& probe, std::string method, std::string request_id);
  RequestRecord(const RequestRecord&) = delete;
  RequestRecord& operator=(const RequestRecord&) = delete;

  const std::string& request_id() const { return request_id_; }

  // The route as it is known to operators, a template that lives as long as the face: never the raw path,
  // which may hold anything. Before end().
  void set_route(std::string_view route, Probe& probe);

  // Whoever gets true may answer: the first who asks, from any thread. `status` is the transport's own
  // number, `error` null if all went well.
  bool end(int status, const Error* error);
  bool ended() const { return ended_.load(); }

 private:
  Clock& clock_;
  Log& log_;
  Probe* probe_;
  std::string method_;
  std::string request_id_;
  std::string_view route_ = "-";
  Tick started_;
  std::atomic<bool> ended_ = false;
};

// What is answered when a handler gave no answer.
Error unanswered();

}  // namespace allauth::wire
