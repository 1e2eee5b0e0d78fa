// Where a Redis is and how to log in to it, from the URL that an operator wrote.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"

namespace allauth::server {

struct RedisTarget {
  std::string host;
  std::uint16_t port = 6379;
  std::string user;           // empty: Redis's default user
  Secret password;            // empty: no login
  std::string password_file;  // read at each connect, instead of `password`; empty: none

  std::string server() const;  // "host:port", for logs
};

// redis://[[user]:password@]host[:port][/database]; the number of the database is of no consequence here.
// Errors, none of which shows a password: invalid redis.url, unsupported redis.tls.
Result<RedisTarget> parse_redis_url(std::string_view url, std::string password_file);

}  // namespace allauth::server
