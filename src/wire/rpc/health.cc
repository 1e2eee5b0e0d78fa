#include "wire/rpc/health.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "grpc/health/v1/health.pb.h"
#include "wire/begin_call.h"
#include "wire/rpc/call_record.h"
#include "wire/rpc/inbound.h"

namespace allauth::wire {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using Status = HealthCheckResponse::ServingStatus;

constexpr std::size_t kMaxRequest = 1024;  // bytes: a service's name

using Names = std::set<std::string, std::less<>>;

// Besides each service there is the whole server, by the empty name.
Names with_whole(std::vector<std::string> services) {
  Names names(services.begin(), services.end());
  names.insert("");
  return names;
}

std::string encode(Status status) {
  HealthCheckResponse response;
  response.set_status(status);
  return response.SerializeAsString();
}

// One caller who watches. Told of the newest status only: what changed while it did not read is skipped.
class Watch : public std::enable_shared_from_this<Watch> {
 public:
  Watch(std::unique_ptr<CallRecord> record, bool known) : record_(std::move(record)), known_(known) {}

  void start(Status first) {
    record_->call().on_cancel([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->gone();
    });
    tell(first);
  }
  void tell(Status status) {
    {
      std::lock_guard lock(mutex_);
      wanted_ = known_ ? status : HealthCheckResponse::SERVICE_UNKNOWN;
      if (writing_ || over_ || wanted_ == told_) return;
      writing_ = true;
      told_ = wanted_;
      status = *wanted_;
    }
    record_->call().write(encode(status), [self = shared_from_this()](bool taken) { self->written(taken); });
  }
  // The caller's last word is NOT_SERVING.
  void end() {
    {
      std::lock_guard lock(mutex_);
      ending_ = true;
    }
    tell(HealthCheckResponse::NOT_SERVING);
    end_if_idle();
  }
  bool over() const {
    std::lock_guard lock(mutex_);
    return over_;
  }

 private:
  void written(bool taken) {
    if (!taken) return gone();
    Status newest{};
    {
      std::lock_guard lock(mutex_);
      writing_ = false;
      newest = *wanted_;
    }
    tell(newest);
    end_if_idle();
  }
  void end_if_idle() {
    {
      std::lock_guard lock(mutex_);
      if (!ending_ || writing_ || std::exchange(over_, true)) return;
    }
    record_->fail(
        Error{.code = Code::unavailable, .reason = "server.stopping", .message = "The server is stopping."});
  }
  void gone() {
    {
      std::lock_guard lock(mutex_);
      if (std::exchange(over_, true)) return;
    }
    record_->cancelled();
  }

  const std::unique_ptr<CallRecord> record_;
  const bool known_;
  mutable std::mutex mutex_;
  bool writing_ = false;
  bool ending_ = false;
  bool over_ = false;
  std::optional<Status> wanted_;
  std::optional<Status> told_;
};

}  // namespace

struct RpcHealth::State : std::enable_shared_from_this<State> {
  State(std::vector<std::string> names, std::function<bool()> is_serving, FaceDeps d)
      : services(with_whole(std::move(names))),
        serving(std::move(is_serving)),
        deps(std::move(d)),
        checks(deps.metrics, "grpc.health.v1.Health.Check"),
        watch_calls(deps.metrics, "grpc.health.v1.Health.Watch") {}

  const Names services;
  const std::function<bool()> serving;
  FaceDeps deps;
  Probe checks, watch_calls;
  std::mutex mutex;  // over the watches
  std::set<std::shared_ptr<Watch>> watches;
  std::atomic<bool> draining{false};

  Status status() const {
    return !draining.load() && serving() ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
  }

  void serve(std::shared_ptr<rpc::ServerCall> call) {
    const bool watching = call->head().method == kWatch;
    Probe& probe = watching ? watch_calls : checks;
    auto record = std::make_unique<CallRecord>(deps, probe, std::move(call));
    record->set_route(watching ? kWatch : kCheck, probe);
    if (auto may = admit(record->info(), WorkKind::question); !may) return record->fail(may.error());
    auto& reading = record->call();
    reading.read([self = shared_from_this(), watching,
                  record = std::move(record)](std::optional<std::string> bytes) mutable {
      HealthCheckRequest request;
      if (!bytes || bytes->size() > kMaxRequest || !request.ParseFromString(*bytes))
        return record->fail(Error{.code = Code::invalid,
                                  .reason = "message.malformed",
                                  .message = "This is not a valid grpc.health.v1.HealthCheckRequest."});
      const bool known = self->services.contains(request.service());
      if (watching) return self->watch(std::move(record), known);
      self->check(*record, known);
    });
  }

  void check(CallRecord& record, bool known) const {
    if (known) return record.answer(encode(status()), std::nullopt);
    record.fail(Error{.code = Code::not_found,
                      .reason = "service.not_found",
                      .message = "There is no such service here.",
                      .field = "service"});
  }

  void watch(std::unique_ptr<CallRecord> record, bool known) {
    const auto made = std::make_shared<Watch>(std::move(record), known);
    {
      std::lock_guard lock(mutex);
      watches.insert(made);
    }
    made->start(status());
    if (draining.load()) made->end();  // it may have come after drain() looked
  }

  void look() {
    const Status now = status();
    for (const auto& watch : current()) watch->tell(now);
  }
  void drain() {
    draining.store(true);
    for (const auto& watch : current()) watch->end();
  }

  std::vector<std::shared_ptr<Watch>> current() {
    std::lock_guard lock(mutex);
    std::erase_if(watches, [](const auto& watch) { return watch->over(); });
    return {watches.begin(), watches.end()};
  }

  static constexpr std::string_view kCheck = "/grpc.health.v1.Health/Check";
  static constexpr std::string_view kWatch = "/grpc.health.v1.Health/Watch";
};

RpcHealth::RpcHealth(std::vector<std::string> services, std::function<bool()> serving, FaceDeps deps)
    : state_(std::make_shared<State>(std::move(services), std::move(serving), std::move(deps))) {}

RpcMount RpcHealth::mount() const {
  return {.methods = {std::string(State::kCheck), std::string(State::kWatch)},
          .streams = {std::string(State::kWatch)},
          .services = {HealthCheckRequest::descriptor()->file()->service(0)},
          .face = [state = state_](std::shared_ptr<rpc::ServerCall> call) { state->serve(std::move(call)); },
          .drain = [state = state_] { state->drain(); }};
}

void RpcHealth::look() { state_->look(); }

}  // namespace allauth::wire
