#include "policy/validation/validate.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "policy/check.h"
#include "policy/core_schema.h"
#include "policy/validation/holders.h"

namespace allauth::policy {
namespace {

using Kind = Finding::Kind;

constexpr std::uint64_t kRevision = 1;  // of a graph that has no other

// As long as a schema of SpiceDB can be. A server takes less.
constexpr SchemaLimits kFileLimits{.text_bytes = 4 * 1024 * 1024};

// "12:3: text", as errors and warnings of the schema compiler begin.
struct Positioned {
  Position at;
  std::string text;
};
Positioned split_position(std::string_view message) {
  const std::size_t colon = message.find(':');
  const std::size_t end = message.find(": ");
  if (end == std::string_view::npos || colon >= end) return {{}, std::string(message)};
  const auto line = parse_u64(message.substr(0, colon));
  const auto column = parse_u64(message.substr(colon + 1, end - colon - 1));
  if (!line || !column) return {{}, std::string(message)};
  return {{.line = static_cast<std::uint32_t>(*line), .column = static_cast<std::uint32_t>(*column)},
          std::string(message.substr(end + 2))};
}

// "There is none." behind a colon: "there is none".
std::string clause(std::string_view message) {
  if (message.ends_with('.')) message.remove_suffix(1);
  std::string text(message);
  if (text.size() > 1 && text[1] >= 'a' && text[1] <= 'z') text[0] = ascii_lower(text.substr(0, 1))[0];
  return text;
}

std::string text_of(const RelationshipText& relationship) {
  return fmt::format("{}@{}", to_text({relationship.resource.ref(), relationship.relation}),
                     to_text(relationship.subject.ref()));
}

class Validator {
 public:
  Validator(const ValidationFile& file, const ValidationOptions& options) : file_(file), options_(options) {}

  Report run() {
    compile();
    if (schema_ != nullptr) fill();
    if (report_.is_good()) compare();
    std::ranges::sort(report_.findings, {}, [](const Finding& finding) {
      return std::tuple(!finding.in_schema_file, finding.at.line, finding.at.column,
                        std::string_view(finding.message));
    });
    return std::move(report_);
  }

 private:
  void find(Finding finding) { report_.findings.push_back(std::move(finding)); }
  void find(Position at, const Error& error) {
    find({error.code == Code::unsupported ? Kind::unavailable : Kind::mistake, at,
          std::string(error.reason.slug()), clause(error.message)});
  }
  void find_unavailable(Position at, std::string_view what) {
    find({Kind::unavailable, at, "schema.unavailable", fmt::format("{} not available yet", what)});
  }

  // --- the schema

  void compile() {
    const EmbeddedText& own = options_.schema_file ? *options_.schema_file : file_.schema;
    if (own.empty() && !options_.with_core)
      return find({Kind::mistake, {}, "validation.syntax", "there is no `schema`, and no `schemaFile`"});
    const auto place = [&](std::string_view said) {
      Positioned positioned = split_position(said);
      if (!own.keeps_lines())
        positioned.text = fmt::format("{} (at {} of the schema's own text)", clause(positioned.text),
                                      to_string(positioned.at));
      positioned.at = own.in_file(positioned.at);
      return positioned;
    };
    SchemaSource source{.text = own.text()};
    if (options_.with_core) source = {.text = core_schema_text(), .own = own.text()};
    auto compiled = compile_schema(source, kFileLimits);
    if (!compiled) {
      Error error = compiled.error();
      const Positioned at = place(error.message);
      error.message = at.text;
      find(at.at, error);
      report_.findings.back().in_schema_file = options_.schema_file.has_value();
      return;
    }
    schema_ = *compiled;
    for (const std::string& warning : schema_->warnings()) {
      const Positioned at = place(warning);
      find({Kind::warning, at.at, "schema.odd", clause(at.text), {}, options_.schema_file.has_value()});
    }
  }

  // --- the data

  void fill() {
    Graph::Editor editor{Graph(schema_)};
    std::map<std::string, Position> seen;
    for (const ValidationFile::Relationship& one : file_.relationships) {
      if (report_.findings.size() >= kMaxMistakes) return;
      add(editor, one, seen);
    }
    for (const ValidationFile::Grant& grant : file_.grants) {
      add(editor, grant, Effect::allow, grant.actions);
      add(editor, grant, Effect::deny, grant.denied);
    }
    report_.relationships = file_.relationships.size() + file_.grants.size();
    graph_.emplace(editor.freeze());
  }

  void add(Graph::Editor& editor, const ValidationFile::Relationship& one,
           std::map<std::string, Position>& seen) {
    if (!one.caveat.empty()) return find_unavailable(one.at, "caveats are");
    if (!one.expiration.empty()) return find_unavailable(one.at, "expiration is");
    const auto [before, fresh] = seen.emplace(text_of(one), one.at);
    if (!fresh)
      return find({Kind::mistake, one.at, "relationship.repeated",
                   fmt::format("this relationship is in line {} already", before->second.line)});
    if (const auto added = editor.add(one.edge()); !added) find(one.at, added.error());
  }

  void add(Graph::Editor& editor, const ValidationFile::Grant& grant, Effect effect,
           const std::vector<std::string>& actions) {
    if (actions.empty()) return;
    const std::vector<std::string_view> views(actions.begin(), actions.end());
    const auto set = editor.set_grants(grant.object.ref(), grant.role, effect, views);
    if (!set) find(grant.at, set.error());
  }

  // --- what is expected

  void compare() {
    for (const auto& one : file_.assert_true) assertion(one, true);
    for (const auto& one : file_.assert_false) assertion(one, false);
    for (const auto& one : file_.assert_caveated) find_unavailable(one.at, "caveats are");
    for (const auto& one : file_.validation) expectation(one);
  }

  Result<Explanation> explain(const Edge& asked) const {
    return Engine().explain(
        *graph_, kRevision,
        {.subject = asked.subject, .permission = asked.relation, .object = asked.resource});
  }

  void assertion(const ValidationFile::Assertion& asserted, bool allowed) {
    ++report_.assertions.all;
    const std::size_t before = report_.findings.size();
    compare(asserted, allowed);
    report_.assertions.failed += report_.findings.size() - before;
  }
  void compare(const ValidationFile::Assertion& asserted, bool allowed) {
    const RelationshipText& text = asserted.relationship;
    if (!text.caveat.empty() || !text.expiration.empty())
      return find({Kind::mistake, asserted.at, "assertion.invalid",
                   "an assertion asks about a subject, without a caveat or an expiration"});
    const auto answer = explain(text.edge());
    if (!answer) return find(asserted.at, answer.error());
    if (answer->decision.allowed() == allowed) return;
    find({Kind::assertion, asserted.at, "assertion.failed",
          fmt::format("`{}` is {}, but should be {}", text_of(text), allowed ? "denied" : "allowed",
                      allowed ? "allowed" : "denied"),
          answer->lines()});
  }

  void expectation(const ValidationFile::Holders& expected) {
    ++report_.expectations.all;
    const std::size_t before = report_.findings.size();
    const auto holders = find_holders(Engine(), *graph_, expected.place.ref());
    if (holders)
      compare(expected, *holders);
    else
      find(expected.at, holders.error());
    report_.expectations.failed += report_.findings.size() > before;
  }

  void compare(const ValidationFile::Holders& expected, const std::vector<Holder>& holders) {
    std::set<std::string> named;
    for (const ValidationFile::Expected& one : expected.subjects) {
      const std::string subject = to_text(one.subject.ref());
      if (!named.insert(subject).second)
        return find(
            {Kind::mistake, one.at, "expectation.repeated", fmt::format("`{}` is listed twice", subject)});
      const bool caveated =
          one.caveated || std::ranges::any_of(one.exceptions, &ExpectedText::Exception::caveated);
      const auto holder = std::ranges::find(holders, subject, &Holder::subject);
      if (caveated)
        find_unavailable(one.at, "caveats are");
      else if (holder == holders.end())
        absent(expected, one);
      else
        compare(one, *holder);
    }
    surplus(expected, holders, named);
  }

  void absent(const ValidationFile::Holders& expected, const ValidationFile::Expected& one) {
    Finding finding{Kind::expectation, one.at, "expectation.missing",
                    fmt::format("`{}` does not hold `{}`, but should", to_text(one.subject.ref()),
                                to_text(expected.place.ref()))};
    if (one.subject.object.id != kEveryone) {  // nobody in particular, about whom nothing can be explained
      const auto why = explain({expected.place.object.ref(), expected.place.relation, one.subject.ref()});
      if (!why) return find(one.at, why.error());
      finding.details = why->lines();
    }
    find(std::move(finding));
  }

  void compare(const ValidationFile::Expected& one, const Holder& holder) {
    std::set<std::string> exceptions;
    for (const auto& exception : one.exceptions) exceptions.insert(to_text(exception.subject.ref()));
    std::set<std::string> through;
    for (const SubjectText& relation : one.through) through.insert(to_text(relation.ref()));
    std::set<std::string> possible = holder.through;
    possible.insert(holder.through_all.begin(), holder.through_all.end());
    const bool same_ways =
        std::ranges::includes(through, holder.through) && std::ranges::includes(possible, through);
    if (exceptions == holder.exceptions && same_ways) return;
    find({Kind::expectation,
          one.at,
          "expectation.different",
          fmt::format("`{}` holds it {}", holder.subject,
                      same_ways ? "with other exceptions" : "through other relations"),
          {fmt::format("it is {}", to_expected_text(holder))}});
  }

  void surplus(const ValidationFile::Holders& expected, const std::vector<Holder>& holders,
               const std::set<std::string>& named) {
    Finding finding{
        Kind::expectation, expected.at, "expectation.surplus",
        fmt::format("`{}` is held by others, too, who are not expected:", to_text(expected.place.ref()))};
    for (const Holder& holder : holders)
      if (!named.contains(holder.subject)) finding.details.push_back(to_expected_text(holder));
    if (!finding.details.empty()) find(std::move(finding));
  }

  const ValidationFile& file_;
  const ValidationOptions& options_;
  std::shared_ptr<const CompiledSchema> schema_;
  std::optional<Graph> graph_;
  Report report_;
};

}  // namespace

bool Report::is_good() const {
  return std::ranges::all_of(findings, [](const Finding& finding) { return finding.kind == Kind::warning; });
}

Report validate(const ValidationFile& file, const ValidationOptions& options) {
  return Validator(file, options).run();
}

Report report_of(const std::vector<Mistake>& mistakes) {
  Report report;
  for (const Mistake& mistake : mistakes)
    report.findings.push_back(
        {Kind::mistake, mistake.at, std::string(mistake.reason.slug()), mistake.message});
  return report;
}

std::string_view to_string(Finding::Kind kind) {
  switch (kind) {
    case Kind::mistake:
      return "mistake";
    case Kind::unavailable:
      return "unavailable";
    case Kind::assertion:
      return "assertion";
    case Kind::expectation:
      return "expectation";
    case Kind::warning:
      return "warning";
  }
  return {};
}

}  // namespace allauth::policy
