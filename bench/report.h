// What was measured: one table for people, one JSON document for programs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "bench/stats.h"

namespace allauth::bench {

struct Budget {
  enum class Kind {
    ratio_at_most,   // ours / baseline
    ratio_at_least,  // ours / baseline
    at_most,         // ours
  };
  Kind kind;
  double value;
};

// One figure. Without a baseline it stands for itself; without a budget it is for information.
struct Line {
  std::string row;   // "http.authenticate"
  std::string what;  // "server CPU per request"
  std::string unit;
  Sample ours;
  std::string baseline_name = {};
  Sample baseline = {};
  std::optional<Budget> budget = {};
};

class Report {
 public:
  void add(Line line);
  // Something the reader has to know about a row: what was not measured, and why.
  void note(std::string row, std::string text);
  // An answer that was wrong. The program then ends with 1: wrong answers have no speed.
  void wrong(std::string row, std::string text);

  bool all_right() const { return wrong_.empty(); }
  std::string table() const;
  std::string json(const std::string& machine, const std::string& build) const;

 private:
  struct Note {
    std::string row, text;
  };
  std::vector<Line> lines_;
  std::vector<Note> notes_;
  std::vector<Note> wrong_;
};

Result<void> write_file(const std::string& path, const std::string& text);

}  // namespace allauth::bench
