// A bounded queue that gives everybody a turn: what belongs to one key waits behind its own, and no key may
// take more than its share of the places.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace allauth::net {

// Not thread-safe. Keys are forgotten when nothing of theirs waits, so their number is bounded, too.
template <class Job>
class FairQueue {
 public:
  FairQueue(std::size_t places, std::size_t share) : places_(places), share_(share) {}

  // False if there is no place, or none for this key. The empty key has no share of its own: all places.
  bool push(std::string_view key, Job job) {
    if (size_ >= places_) return false;
    auto waiting = waiting_.find(key);
    if (waiting == waiting_.end()) waiting = waiting_.emplace(std::string(key), std::deque<Job>()).first;
    if (!key.empty() && waiting->second.size() >= share_) {
      if (waiting->second.empty()) waiting_.erase(waiting);
      return false;
    }
    if (waiting->second.empty()) turns_.push_back(waiting);
    waiting->second.push_back(std::move(job));
    ++size_;
    return true;
  }

  // The oldest job of the key whose turn it is. There must be one.
  Job pop() {
    const auto waiting = turns_.front();
    turns_.pop_front();
    Job job = std::move(waiting->second.front());
    waiting->second.pop_front();
    --size_;
    if (waiting->second.empty())
      waiting_.erase(waiting);
    else
      turns_.push_back(waiting);
    return job;
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  using Waiting = std::map<std::string, std::deque<Job>, std::less<>>;

  const std::size_t places_, share_;
  std::size_t size_ = 0;
  Waiting waiting_;
  std::deque<typename Waiting::iterator> turns_;
};

}  // namespace allauth::net
