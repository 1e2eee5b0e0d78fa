#include "bench/report.h"

#include <fstream>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace allauth::bench {
namespace {

std::string number(double value) {
  if (value >= 1000) return fmt::format("{:.0f}", value);
  return value >= 100 ? fmt::format("{:.1f}", value) : fmt::format("{:.2f}", value);
}

// "12.3 (11.9-14.0)": the median and what the runs lay between.
std::string spread(const Sample& sample) {
  if (sample.runs().size() < 2) return number(sample.median());
  return fmt::format("{} ({}-{})", number(sample.median()), number(sample.least()), number(sample.most()));
}

bool met(const Line& line) {
  switch (line.budget->kind) {
    case Budget::Kind::ratio_at_most:
      return ratio(line.ours, line.baseline) <= line.budget->value;
    case Budget::Kind::ratio_at_least:
      return ratio(line.ours, line.baseline) >= line.budget->value;
    case Budget::Kind::at_most:
      return line.ours.median() <= line.budget->value;
  }
  return false;
}

std::string budget_text(const Line& line) {
  if (!line.budget) return "";
  const auto value = line.budget->value;
  switch (line.budget->kind) {
    case Budget::Kind::ratio_at_most:
      return fmt::format("ratio <= {}", value);
    case Budget::Kind::ratio_at_least:
      return fmt::format("ratio >= {}", value);
    case Budget::Kind::at_most:
      return fmt::format("<= {} {}", value, line.unit);
  }
  return "";
}

boost::json::object to_json(const Sample& sample) {
  boost::json::array runs;
  for (const double run : sample.runs()) runs.emplace_back(run);
  return {{"median", sample.median()}, {"runs", std::move(runs)}};
}

boost::json::object to_json(const Line& line) {
  boost::json::object out{
      {"row", line.row}, {"what", line.what}, {"unit", line.unit}, {"ours", to_json(line.ours)}};
  if (!line.baseline.empty()) {
    out["baseline_name"] = line.baseline_name;
    out["baseline"] = to_json(line.baseline);
    out["ratio"] = ratio(line.ours, line.baseline);
  }
  if (line.budget) {
    out["budget"] = budget_text(line);
    out["met"] = met(line);
  }
  return out;
}

}  // namespace

void Report::add(Line line) {
  fmt::print(stderr, "  {:<22} {:<38} {} {}\n", line.row, line.what, spread(line.ours), line.unit);
  lines_.push_back(std::move(line));
}

void Report::note(std::string row, std::string text) { notes_.push_back({std::move(row), std::move(text)}); }

void Report::wrong(std::string row, std::string text) {
  fmt::print(stderr, "  {:<22} WRONG: {}\n", row, text);
  wrong_.push_back({std::move(row), std::move(text)});
}

std::string Report::table() const {
  std::string out = fmt::format("{:<22} {:<38} {:<6} {:>26} {:>26} {:>7}  {:<15} {}\n", "row", "figure",
                                "unit", "ours", "baseline", "ratio", "budget", "met");
  for (const auto& line : lines_) {
    const bool compared = !line.baseline.empty();
    out += fmt::format("{:<22} {:<38} {:<6} {:>26} {:>26} {:>7}  {:<15} {}\n", line.row, line.what, line.unit,
                       spread(line.ours), compared ? spread(line.baseline) : "",
                       compared ? fmt::format("{:.2f}", ratio(line.ours, line.baseline)) : "",
                       budget_text(line), line.budget ? (met(line) ? "yes" : "NO") : "");
  }
  for (const auto& note : notes_) out += fmt::format("note {}: {}\n", note.row, note.text);
  for (const auto& note : wrong_) out += fmt::format("WRONG {}: {}\n", note.row, note.text);
  return out;
}

std::string Report::json(const std::string& machine, const std::string& build) const {
  boost::json::array lines, notes, wrong;
  for (const auto& line : lines_) lines.emplace_back(to_json(line));
  for (const auto& note : notes_)
    notes.emplace_back(boost::json::object{{"row", note.row}, {"text", note.text}});
  for (const auto& note : wrong_)
    wrong.emplace_back(boost::json::object{{"row", note.row}, {"text", note.text}});
  const boost::json::object out{{"machine", machine},
                                {"build", build},
                                {"figures", std::move(lines)},
                                {"notes", std::move(notes)},
                                {"wrong", std::move(wrong)}};
  return boost::json::serialize(out) + "\n";
}

Result<void> write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text << std::flush;
  if (!out) return fail(Code::unavailable, "file.write", fmt::format("{} cannot be written.", path));
  return {};
}

}  // namespace allauth::bench
