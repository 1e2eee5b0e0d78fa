#include "server/cli/validation_output.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "server/cli/client/json.h"
#include "server/cli/terminal/terminal.h"

namespace allauth::server::cli {
namespace {

using policy::Finding;
using policy::Report;

const std::string& file_of(const ValidatedFile& file, const Finding& finding) {
  return finding.in_schema_file ? file.schema_file : file.name;
}

std::string label_of(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::mistake:
      return tinted("error", Tint::bad);
    case Finding::Kind::unavailable:
      return tinted("not offered", Tint::bad);
    case Finding::Kind::assertion:
    case Finding::Kind::expectation:
      return tinted("failed", Tint::bad);
    case Finding::Kind::warning:
      return tinted("warning", Tint::strong);
  }
  return {};
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string sum_of_good(const Report& report) {
  return fmt::format("{}: {}, {}, {}", tinted("good", Tint::good),
                     counted(report.relationships, "relationship", "relationships"),
                     counted(report.assertions.all, "assertion", "assertions"),
                     counted(report.expectations.all, "list of holders", "lists of holders"));
}

std::string sum_of_bad(const Report& report) {
  std::vector<std::string> parts;
  const auto add = [&](const Report::Count& count, std::string_view what) {
    if (count.failed != 0) parts.push_back(fmt::format("{} of {} {} failed", count.failed, count.all, what));
  };
  add(report.assertions, "assertions");
  add(report.expectations, "lists of holders");
  if (parts.empty()) {
    const auto problems = std::ranges::count_if(
        report.findings, [](const Finding& finding) { return finding.kind != Finding::Kind::warning; });
    parts.push_back(counted(static_cast<std::size_t>(problems), "problem", "problems") +
                    ", nothing was compared");
  }
  return fmt::format("{}: {}", tinted("not good", Tint::bad), fmt::join(parts, ", "));
}

std::string array_of(const std::vector<std::string>& json) {
  return fmt::format("[{}]", fmt::join(json, ","));
}

std::string quoted(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

std::string json_of(const ValidatedFile& file, const Finding& finding) {
  std::vector<std::string> details;
  for (const std::string& line : finding.details) details.push_back(quoted(line));
  return JsonObject()
      .text("kind", to_string(finding.kind))
      .text("file", file_of(file, finding))
      .raw("line", std::to_string(finding.at.line))
      .raw("column", std::to_string(finding.at.column))
      .text("reason", finding.reason)
      .text("message", finding.message)
      .raw("details", array_of(details))
      .done();
}

std::string json_of(const Report::Count& count) {
  return fmt::format(R"({{"all":{},"failed":{}}})", count.all, count.failed);
}

std::string json_of(const ValidatedFile& file) {
  std::vector<std::string> findings;
  for (const Finding& finding : file.report.findings) findings.push_back(json_of(file, finding));
  return JsonObject()
      .text("file", file.name)
      .raw("good", file.report.is_good() ? "true" : "false")
      .raw("relationships", std::to_string(file.report.relationships))
      .raw("assertions", json_of(file.report.assertions))
      .raw("expectations", json_of(file.report.expectations))
      .raw("findings", array_of(findings))
      .done();
}

}  // namespace

std::string validation_as_text(const ValidatedFile& file, bool quiet) {
  std::string text;
  for (const Finding& finding : file.report.findings) {
    text += fmt::format("{}:{}:{}: {}: {}\n", printable(file_of(file, finding)), finding.at.line,
                        finding.at.column, label_of(finding.kind), printable(finding.message));
    for (const std::string& line : finding.details) text += fmt::format("    {}\n", printable(line));
  }
  const Report& report = file.report;
  if (!quiet)
    text += fmt::format("{}: {}\n", printable(file.name),
                        report.is_good() ? sum_of_good(report) : sum_of_bad(report));
  return text;
}

std::string validation_as_json(const std::vector<ValidatedFile>& files) {
  std::vector<std::string> all;
  bool good = true;
  for (const ValidatedFile& file : files) {
    all.push_back(json_of(file));
    good = good && file.report.is_good();
  }
  return JsonObject().raw("good", good ? "true" : "false").raw("files", array_of(all)).done();
}

}  // namespace allauth::server::cli
