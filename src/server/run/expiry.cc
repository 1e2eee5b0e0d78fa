#include "server/run/expiry.h"

#include "app/access/role_members.h"

namespace allauth::server {
namespace {

constexpr Millis kLookEvery{250};

}  // namespace

Result<void> end_expired_memberships(store::Store& store, Clock& clock) {
  while (true) {
    TRY(const bool due,
        store.read([&](store::Read& read) { return app::has_expired_members(read, clock.now()); }));
    if (!due) return {};
    const auto ended = store.write(app::expire_members());
    if (!ended && ended.error().reason != Reason("role.none_expired")) return fail(ended.error());
  }
}

Expiry::Expiry(store::Store& store, Clock& clock, Log& log)
    : store_(store), clock_(clock), log_(log), thread_([this] { loop(); }) {}

void Expiry::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Expiry::loop() {
  bool failing = false;
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kLookEvery, [this] { return stopping_; })) {
    lock.unlock();
    const auto done = end_expired_memberships(store_, clock_);
    if (!done && !failing) log_.error("memberships cannot be ended in time; still trying", done.error());
    failing = !done;
    lock.lock();
  }
}

}  // namespace allauth::server
