#include "server/stream/follower.h"

#include <algorithm>

#include "server/stream/door.h"

namespace allauth::server {
namespace {

constexpr Millis kNap{50};

std::unexpected<Error> stopping() {
  return fail(Code::unavailable, "stream.stopping", "This node is stopping.");
}

std::string path_from(const std::optional<store::LogCursor>& at) {
  return fmt::format("{}?view=node{}", kStreamPath, at ? "&from=" + store::to_text(*at) : "");
}

// Between half of it and all of it, so that many nodes do not come back at the same moment.
Millis jittered(Millis pause, Entropy& entropy) {
  std::array<std::uint8_t, 2> bytes;
  entropy.fill(bytes);
  const auto share = static_cast<std::int64_t>(bytes[0]) * 256 + bytes[1];
  return pause / 2 + pause * share / (2 * 65536);
}

}  // namespace

StreamFollower::StreamFollower(Deps deps, FollowerOptions options, store::SnapshotHub& hub,
                               Intake::Events events)
    : deps_(deps),
      options_(std::move(options)),
      intake_(hub, std::move(events)),
      connected_gauge_(deps.metrics.gauge("allauth_follow_connected", "1 while the log stream is connected")),
      losses_(
          deps.metrics.counter("allauth_follow_losses_total", "Connections to the log stream that ended")),
      states_(deps.metrics.counter("allauth_follow_states_total", "Whole states taken from the log stream")),
      rewinds_(deps.metrics.counter("allauth_follow_rewinds_total",
                                    "States that end before what was known already: changes were lost")) {}

void StreamFollower::start() {
  thread_ = std::thread([this] { run(); });
}

void StreamFollower::stop() {
  stopping_.store(true);
  if (thread_.joinable()) thread_.join();
}

void StreamFollower::run() {
  for (std::size_t turn = 0; !stopping_.load(); ++turn) {
    const auto& target = options_.targets[turn % options_.targets.size()];
    const Tick since = deps_.clock.tick();
    const auto ended = follow_once(target);
    connected_gauge_.set(0);
    if (stopping_.load()) return;
    if (deps_.clock.tick() - since > options_.longest_pause) failures_ = 0;
    losses_.add();
    say_why(target, ended.error());
    pause();
  }
}

Result<void> StreamFollower::follow_once(const ApiTarget& target) {
  const auto path = path_from(intake_.begin());
  Tick heard = deps_.clock.tick();
  bool any = false;
  const StreamWatch watch{
      .on_bytes = [&](std::string_view bytes) -> Result<void> {
        heard = deps_.clock.tick();
        TRY(take(bytes));
        if (!std::exchange(any, true)) {
          connected_gauge_.set(1);
          said_.erase(target.server);
          deps_.log.info("following the log", {{"server", target.server}});
        }
        return {};
      },
      .go_on = [&]() -> Result<void> {
        if (stopping_.load()) return stopping();
        const auto allowed = any ? options_.dead_after : options_.connect_timeout + options_.dead_after;
        if (deps_.clock.tick() - heard <= allowed) return {};
        return fail(Code::unavailable, "stream.silent", "Nothing was heard of the server.");
      },
      .connect_timeout = options_.connect_timeout};
  return read_stream(target, path, watch);
}

Result<void> StreamFollower::take(std::string_view bytes) {
  const auto before = intake_.seen();
  const auto was_at = intake_.at();
  auto taken = intake_.feed(bytes);
  const auto& seen = intake_.seen();
  states_.add(seen.states - before.states);
  rewinds_.add(seen.rewinds - before.rewinds);
  if (seen.rewinds > before.rewinds && was_at)
    deps_.log.error(
        "ALARM: the log that is followed ends before what this node knew of; what was stored after that may "
        "be lost",
        {{"was_at", store::to_text(*was_at)},
         {"state_is_at", intake_.at() ? store::to_text(*intake_.at()) : std::string()}});
  return taken;
}

// The same trouble of a server is said once, not at every attempt.
void StreamFollower::say_why(const ApiTarget& target, const Error& error) {
  const auto [last, is_new] = said_.try_emplace(target.server, error.reason);
  if (!is_new && last->second == error.reason) return;
  last->second = error.reason;
  deps_.log.warn("the log is not followed", {{"server", target.server},
                                             {"reason", error.reason.slug()},
                                             {"error", error.message},
                                             {"detail", error.detail}});
}

void StreamFollower::pause() {
  constexpr int kMostDoublings = 10;
  const auto whole =
      std::min(options_.longest_pause, options_.first_pause * (1 << std::min(failures_, kMostDoublings)));
  ++failures_;
  const Tick until = deps_.clock.tick() + jittered(whole, deps_.entropy);
  while (!stopping_.load() && deps_.clock.tick() < until) std::this_thread::sleep_for(kNap);
}

}  // namespace allauth::server
