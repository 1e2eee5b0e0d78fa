#include "wire/rpc/trust.h"

#include <utility>

#include <fmt/format.h>

#include "wire/rpc/passed_on_call.h"

namespace allauth::wire {
namespace {

class SettledCall final : public PassedOnCall {
 public:
  SettledCall(std::shared_ptr<rpc::ServerCall> call, http::Peer peer)
      : PassedOnCall(call), head_(call->head()) {
    head_.peer = std::move(peer);
  }
  const rpc::Head& head() const override { return head_; }

 private:
  rpc::Head head_;
};

}  // namespace

rpc::Face with_trust(http::Trust trust, const std::string& listener, Metrics& metrics, rpc::Face face) {
  const auto counter = [&](std::string_view cause) {
    return &metrics.counter("allauth_net_forwarded_ignored_total",
                            "Requests whose forwarding headers were not believed",
                            fmt::format(R"(listener="{}",cause="{}")", listener, cause));
  };
  return [trust = std::move(trust), untrusted = counter("untrusted"), malformed = counter("malformed"),
          face = std::move(face)](std::shared_ptr<rpc::ServerCall> call) {
    // Most calls come straight from their caller, of whom nothing is to be settled.
    if (trust.empty() && !http::is_forwarded(call->head().metadata)) return face(std::move(call));
    auto headers = call->head().metadata;
    http::Peer peer = call->head().peer;
    const auto forwarding = http::settle(trust, headers, peer);
    if (forwarding == http::Forwarding::malformed) malformed->add();
    if (forwarding == http::Forwarding::untrusted && !trust.empty()) untrusted->add();
    face(std::make_shared<SettledCall>(std::move(call), std::move(peer)));
  };
}

}  // namespace allauth::wire
