#include "wire/begin_call.h"

#include "wire/fields.h"

namespace allauth::wire {

Call begin_call(const FaceDeps& deps, const http::Headers& headers, const http::Peer& peer, Tick deadline) {
  Call call;
  call.request_id = read_request_id(headers).value_or(std::string());
  if (call.request_id.empty()) call.request_id = deps.ids.next();
  call.peer = peer;
  call.deadline = deadline;
  if (deps.entropy != nullptr) call.trace = read_trace(headers, *deps.entropy);
  call.limiter = deps.limiter;
  return call;
}

Result<void> admit(Call& call, WorkKind work) {
  call.work = work;
  if (call.limiter == nullptr) return {};
  return call.limiter->source(call.peer, work);
}

}  // namespace allauth::wire
