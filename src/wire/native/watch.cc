#include "allauth/v1/watch.pb.h"
#include "app/watch/watching.h"
#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

constexpr int kMaxKinds = 16;
constexpr std::size_t kMaxKind = 32;

v1::WatchResponse encode(const app::WatchNews& news) {
  v1::WatchResponse message;
  message.set_cursor(store::to_text(news.at));
  if (!news.event) return message;
  const auto& act = news.event->act;
  auto& event = *message.mutable_event();
  event.set_revision(encode_revision(news.event->at.revision));
  *event.mutable_time() = encode_time(news.event->time);
  event.set_what(act.slug);
  event.set_actor_kind(act.actor_kind);
  event.set_actor_id(act.actor_id);
  event.set_on_behalf_of(act.on_behalf_of);
  event.set_domain_id(act.domain_id);
  event.set_target_kind(act.target_kind);
  event.set_target_id(act.target_id);
  event.set_request_id(act.request_id);
  return message;
}

class WatchStream final : public MessageStream {
 public:
  explicit WatchStream(std::shared_ptr<app::Watcher> watcher) : watcher_(std::move(watcher)) {}
  ~WatchStream() override { watcher_->leave(); }

  void next(Then then) override {
    watcher_->next([then = std::move(then)](Result<app::WatchNews> news) mutable {
      if (!news) return then(fail(std::move(news).error()));
      then(std::make_unique<v1::WatchResponse>(encode(*news)));
    });
  }

 private:
  const std::shared_ptr<app::Watcher> watcher_;
};

Result<app::WatchFilter> decode_filter(const v1::WatchRequest& request) {
  app::WatchFilter filter;
  if (request.kinds_size() > kMaxKinds)
    return fail(Code::invalid, "watch.kinds", "Give at most 16 kinds.", "kinds");
  for (const auto& kind : request.kinds()) {
    if (kind.empty() || kind.size() > kMaxKind)
      return fail(Code::invalid, "watch.kinds", "A kind is a word, such as client.", "kinds");
    filter.kinds.push_back(kind);
  }
  return filter;
}

Result<app::Watcher::Asked> decode(const Backend& backend, const Call& call,
                                   const v1::WatchRequest& request) {
  TRY(const auto caller, authenticate_call(backend, call));
  TRY(auto filter, decode_filter(request));
  if (request.domain_id().empty()) {
    TRY(auto allowed, platform_permit<app::act::WatchPlatform>(backend, caller));
    return app::watch_as(backend.core, std::move(allowed), std::move(filter));
  }
  TRY(filter.domain, DomainId::parse(request.domain_id(), "domain_id"));
  TRY(auto allowed, permit<app::act::WatchDomain>(backend, caller, request.domain_id(), "domain_id"));
  return app::watch_as(backend.core, std::move(allowed), std::move(filter));
}

Result<std::optional<store::LogCursor>> decode_from(const std::string& text) {
  if (text.empty()) return std::nullopt;
  auto cursor = store::parse_log_cursor(text);
  if (!cursor) return fail(Code::invalid, "log.cursor", "This is no cursor of ours.", "from");
  return *cursor;
}

void open(const Backend& backend, const Call& call, const v1::WatchRequest& request, Opened opened) {
  auto asked = decode(backend, call, request);
  if (!asked) return opened(fail(std::move(asked).error()));
  auto from = decode_from(request.from());
  if (!from) return opened(fail(std::move(from).error()));
  backend.watching.open(std::move(*asked), *from,
                        [opened = std::move(opened)](Result<std::shared_ptr<app::Watcher>> watcher) mutable {
                          if (!watcher) return opened(fail(std::move(watcher).error()));
                          opened(std::make_unique<WatchStream>(std::move(*watcher)));
                        });
}

}  // namespace

void add_watch(MethodTable& table, const Backend& backend) {
  bind_stream<v1::WatchRequest, v1::WatchResponse>(
      table, "allauth.v1.WatchService.Watch", v1::KIND_READ,
      [&backend](const Call& call, const v1::WatchRequest& request, Opened opened) {
        open(backend, call, request, std::move(opened));
      });
}

}  // namespace allauth::wire::native
