// Filters that the broker shall unsubscribe although the client did not say so: their right is gone.
// They go in UNSUBSCRIBEs of the gateway's own, one at a time, each with an answer to come in time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace allauth::mqtt {

class Revocations {
 public:
  // A broker that takes longer to answer is given up: the client may be waiting.
  static constexpr Millis kPatience{20'000};

  // `filter`: as the broker knows it.
  void add(std::string filter) { waiting_.insert(std::move(filter)); }
  // The client has subscribed to it again.
  void drop(std::string_view filter);

  // True if a request is to be begun.
  bool ready() const { return request_ == 0 && !waiting_.empty(); }
  // Takes out the filters of the next request, whose UNSUBSCRIBE has at most `max_size` bytes unless the
  // first filter alone has more.
  std::vector<std::string> begin(std::uint16_t packet_id, std::size_t max_size, Tick now);
  // The packet id of the request under way; 0 if none is.
  std::uint16_t request() const { return request_; }
  // False if that is not the request under way.
  bool answered(std::uint16_t packet_id);
  // As if the request under way had been sent only now.
  void excuse(Tick now) { since_ = now; }
  bool overdue(Tick now) const { return request_ != 0 && now - since_ >= kPatience; }

 private:
  std::set<std::string, std::less<>> waiting_;
  std::uint16_t request_ = 0;
  Tick since_{};
};

}  // namespace allauth::mqtt
