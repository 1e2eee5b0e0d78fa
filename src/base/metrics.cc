#include "base/metrics.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace allauth {
namespace {

void line(std::string& out, std::string_view name, std::string_view labels, double value) {
  out += name;
  if (!labels.empty()) out += fmt::format("{{{}}}", labels);
  out += fmt::format(" {}\n", value);
}

// How a counter or a histogram is shown; from this it is found again.
struct ShowCounter {
  Counter* counter;
  template <class Series>
  void operator()(std::string& out, const Series& s) const {
    line(out, s.name, s.labels, static_cast<double>(counter->value()));
  }
};
struct ShowHistogram {
  Histogram* histogram;
  template <class Series>
  void operator()(std::string& out, const Series& s) const {
    histogram->render(out, s.name, s.labels);
  }
};

// What shows the series of that name and these labels; null if there is none yet.
template <class Show, class List>
const Show* find_shown(const List& all, std::string_view name, std::string_view labels) {
  const auto found =
      std::ranges::find_if(all, [&](const auto& s) { return s.name == name && s.labels == labels; });
  return found == all.end() ? nullptr : found->render.template target<Show>();
}

}  // namespace

Histogram::Histogram(std::vector<double> upper_bounds)
    : bounds_(std::move(upper_bounds)), buckets_(bounds_.size() + 1) {}

void Histogram::observe(double v) {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), v) - bounds_.begin();
  buckets_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(v, std::memory_order_relaxed);
}

void Histogram::render(std::string& out, std::string_view name, std::string_view labels) const {
  const std::string_view comma = labels.empty() ? "" : ",";
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    total += buckets_[i].load(std::memory_order_relaxed);
    const std::string bound = i < bounds_.size() ? fmt::format("{}", bounds_[i]) : "+Inf";
    line(out, fmt::format("{}_bucket", name), fmt::format("{}{}le=\"{}\"", labels, comma, bound),
         static_cast<double>(total));
  }
  line(out, fmt::format("{}_sum", name), labels, sum_.load(std::memory_order_relaxed));
  line(out, fmt::format("{}_count", name), labels, static_cast<double>(total));
}

Counter& Metrics::counter(std::string name, std::string help, std::string labels) {
  std::lock_guard lock(mutex_);
  if (const auto* known = find_shown<ShowCounter>(series_, name, labels)) return *known->counter;
  Counter& counter = counters_.emplace_back();
  series_.push_back(
      {std::move(name), std::move(help), std::move(labels), Type::counter, ShowCounter{&counter}});
  return counter;
}

Gauge& Metrics::gauge(std::string name, std::string help, std::string labels) {
  Gauge* gauge = nullptr;
  {
    std::lock_guard lock(mutex_);
    gauge = &gauges_.emplace_back();
  }
  this->gauge(std::move(name), std::move(help), std::move(labels),
              [gauge] { return static_cast<double>(gauge->value()); });
  return *gauge;
}

void Metrics::gauge(std::string name, std::string help, std::string labels, std::function<double()> read) {
  std::lock_guard lock(mutex_);
  series_.push_back(
      {std::move(name), std::move(help), std::move(labels), Type::gauge,
       [read = std::move(read)](std::string& out, const Series& s) { line(out, s.name, s.labels, read()); }});
}

Histogram& Metrics::latency(std::string name, std::string help, std::string labels) {
  std::lock_guard lock(mutex_);
  if (const auto* known = find_shown<ShowHistogram>(series_, name, labels)) return *known->histogram;
  Histogram& histogram = histograms_.emplace_back(std::vector<double>{
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10});
  series_.push_back(
      {std::move(name), std::move(help), std::move(labels), Type::histogram, ShowHistogram{&histogram}});
  return histogram;
}

std::string Metrics::render() const {
  std::lock_guard lock(mutex_);
  std::multimap<std::string_view, const Series*> by_name;
  for (const auto& s : series_) by_name.emplace(s.name, &s);
  std::string out;
  std::string_view family;
  for (const auto& [name, s] : by_name) {
    if (name != family) {
      family = name;
      constexpr std::string_view kTypes[] = {"counter", "gauge", "histogram"};
      out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", s->name, s->help, s->name,
                         kTypes[static_cast<std::size_t>(s->type)]);
    }
    s->render(out, *s);
  }
  return out;
}

}  // namespace allauth
