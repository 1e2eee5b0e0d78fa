// A face over toy handlers for tests: send requests, look at answers, log lines and metrics.
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/buffered_entropy.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "wire/bind.h"
#include "wire/rest/face.h"

namespace allauth::wire {

class CountingIds final : public IdSource {
 public:
  std::string next() override { return "id-" + std::to_string(++n_); }

 private:
  int n_ = 0;
};

// Handlers are bound first, then ready() gives all other methods one that answers "unsupported".
class Rig {
 public:
  MethodTable methods;
  ManualClock clock;
  CountingIds ids;
  Metrics metrics;
  RestFace::Options options;
  AtLeast at_least;
  BufferedEntropy entropy;
  Limiter* limiter = nullptr;
  RequestLogOptions request_log;

  Rig() : file_(std::tmpfile()), log_(clock, LogLevel::info, LogFormat::json, fileno(file_)) {}
  ~Rig() { std::fclose(file_); }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  using Services = std::vector<const google::protobuf::ServiceDescriptor*>;

  Result<RestFace> make(const Services& services) {
    return RestFace::make(services, methods,
                          {clock, ids, log_, metrics, at_least, &entropy, limiter, request_log}, options);
  }

  void complete(const Services& services) {
    for (const auto* service : services) {
      for (int i = 0; i < service->method_count(); ++i) {
        const auto& m = *service->method(i);
        if (methods.find(m.full_name()) != nullptr) continue;
        Method method{.kind = m.options().GetExtension(v1::kind),
                      .request = m.input_type(),
                      .response = m.output_type()};
        const auto answer = [](const Call&, const Message&, auto done) {
          done(fail(Code::unsupported, "test.unsupported", "Not in this test."));
        };
        if (m.server_streaming())
          method.open = answer;
        else
          method.run = answer;
        methods.add(m.full_name(), std::move(method));
      }
    }
  }

  void ready(const Services& services = native_services()) {
    complete(services);
    auto made = make(services);
    ASSERT_TRUE(made) << made.error().message;
    face_ = std::move(*made).face();
  }
  void mount(http::Face face) { face_ = std::move(face); }
  Log& log() { return log_; }
  void drop_face() { face_ = nullptr; }

  // "POST", "/a?b=c", body; a body brings its content type unless headers do.
  static http::Request request(std::string method, std::string target, std::string body = {},
                               http::Headers headers = {}) {
    const auto question = target.find('?');
    http::Request r{.method = std::move(method), .path = target.substr(0, question)};
    if (question != std::string::npos) r.query = target.substr(question + 1);
    if (!body.empty() && !http::find_header(headers, "Content-Type"))
      headers.push_back({"Content-Type", "application/json"});
    r.headers = std::move(headers);
    r.body = std::move(body);
    return r;
  }
  // The same, with a bearer token.
  static http::Request authorized(std::string method, std::string target, std::string body = {},
                                  http::Headers headers = {}) {
    headers.push_back({"Authorization", "Bearer t0ken"});
    return request(std::move(method), std::move(target), std::move(body), std::move(headers));
  }

  // Nothing if there is no answer yet.
  std::shared_ptr<std::optional<http::Response>> start(http::Request r) {
    auto answer = std::make_shared<std::optional<http::Response>>();
    face_(std::move(r), [answer](http::Response response) {
      EXPECT_FALSE(answer->has_value()) << "answered twice";
      *answer = std::move(response);
    });
    return answer;
  }
  http::Response send(http::Request r) {
    const auto answer = start(std::move(r));
    EXPECT_TRUE(answer->has_value()) << "not answered";
    return answer->value_or(http::Response{.status = 0, .headers = {}, .body = {}});
  }

  std::string logged() {
    std::string text(static_cast<std::size_t>(::lseek(fileno(file_), 0, SEEK_END)), '\0');
    const auto n = ::pread(fileno(file_), text.data(), text.size(), 0);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    return text;
  }

 private:
  std::FILE* file_;
  Log log_;
  http::Face face_;
};

inline std::string header(const http::Response& response, std::string_view name) {
  return std::string(http::find_header(response.headers, name).value_or("(none)"));
}

// The value of a string or number member of a flat JSON text.
inline std::string member(const std::string& json, const std::string& name) {
  const std::string key = "\"" + name + "\":";
  const auto at = json.find(key);
  if (at == std::string::npos) return "(none)";
  const auto from = at + key.size();
  if (json[from] == '"') return json.substr(from + 1, json.find('"', from + 1) - from - 1);
  return json.substr(from, json.find_first_of(",}", from) - from);
}

}  // namespace allauth::wire
