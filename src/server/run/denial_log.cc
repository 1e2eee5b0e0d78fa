#include "server/run/denial_log.h"

namespace allauth::server {
namespace {

// Topics may be 64 KiB long; a log line need not be.
constexpr std::size_t kMaxShown = 256;

std::string shown(std::string_view text) { return std::string(text.substr(0, kMaxShown)); }

}  // namespace

void DenialLog::add(const mqtt::Denial& denial) {
  Kind kind{std::string(mqtt::to_string(denial.operation)), shown(denial.client), shown(denial.topic),
            std::string(denial.reason.slug())};
  std::string key = fmt::format("{}\n{}\n{}\n{}", kind.operation, kind.client, kind.topic, kind.reason);
  std::lock_guard lock(mutex_);
  if (const Tick now = clock_.tick(); now >= window_end_) {
    flush_locked();
    window_end_ = now + kWindow;
  }
  if (const auto known = kinds_.find(key); known != kinds_.end()) {
    ++known->second.count;
    return;
  }
  if (kinds_.size() >= kMaxKinds) {
    ++others_;
    return;
  }
  log_.info("gateway denied", {{"operation", kind.operation},
                               {"client", kind.client},
                               {"topic", kind.topic},
                               {"reason", kind.reason}});
  kinds_.emplace(std::move(key), std::move(kind));
}

void DenialLog::flush() {
  std::lock_guard lock(mutex_);
  flush_locked();
}

void DenialLog::flush_locked() {
  for (const auto& [key, kind] : kinds_)
    if (kind.count > 1)
      log_.info("gateway denied again", {{"operation", kind.operation},
                                         {"client", kind.client},
                                         {"topic", kind.topic},
                                         {"reason", kind.reason},
                                         {"times", kind.count}});
  if (others_ > 0) log_.info("gateway denied others", {{"times", others_}});
  kinds_.clear();
  others_ = 0;
}

}  // namespace allauth::server
