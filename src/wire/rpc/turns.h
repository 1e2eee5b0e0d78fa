// Steps of one conversation that begin each other through callbacks: run one after the other and never one
// inside the other, so that neither the stack nor a lock grows with their number.
#pragma once

#include <mutex>
#include <utility>

namespace allauth::wire {

class Turns {
 public:
  // Runs `step`, and once more for every call of this that came meanwhile, from any thread.
  template <class Step>
  void run(Step step) {
    std::unique_lock lock(mutex_);
    if (busy_) {
      again_ = true;
      return;
    }
    busy_ = true;
    do {
      again_ = false;
      lock.unlock();
      step();
      lock.lock();
    } while (again_);
    busy_ = false;
  }

 private:
  std::mutex mutex_;
  bool busy_ = false;
  bool again_ = false;
};

}  // namespace allauth::wire
