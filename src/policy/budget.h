// What a check may cost, and how it is called off.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace allauth::policy {

struct Limits {
  static constexpr std::uint32_t kDefaultWork = 200'000;

  std::uint32_t max_work = kDefaultWork;    // objects and edges to visit; memory is bounded by it, too
  const std::atomic<bool>* stop = nullptr;  // set by another thread: give up. nullptr: nobody will
  std::uint32_t look_back_at = 128;         // so many objects at once: look from the subject's side, too
};

// For a look-up or many checks at once.
inline constexpr std::uint32_t kLookupWork = 10 * Limits::kDefaultWork;

// The work done so far. Looks at the stop flag every now and then.
class Budget {
 public:
  explicit Budget(const Limits& limits) : limits_(limits) {
    if (limits.stop == nullptr) look_again();
  }

  void spend(std::uint64_t work) { work_ += work; }
  // Once true, it stays so.
  bool spent() { return work_ >= next_look_ && is_over(); }

  bool was_stopped() const { return stopped_; }
  const Limits& limits() const { return limits_; }
  std::uint64_t work() const { return work_; }

 private:
  static constexpr std::uint64_t kBetweenLooks = 4096;

  bool is_over() {
    if (work_ > limits_.max_work) return true;
    if (limits_.stop != nullptr && limits_.stop->load(std::memory_order_relaxed)) stopped_ = true;
    if (!stopped_) look_again();
    return stopped_;
  }
  void look_again() {
    const std::uint64_t end = std::uint64_t{limits_.max_work} + 1;
    next_look_ = limits_.stop == nullptr ? end : std::min(end, work_ + kBetweenLooks);
  }

  Limits limits_;
  std::uint64_t work_ = 0;
  std::uint64_t next_look_ = 0;
  bool stopped_ = false;
};

}  // namespace allauth::policy
