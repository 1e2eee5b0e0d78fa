#include "server/hints/redis_target.h"

#include <gtest/gtest.h>

namespace allauth::server {
namespace {

TEST(RedisTarget, IsWhatTheUrlSays) {
  struct Case {
    std::string url, server, user, password;
  };
  for (const auto& c :
       {Case{"redis://cache", "cache:6379", "", ""}, Case{"redis://cache:7000/", "cache:7000", "", ""},
        Case{"redis://10.0.0.1:1/15", "10.0.0.1:1", "", ""}, Case{"redis://[::1]", "[::1]:6379", "", ""},
        Case{"redis://[fe80::1]:65535/0", "[fe80::1]:65535", "", ""},
        Case{"redis://:secret@cache", "cache:6379", "", "secret"},
        Case{"redis://me:s%40e%2Fc%3Ar:et@cache:1", "cache:1", "me", "s@e/c:r:et"}}) {
    const auto target = parse_redis_url(c.url, "file");
    ASSERT_TRUE(target) << c.url << ": " << target.error().message;
    EXPECT_EQ(target->server(), c.server) << c.url;
    EXPECT_EQ(target->user, c.user) << c.url;
    EXPECT_EQ(target->password.copy().reveal(), c.password) << c.url;
    EXPECT_EQ(target->password_file, "file");
  }
}

TEST(RedisTarget, WhatIsNoUrlIsRefusedWithoutShowingAPassword) {
  for (const auto* url : {"",
                          "hunter2",
                          "redis:/hunter2",
                          "http://hunter2",
                          "redis://",
                          "redis:///0",
                          "redis://:6379",
                          "redis://[::1",
                          "redis://[]",
                          "redis://h:",
                          "redis://h:0",
                          "redis://h:65536",
                          "redis://h:x",
                          "redis://[::1]x",
                          "redis://h/x",
                          "redis://h/0/1",
                          "redis://h?db=1",
                          "redis://me@h",
                          "redis://me:hunter2%@h",
                          "redis://me:hun/ter2@h",
                          "redis://me:hun@ter2@h",
                          "redis://me:hunter2@",
                          "redis://::1:6379",
                          "REDIS://h"}) {
    const auto target = parse_redis_url(url, "");
    ASSERT_FALSE(target) << url << " " << target->server();
    EXPECT_EQ(target.error().reason, Reason("redis.url")) << url;
    EXPECT_EQ(target.error().message.find("ter2"), std::string::npos) << target.error().message;
  }
}

TEST(RedisTarget, TlsIsRefusedInPlainWords) {
  const auto target = parse_redis_url("rediss://me:hunter2@cache", "");
  ASSERT_FALSE(target);
  EXPECT_EQ(target.error().reason, Reason("redis.tls"));
  EXPECT_EQ(target.error().message.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace allauth::server
