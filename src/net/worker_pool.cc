#include "net/worker_pool.h"

#include <exception>
#include <string_view>
#include <utility>

#include <pthread.h>

namespace allauth::net {

WorkerPool::WorkerPool(WorkerOptions options, Log& log) : options_(std::move(options)), log_(log) {
  for (std::size_t i = 0; i < std::max<std::size_t>(options_.threads, 1); ++i) {
    auto& thread = threads_.emplace_back([this] { work(); });
    pthread_setname_np(thread.native_handle(),
                       fmt::format("{:.12}-{}", options_.name, i).substr(0, 15).c_str());
  }
}

WorkerPool::~WorkerPool() { stop(); }

bool WorkerPool::submit(Job job) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= options_.max_queue) return false;
    queue_.push_back(std::move(job));
  }
  ready_.notify_one();
  return true;
}

std::size_t WorkerPool::depth() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

void WorkerPool::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_all();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ready_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    try {
      job();
    } catch (const std::exception& e) {
      log_.error("a job failed", {{"pool", options_.name}, {"what", std::string_view(e.what())}});
    } catch (...) {
      log_.error("a job failed", {{"pool", options_.name}, {"what", "an unknown exception"}});
    }
    job = nullptr;  // what it owns goes before the lock is taken again
    lock.lock();
  }
}

}  // namespace allauth::net
