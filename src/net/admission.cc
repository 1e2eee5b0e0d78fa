#include "net/admission.h"

#include <fmt/format.h>

namespace allauth::net {

class Admission::Lease {
 public:
  Lease(std::shared_ptr<Admission> owner, std::uint64_t source) : owner_(std::move(owner)), source_(source) {}
  ~Lease() { owner_->leave(source_); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

 private:
  std::shared_ptr<Admission> owner_;
  std::uint64_t source_;
};

Admission::Admission(const ListenerOptions& options, Metrics& metrics)
    : max_connections_(options.max_connections),
      max_per_address_(options.max_per_address),
      gauge_(metrics.gauge("allauth_net_connections", "Connections open now",
                           fmt::format("listener=\"{}\"", options.name))),
      accepted_(metrics.counter("allauth_net_accepted_total", "Connections accepted",
                                fmt::format("listener=\"{}\"", options.name))) {
  constexpr std::string_view kCauses[] = {"limit", "address_limit", "tls", "closing"};
  for (std::size_t i = 0; i < refused_.size(); ++i)
    refused_[i] = &metrics.counter("allauth_net_refused_total", "Connections refused or cut before use",
                                   fmt::format("listener=\"{}\",cause=\"{}\"", options.name, kCauses[i]));
}

void Admission::refused(Cause cause) { refused_[static_cast<std::size_t>(cause)]->add(); }

std::shared_ptr<void> Admission::admit(std::uint64_t source) {
  if (max_connections_ != 0 && open_.load() >= max_connections_) {
    refused(Cause::limit);
    return nullptr;
  }
  if (!enter(source)) {
    refused(Cause::address_limit);
    return nullptr;
  }
  ++open_;
  accepted_.add();
  gauge_.add(1);
  return std::make_shared<Lease>(shared_from_this(), source);
}

bool Admission::enter(std::uint64_t source) {
  if (max_per_address_ == 0) return true;
  std::lock_guard lock(mutex_);
  auto& count = sources_[source];
  if (count >= max_per_address_) return false;
  ++count;
  return true;
}

void Admission::leave(std::uint64_t source) {
  --open_;
  gauge_.add(-1);
  if (max_per_address_ == 0) return;
  std::lock_guard lock(mutex_);
  const auto found = sources_.find(source);
  if (--found->second == 0) sources_.erase(found);
}

}  // namespace allauth::net
