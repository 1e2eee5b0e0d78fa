// One request under way: answers it once, and with the answer does all that goes with every answer -
// common headers, metrics, one access log line.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "codec/http.h"
#include "wire/rest/probe.h"

namespace allauth::wire {

class Exchange {
 public:
  // `clock`, `log`, `probe` outlive the exchange.
  Exchange(Clock& clock, Log& log, Probe& probe, std::string http_method, std::string request_id,
           http::Responder responder);
  // Unanswered, it answers a bug: whoever had to answer has forgotten it.
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const std::string& request_id() const { return request_id_; }

  // The route as it is known to operators, a template: never the raw path, which may hold anything.
  void set_route(std::string_view route, Probe& probe);

  // The first of these two counts; a later one does nothing. Any thread.
  void answer(http::Response response) { finish(std::move(response), nullptr); }
  void fail(const Error& error, http::Headers more = {});

 private:
  void finish(http::Response response, const Error* error);

  Clock& clock_;
  Log& log_;
  Probe* probe_;
  std::string http_method_;
  std::string request_id_;
  std::string_view route_ = "-";  // lives as long as the face
  Tick started_;
  http::Responder responder_;
  std::atomic<bool> answered_ = false;
};

}  // namespace allauth::wire
