#include "app/identity/login_throttle.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/network.h"

namespace allauth::app {
namespace {

constexpr std::uint64_t kOne = 1;
constexpr std::uint64_t kAccount = 2;
constexpr std::uint64_t kSource = 3;

// Empty for 30 days once it was taken from.
constexpr Rate kKnown{.count = 1, .burst = 1, .per = Seconds(30 * 86400)};

std::uint64_t key_of(const RateTable& table, const Source& source) {
  const auto via = table.key(kSource, source.via);
  const auto customer = customer_of(source.address);
  return customer ? table.key(via, *customer) : table.key(via, source.address);
}

bool is_loopback(const std::string& address) {
  const auto parsed = IpAddress::parse(address);
  return parsed && parsed->is_loopback();
}

Counter& counter(Metrics& metrics, std::string_view kind, std::string_view outcome) {
  return metrics.counter("allauth_credentials_refused_total", "Passwords and keys that did not help.",
                         fmt::format(R"(kind="{}",outcome="{}")", kind, outcome));
}

}  // namespace

LoginThrottle::LoginThrottle(Clock& clock, Metrics& metrics, std::uint64_t seed, const FailureRates& rates)
    : clock_(clock),
      rates_(rates),
      counters_{{{counter(metrics, "password", "wrong"), counter(metrics, "password", "throttled")},
                 {counter(metrics, "key", "wrong"), counter(metrics, "key", "throttled")}}},
      failures_(seed),
      known_(seed) {}

LoginThrottle::Keys LoginThrottle::keys_of(const Attempt& attempt) const {
  const auto kind = static_cast<std::uint64_t>(attempt.kind);
  Keys keys{.account = failures_.key(kAccount ^ (kind << 8U), attempt.account)};
  if (attempt.source.address.empty()) return keys;
  const auto source = key_of(failures_, attempt.source);
  keys.one = failures_.key(kOne ^ keys.account, source);
  if (!rates_.exempt_loopback || !is_loopback(attempt.source.address)) keys.source = source;
  return keys;
}

std::optional<std::chrono::nanoseconds> LoginThrottle::wait_of(const Attempt& attempt) {
  const Keys keys = keys_of(attempt);
  const Tick now = clock_.tick();
  if (keys.one != 0) {
    if (const auto wait = failures_.wait(keys.one, rates_.one, now)) return wait;
    if (known_.wait(keys.one, kKnown, now)) return std::nullopt;
  }
  if (attempt.kind == Attempt::Kind::key) return std::nullopt;
  const auto account = failures_.wait(keys.account, rates_.account, now);
  if (keys.source == 0) return account;
  return std::max(account, failures_.wait(keys.source, rates_.source, now));
}

Result<void> LoginThrottle::admit(const Attempt& attempt) {
  const auto wait = wait_of(attempt);
  if (!wait) return {};
  counters_[static_cast<std::size_t>(attempt.kind)].throttled.add();
  return fail({.code = Code::exhausted,
               .reason = "login.throttled",
               .message = "Too many wrong passwords or keys were given; try again later.",
               .retry_after = std::chrono::ceil<Seconds>(*wait)});
}

void LoginThrottle::failed(const Attempt& attempt) {
  const Keys keys = keys_of(attempt);
  const Tick now = clock_.tick();
  counters_[static_cast<std::size_t>(attempt.kind)].wrong.add();
  if (attempt.kind == Attempt::Kind::password) failures_.take(keys.account, rates_.account, now);
  if (keys.one == 0) return;
  failures_.take(keys.one, rates_.one, now);
  if (keys.source != 0) failures_.take(keys.source, rates_.source, now);
}

void LoginThrottle::succeeded(const Attempt& attempt) {
  const Keys keys = keys_of(attempt);
  if (keys.one == 0) return;
  failures_.forget(keys.one);
  if (attempt.kind == Attempt::Kind::password) known_.take(keys.one, kKnown, clock_.tick());
}

}  // namespace allauth::app
