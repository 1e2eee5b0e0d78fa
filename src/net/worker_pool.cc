#include "net/worker_pool.h"

#include <exception>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <pthread.h>

namespace allauth::net {
namespace {

std::string label(const WorkerOptions& options) { return fmt::format(R"(pool="{}")", options.name); }

}  // namespace

WorkerPool::WorkerPool(WorkerOptions options, Clock& clock, Log& log, Metrics& metrics)
    : options_(std::move(options)),
      clock_(clock),
      log_(log),
      depth_(metrics.gauge("allauth_pool_queue", "Jobs that wait for a thread.", label(options_))),
      refused_(metrics.counter("allauth_pool_refused_total", "Jobs refused because too many were waiting.",
                               label(options_))),
      waited_(metrics.latency("allauth_pool_wait_seconds", "Time that jobs waited for a thread.",
                              label(options_))),
      queue_(options_.max_queue, (options_.max_queue + 1) / 2) {
  for (std::size_t i = 0; i < std::max<std::size_t>(options_.threads, 1); ++i) {
    auto& thread = threads_.emplace_back([this] { work(); });
    pthread_setname_np(thread.native_handle(),
                       fmt::format("{:.12}-{}", options_.name, i).substr(0, 15).c_str());
  }
}

WorkerPool::~WorkerPool() { stop(); }

bool WorkerPool::submit(std::string_view whose, Job job) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || !queue_.push(whose, {std::move(job), clock_.tick()})) {
      refused_.add();
      return false;
    }
    depth_.set(static_cast<std::int64_t>(queue_.size()));
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
    Waiting next = queue_.pop();
    depth_.set(static_cast<std::int64_t>(queue_.size()));
    lock.unlock();
    run(std::move(next));  // what it owns goes before the lock is taken again
    lock.lock();
  }
}

void WorkerPool::run(Waiting next) {
  waited_.observe(std::chrono::duration<double>(clock_.tick() - next.since).count());
  try {
    next.job();
  } catch (const std::exception& e) {
    log_.error("a job failed", {{"pool", options_.name}, {"what", std::string_view(e.what())}});
  } catch (...) {
    log_.error("a job failed", {{"pool", options_.name}, {"what", "an unknown exception"}});
  }
}

}  // namespace allauth::net
