#include "bench/stats.h"

#include <algorithm>

namespace allauth::bench {

double Sample::median() const {
  if (runs_.empty()) return 0;
  auto sorted = runs_;
  std::ranges::sort(sorted);
  const auto middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

double Sample::least() const { return runs_.empty() ? 0 : *std::ranges::min_element(runs_); }
double Sample::most() const { return runs_.empty() ? 0 : *std::ranges::max_element(runs_); }

double ratio(const Sample& ours, const Sample& baseline) {
  if (ours.runs().size() != baseline.runs().size())
    return baseline.median() > 0 ? ours.median() / baseline.median() : 0;
  Sample ratios;
  for (std::size_t i = 0; i < ours.runs().size(); ++i)
    if (baseline.runs()[i] > 0) ratios.add(ours.runs()[i] / baseline.runs()[i]);
  return ratios.median();
}

double Latencies::micros(double part) {
  if (nanos_.empty()) return 0;
  const auto last = static_cast<double>(nanos_.size() - 1);
  const auto at = nanos_.begin() + static_cast<std::ptrdiff_t>(part * last);
  std::ranges::nth_element(nanos_, at);
  return static_cast<double>(*at) / 1000.0;
}

}  // namespace allauth::bench
