#include "server/hints/redis_connection.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <poll.h>

#include "server/config/secret_file.h"

namespace allauth::server {
namespace {

// Our answers have a few hundred bytes and three words.
constexpr std::size_t kMostBuffered = 64 << 10;
constexpr int kMostWords = 16;
constexpr std::size_t kMostErrorCode = 16;

std::unexpected<Error> fail_with(Reason reason, std::string message, std::string detail = {}) {
  return fail(Code::unavailable, reason, std::move(message), {}, std::move(detail));
}

void* make_list(const redisReadTask* task, int elements);

// hiredis takes memory for as many elements as a list says it has, before there is one.
const redisReplyObjectFunctions& its_functions() {
  static const redisReplyObjectFunctions functions = [] {
    const std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader(redisReaderCreate(),
                                                                          &redisReaderFree);
    return *reader->fn;
  }();
  return functions;
}
redisReplyObjectFunctions& bounded_functions() {
  static redisReplyObjectFunctions functions = [] {
    auto bounded = its_functions();
    bounded.createArray = &make_list;
    return bounded;
  }();
  return functions;
}
void* make_list(const redisReadTask* task, int elements) {
  return elements > kMostWords ? nullptr : its_functions().createArray(task, elements);
}

timeval to_timeval(Millis time) {
  return {.tv_sec = time.count() / 1000, .tv_usec = time.count() % 1000 * 1000};
}

// "WRONGPASS invalid username-password pair" is WRONGPASS.
std::string code_of(std::string_view error) {
  const auto is_letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto end = std::ranges::find_if_not(error, is_letter);
  return std::string(error.begin(), end).substr(0, kMostErrorCode);
}

std::optional<std::string> word_of(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      return std::string(reply.str, reply.len);
    case REDIS_REPLY_INTEGER:
      return std::to_string(reply.integer);
    case REDIS_REPLY_NIL:
      return std::string();
    default:
      return std::nullopt;
  }
}

Result<RedisReply> to_reply(const redisReply& from) {
  RedisReply reply;
  const auto add = [&reply](const redisReply& one) -> Result<void> {
    auto word = word_of(one);
    if (!word) return fail_with("redis.junk", "What answers is no Redis.", "a list within a list");
    reply.words.push_back(*std::move(word));
    return {};
  };
  if (from.type == REDIS_REPLY_ERROR) {
    reply.error = code_of({from.str, from.len});
    if (reply.error.empty()) reply.error = "unknown";
  } else if (from.type == REDIS_REPLY_ARRAY) {
    for (std::size_t i = 0; i < from.elements; ++i) TRY(add(*from.element[i]));
  } else {
    TRY(add(from));
  }
  return reply;
}

Result<Secret> password_of(const RedisTarget& target) {
  if (target.password_file.empty()) return target.password.copy();
  return read_secret_file(target.password_file);
}

}  // namespace

void CloseRedis::operator()(redisContext* context) const { redisFree(context); }

RedisConnection::RedisConnection(std::unique_ptr<redisContext, CloseRedis> context, Clock& clock,
                                 Millis longest)
    : context_(std::move(context)), clock_(&clock), longest_(longest) {}

Result<RedisConnection> RedisConnection::open(const RedisTarget& target, Clock& clock, Millis longest) {
  RedisConnection made({redisConnectWithTimeout(target.host.c_str(), target.port, to_timeval(longest)), {}},
                       clock, longest);
  if (!made.context_) return fail_with("redis.unreachable", "There is no memory for a connection.");
  if (made.context_->err != 0)
    return fail_with("redis.unreachable", "Redis cannot be reached.", made.context_->errstr);
  redisSetTimeout(made.context_.get(), to_timeval(longest));
  made.context_->reader->fn = &bounded_functions();
  TRY(made.log_in(target));
  return made;
}

Result<void> RedisConnection::log_in(const RedisTarget& target) {
  TRY(const auto password, password_of(target));
  if (password.empty()) return {};
  TRY(const auto answer, password.with([&](std::string_view text) {
    return target.user.empty() ? ask({"AUTH", text}) : ask({"AUTH", target.user, text});
  }));
  if (answer.error.empty()) return {};
  return fail_with("redis.login", "Redis does not take the user or the password.", answer.error);
}

Result<RedisReply> RedisConnection::ask(Words command) {
  TRY(send(command));
  const Tick until = clock_->tick() + longest_;
  while (true) {
    pollfd waiting{.fd = descriptor(), .events = POLLIN, .revents = 0};
    const auto left = std::chrono::ceil<Millis>(until - clock_->tick()).count();
    const int ready = left > 0 ? ::poll(&waiting, 1, static_cast<int>(left)) : 0;
    if (ready == 0) return fail_with("redis.silent", "Redis does not answer.");
    if (ready < 0) continue;  // a signal
    TRY(auto replies, receive());
    if (!replies.empty()) return std::move(replies.front());
  }
}

Result<void> RedisConnection::send(Words command) {
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  for (const auto word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  auto* context = context_.get();
  if (redisAppendCommandArgv(context, static_cast<int>(words.size()), words.data(), sizes.data()) != REDIS_OK)
    return failure();
  int done = 0;
  while (done == 0)
    if (redisBufferWrite(context, &done) != REDIS_OK) return failure();
  return {};
}

Result<std::vector<RedisReply>> RedisConnection::receive() {
  auto* context = context_.get();
  if (redisBufferRead(context) != REDIS_OK) return failure();
  std::vector<RedisReply> replies;
  while (true) {
    void* next = nullptr;
    if (redisGetReplyFromReader(context, &next) != REDIS_OK) return failure();
    if (next == nullptr) break;
    const std::unique_ptr<void, decltype(&freeReplyObject)> owned(next, &freeReplyObject);
    TRY(auto reply, to_reply(*static_cast<const redisReply*>(next)));
    replies.push_back(std::move(reply));
  }
  if (context->reader->len - context->reader->pos > kMostBuffered)
    return fail_with("redis.junk", "What answers is no Redis.", "an answer without an end");
  return replies;
}

int RedisConnection::descriptor() const { return context_->fd; }

std::unexpected<Error> RedisConnection::failure() const {
  const std::string said = context_->errstr;
  if (context_->err == REDIS_ERR_PROTOCOL || context_->err == REDIS_ERR_OOM)
    return fail_with("redis.junk", "What answers is no Redis.", said);
  return fail_with("redis.lost", "The connection to Redis was lost.", said);
}

}  // namespace allauth::server
