#include "wire/rest/face.h"

#include <deque>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "wire/begin_call.h"
#include "wire/rest/exchange.h"
#include "wire/rest/inbound.h"
#include "wire/rest/json_write.h"
#include "wire/rest/operation.h"
#include "wire/rest/problem.h"
#include "wire/rest/router.h"
#include "wire/rest/stream_answer.h"
#include "wire/run_when_fresh.h"
#include "wire/secrets.h"

namespace allauth::wire {
namespace {

// Room for most answers.
constexpr std::size_t kUsualAnswer = 512;  // bytes
constexpr std::size_t kUsualHeaders = 8;

// What a route leads to: an operation of the API, or a plain answer.
struct Target {
  std::string route;  // for the log
  Probe probe;
  std::optional<Operation> operation;
  RestFace::Plain plain;
};

// A request under way and what its handler's references point to.
struct Work {
  Work(std::shared_ptr<const void> face, const RestFace::Deps& deps, Probe& probe,
       const http::Request& request, http::Responder responder)
      : alive(std::move(face)),
        call(begin_call(deps, request.headers, request.peer, request.deadline)),
        exchange(deps, probe, call, request, std::move(responder)),
        gone(request.gone) {
    call.gone = gone.get();
  }
  ~Work() {
    if (message) wipe_secrets(*message);
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  std::shared_ptr<const void> alive;  // the face's state, to which all below refers
  Call call;
  Exchange exchange;
  std::shared_ptr<const std::atomic<bool>> gone;
  std::string mount;  // where the face is, for what leads back to it
  const Operation* operation = nullptr;
  StreamFormat format = StreamFormat::lines;  // of a stream
  std::unique_ptr<Message> message;
  ReadMask wanted;
  std::optional<EntityTags> if_none_match;
};

// Of an entity; empty for all else.
std::string revision_of(const Operation& op, const Message& message) {
  return op.revision == nullptr ? std::string() : message.GetReflection()->GetString(message, op.revision);
}

std::string entity_tag(const std::string& revision) { return fmt::format("\"{}\"", revision); }

// What the conditions of a GET come to (RFC 9110 §13.2.2); those of writes are looked at by the writer.
Result<std::optional<http::Response>> answer_by_conditions(const Work& work, const std::string& revision) {
  if (work.operation->http_method != "GET" || revision.empty()) return std::nullopt;
  if (work.call.if_match && *work.call.if_match != revision)
    return fail(Code::stale, "revision.stale", "It was changed since you read it; read it again.");
  if (!work.if_none_match || !work.if_none_match->match_weakly(revision)) return std::nullopt;
  return http::Response{.status = 304, .headers = {{"ETag", entity_tag(revision)}}, .body = {}};
}

http::Response render(const Work& work, const Message& message) {
  const Operation& op = *work.operation;
  if (op.answers_nothing) return {.status = 204, .headers = {}, .body = {}};
  http::Response response{.status = op.location.empty() ? 200 : 201, .headers = {}, .body = {}};
  response.body.reserve(kUsualAnswer);
  append_json(response.body, message, work.wanted);
  response.headers.reserve(kUsualHeaders);
  response.headers.push_back({"Content-Type", "application/json"});
  if (!op.location.empty())
    response.headers.push_back({"Location", work.mount + render_location(op.location, message)});
  if (const auto revision = revision_of(op, message); !revision.empty())
    response.headers.push_back({"ETag", entity_tag(revision)});
  return response;
}

void answer(Work& work, Result<Answer> result) {
  if (!result) return work.exchange.fail(result.error());
  Message* message = result->message.get();
  if (message == nullptr || message->GetDescriptor() != work.operation->descriptor->output_type())
    return work.exchange.fail(Error{
        .code = Code::bug, .reason = "method.types", .message = "A handler answered with another message."});
  auto conditional = answer_by_conditions(work, revision_of(*work.operation, *message));
  if (!conditional) return work.exchange.fail(conditional.error());
  auto response = *conditional ? std::move(**conditional) : render(work, *message);
  if (result->revision) response.headers.push_back({"Allauth-Revision", fmt::to_string(*result->revision)});
  if (result->replayed) response.headers.push_back({"Idempotency-Replayed", "true"});
  work.exchange.answer(std::move(response));
  wipe_secrets(*message);
}

void answer_stream(Work& work, Result<std::unique_ptr<MessageStream>> opened) {
  if (!opened) return work.exchange.fail(opened.error());
  work.exchange.answer(
      stream_answer(std::move(*opened), work.format, work.exchange.request_id(), work.alive));
}

void run(const AtLeast& at_least, const std::shared_ptr<Work>& work) {
  const auto handle = [work] {
    if (work->operation->streams)
      return work->operation->method->open(
          work->call, *work->message,
          [work](Result<std::unique_ptr<MessageStream>> opened) { answer_stream(*work, std::move(opened)); });
    work->operation->method->run(work->call, *work->message,
                                 [work](Result<Answer> result) { answer(*work, std::move(result)); });
  };
  run_when_fresh(at_least, work->call, handle, [work](const Error& error) { work->exchange.fail(error); });
}

Result<void> read_request(const http::Request& request, const std::vector<std::string>& path_values,
                          const RestFace::Options& options, Work& work) {
  TRY(read_call(*work.operation, request, options.max_body, work.call));
  TRY(work.if_none_match, read_if_none_match(*work.operation, request));
  TRY(work.wanted, read_mask(*work.operation, request));
  if (work.operation->streams) work.format = accepted_stream(request.headers).value_or(StreamFormat::lines);
  TRY(work.message, read_message(*work.operation, request, path_values, options.json, work.call));
  return {};
}

void wipe_request(http::Request& request) {
  wipe(request.body);
  for (auto& header : request.headers)
    if (http::same_ignoring_case(header.name, "Authorization")) wipe(header.value);
}

}  // namespace

struct RestFace::State {
  State(Deps d, Options o) : deps(std::move(d)), options(o), unrouted(deps.metrics, "none") {}

  Deps deps;
  Options options;
  Router router;
  std::deque<Target> targets;  // by the router's numbers; stay where they are
  Probe unrouted;

  Result<void> add(std::string_view http_method, std::string_view path, std::string_view metric,
                   std::optional<Operation> operation, Plain plain) {
    TRY(router.add(http_method, path, targets.size()));
    targets.push_back({.route = std::string(path),
                       .probe = Probe(deps.metrics, metric),
                       .operation = std::move(operation),
                       .plain = std::move(plain)});
    return {};
  }

  static void answer_plain(Result<http::Response> response, Exchange& exchange) {
    if (!response) return exchange.fail(response.error());
    exchange.answer(std::move(*response));
  }

  // A path or method that leads nowhere, and OPTIONS.
  static void answer_unrouted(const std::string& http_method, const std::string& allow, Exchange& exchange) {
    if (allow.empty())
      return exchange.fail(Error{.code = Code::not_found,
                                 .reason = "http.no_such_path",
                                 .message = "There is nothing at this path."});
    http::Headers headers{{"Allow", allow}};
    if (http_method == "OPTIONS")
      return exchange.answer({.status = 204, .headers = std::move(headers), .body = {}});
    exchange.fail(Error{.code = Code::invalid,
                        .reason = kMethodNotAllowed,
                        .message = fmt::format("This path takes {}.", allow)},
                  std::move(headers));
  }

  static void serve(const std::shared_ptr<State>& state, http::Request& request, http::Responder responder) {
    const auto work =
        std::make_shared<Work>(state, state->deps, state->unrouted, request, std::move(responder));
    const auto found = state->router.find(request.method, request.path);
    Target* target = found && found->target ? &state->targets[*found->target] : nullptr;
    if (target != nullptr) work->exchange.set_route(target->route, target->probe);
    const bool is_call = target != nullptr && target->operation;
    if (auto may = admit(work->call, is_call ? target->operation->work : WorkKind::question); !may)
      return work->exchange.fail(may.error());
    if (!found) return work->exchange.fail(found.error());
    if (target == nullptr) return answer_unrouted(request.method, found->allow, work->exchange);
    if (!is_call) return answer_plain(target->plain(request), work->exchange);
    work->operation = &*target->operation;
    work->mount = std::move(request.mount);
    if (auto read = read_request(request, found->values, state->options, *work); !read)
      return work->exchange.fail(read.error());
    run(state->deps.at_least, work);
  }
};

RestFace::RestFace(std::shared_ptr<State> state) : state_(std::move(state)) {}
RestFace::RestFace(RestFace&&) noexcept = default;
RestFace& RestFace::operator=(RestFace&&) noexcept = default;
RestFace::~RestFace() = default;

Result<RestFace> RestFace::make(std::span<const google::protobuf::ServiceDescriptor* const> services,
                                const MethodTable& methods, Deps deps, Options options) {
  TRY(methods.check(services));
  auto state = std::make_shared<State>(std::move(deps), options);
  for (const auto* service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& descriptor = *service->method(i);
      TRY(Operation op, compile(descriptor, *methods.find(descriptor.full_name())));
      const std::string http_method = op.http_method;
      const std::string path = op.path;
      TRY(state->add(http_method, path, descriptor.full_name(), std::move(op), nullptr));
    }
  }
  return RestFace(std::move(state));
}

Result<void> RestFace::route(std::string_view http_method, std::string_view path, Plain answer) {
  return state_->add(http_method, path, fmt::format("{} {}", http_method, path), std::nullopt,
                     std::move(answer));
}

http::Face RestFace::face() && {
  return [state = std::move(state_)](http::Request&& request, http::Responder responder) {
    State::serve(state, request, std::move(responder));
    wipe_request(request);
  };
}

}  // namespace allauth::wire
