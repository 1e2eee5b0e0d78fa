// One connection to a Redis, over hiredis: the only place that knows of it. Whoever answers there is not
// trusted: an answer is bounded in size, a wait in time, and junk ends the connection.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "server/hints/redis_target.h"

struct redisContext;

namespace allauth::server {

struct CloseRedis {
  void operator()(redisContext*) const;
};

// What the server sent: a simple answer is one word, a list of them as many.
struct RedisReply {
  std::vector<std::string> words;
  std::string error{};  // the code that an error starts with ("NOAUTH"); what follows may repeat secrets
};

// Not thread-safe. After an error it is of no use. SIGPIPE has to be ignored.
class RedisConnection {
 public:
  // Connects and logs in. `longest` is the limit for each step (looking up a host's name may take longer).
  // Errors: unavailable redis.unreachable, redis.login; invalid config.file (of the password); those of
  // ask().
  static Result<RedisConnection> open(const RedisTarget&, Clock&, Millis longest);

  using Words = std::initializer_list<std::string_view>;
  // Sends a command and waits for its answer. Errors: unavailable redis.refused, redis.silent, redis.lost,
  // redis.junk.
  Result<RedisReply> ask(Words command);
  Result<void> send(Words command);
  // What the server has sent. To be called when descriptor() is readable.
  Result<std::vector<RedisReply>> receive();
  int descriptor() const;

 private:
  RedisConnection(std::unique_ptr<redisContext, CloseRedis> context, Clock& clock, Millis longest);
  Result<void> log_in(const RedisTarget&);
  std::unexpected<Error> failure() const;

  std::unique_ptr<redisContext, CloseRedis> context_;
  Clock* clock_;
  Millis longest_;
};

}  // namespace allauth::server
