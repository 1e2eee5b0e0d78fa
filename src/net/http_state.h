// What all connections of an HttpServer share. Only for .cc files of this folder.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/metrics.h"
#include "net/http_server.h"
#include "net/io.h"
#include "net/listener.h"

namespace allauth::net {

class HttpConnection;

struct HttpServer::State {
  State(IoPool& pool, const std::string& name, HttpLimits limits, http::Face face);

  // On a connection's loop: it begins, it ends.
  void enter(std::size_t loop, HttpConnection& connection);
  void leave(std::size_t loop, HttpConnection& connection);
  // http_date of now, made once a second and loop.
  const std::string& date(std::size_t loop);
  void count_response(int status);

  struct Loop {
    std::unordered_set<HttpConnection*> connections;
    Instant dated{};
    std::string date;
  };

  IoPool& pool;
  const HttpLimits limits;
  const http::Face face;
  std::unique_ptr<Listener> listener;
  std::atomic<bool> draining{false};

  std::array<Counter*, 5> responses;  // by class: 1xx … 5xx
  Histogram& latency;
  Gauge& in_flight;
  Counter& protocol_errors;

  std::vector<Loop> loops;  // each for its own loop only
  std::mutex mutex;
  std::condition_variable gone;
  std::size_t connections = 0;  // under mutex
};

}  // namespace allauth::net
