// One request under way: answers it once, and with the answer does all that goes with every answer -
// common headers, metrics, one access log line.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "codec/http.h"
#include "wire/request_record.h"

namespace allauth::wire {

class Exchange {
 public:
  // `deps`, `probe` and `call` outlive the exchange.
  Exchange(const FaceDeps& deps, Probe& probe, const Call& call, const http::Request& request,
           http::Responder responder);
  // Unanswered, it answers a bug: whoever had to answer has forgotten it.
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const std::string& request_id() const { return record_.request_id(); }
  void set_route(std::string_view route, Probe& probe) { record_.set_route(route, probe); }

  // The first of these two counts; a later one does nothing. Any thread.
  void answer(http::Response response) { finish(std::move(response), nullptr); }
  void fail(const Error& error, http::Headers more = {});

 private:
  void finish(http::Response response, const Error* error);

  RequestRecord record_;
  http::Responder responder_;
};

}  // namespace allauth::wire
