// Figures of repeated runs, and latencies of single operations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace allauth::bench {

// One figure measured several times.
class Sample {
 public:
  Sample() = default;
  explicit Sample(double only) : runs_{only} {}
  void add(double value) { runs_.push_back(value); }

  bool empty() const { return runs_.empty(); }
  const std::vector<double>& runs() const { return runs_; }
  double median() const;
  double least() const;
  double most() const;

 private:
  std::vector<double> runs_;
};

// Runs that were made in turns belong together: the median of their ratios, which a machine that
// grows slower for a while disturbs less than the ratio of the medians.
double ratio(const Sample& ours, const Sample& baseline);

// Durations in nanoseconds.
class Latencies {
 public:
  void reserve(std::size_t n) { nanos_.reserve(n); }
  void add(std::int64_t nanos) { nanos_.push_back(nanos); }
  std::size_t count() const { return nanos_.size(); }
  // In microseconds; `part` is 0.5 for the median. 0 if there is none.
  double micros(double part);

 private:
  std::vector<std::int64_t> nanos_;
};

}  // namespace allauth::bench
