// Counters, gauges and histograms in Prometheus' text format. A series is named once, at start, with
// fixed labels: nothing that comes from a request can become a label, so their number is bounded.
// Updating one is a relaxed atomic operation; all of it is thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace allauth {

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(std::int64_t v) { value_.store(v, std::memory_order_relaxed); }
  void add(std::int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

class Histogram {
 public:
  explicit Histogram(std::vector<double> upper_bounds);
  void observe(double v);
  void render(std::string& out, std::string_view name, std::string_view labels) const;

 private:
  std::vector<double> bounds_;
  std::deque<std::atomic<std::uint64_t>> buckets_;  // one more than bounds_: +Inf
  std::atomic<double> sum_{0};
};

// Owns all series, as long as it lives; a counter or histogram asked for again is the same one.
class Metrics {
 public:
  // `labels` as they appear between the braces: R"(face="rest",code="ok")"; may be empty.
  Counter& counter(std::string name, std::string help, std::string labels = {});
  Gauge& gauge(std::string name, std::string help, std::string labels = {});
  // A gauge whose value is asked for when it is shown. `read` must be thread-safe.
  void gauge(std::string name, std::string help, std::string labels, std::function<double()> read);
  // Seconds from 0.1 ms to 10 s.
  Histogram& latency(std::string name, std::string help, std::string labels = {});

  // Prometheus text format 0.0.4, families in order of their names.
  std::string render() const;

 private:
  enum class Type { counter, gauge, histogram };
  struct Series {
    std::string name, help, labels;
    Type type;
    std::function<void(std::string& out, const Series&)> render;
  };
  mutable std::mutex mutex_;
  std::deque<Counter> counters_;
  std::deque<Gauge> gauges_;
  std::deque<Histogram> histograms_;
  std::vector<Series> series_;
};

}  // namespace allauth
