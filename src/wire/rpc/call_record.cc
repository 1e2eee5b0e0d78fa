#include "wire/rpc/call_record.h"

#include <utility>

#include <fmt/format.h>

#include "wire/begin_call.h"
#include "wire/rpc/status.h"

namespace allauth::wire {

CallRecord::CallRecord(const FaceDeps& deps, Probe& probe, std::shared_ptr<rpc::ServerCall> call)
    : call_(std::move(call)),
      info_(begin_call(deps, call_->head().metadata, call_->head().peer, call_->head().deadline)),
      record_(deps, probe, "GRPC", info_) {
  call_->add_initial_metadata({"x-request-id", request_id()});
}

CallRecord::~CallRecord() {
  if (!record_.ended()) fail(unanswered());
}

void CallRecord::answer(std::string message, std::optional<std::uint64_t> revision, bool replayed) {
  sent(message.size());
  if (!record_.end(0, nullptr)) return;
  rpc::Metadata trailing;
  if (revision) trailing.push_back({"allauth-revision", fmt::to_string(*revision)});
  if (replayed) trailing.push_back({"idempotency-replayed", "true"});
  call_->answer(std::move(message), std::move(trailing));
}

void CallRecord::end_well() {
  if (record_.end(0, nullptr)) call_->finish({});
}

void CallRecord::cancelled() { record_.end(static_cast<int>(rpc::StatusCode::cancelled), nullptr); }

void CallRecord::fail(const Error& error) {
  auto status = to_status(error, request_id());
  if (record_.end(static_cast<int>(status.code), &error)) call_->finish(std::move(status));
}

}  // namespace allauth::wire
