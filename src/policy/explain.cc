#include "policy/explain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace allauth::policy {
namespace {

// "can_publish" on "channel ch9": "publish to channel ch9".
std::string phrase(std::string_view permission, std::string_view object) {
  if (permission.starts_with("can_")) permission.remove_prefix(4);
  const bool to = permission == "publish" || permission == "subscribe" || permission == "connect";
  const bool compound = permission.find('_') != std::string_view::npos;
  return fmt::format("{}{} {}", permission, to ? " to" : compound ? " in" : "", object);
}

std::string clause(const Missing& missing) {
  switch (missing.kind) {
    case Missing::Kind::relation:
      return fmt::format("it is not in {} # {}", missing.object, missing.name);
    case Missing::Kind::grant:
      return fmt::format("no role grants it {} on {}", missing.name, missing.object);
    case Missing::Kind::link:
      return fmt::format("{} has no {}", missing.object, missing.name);
    case Missing::Kind::excluded:
      return fmt::format("it is in {} # {}", missing.object, missing.name);
    case Missing::Kind::undefined:
      return fmt::format("whether it is in {} # {} rests on itself", missing.object, missing.name);
    case Missing::Kind::denied:
      return fmt::format("{} denies {} to {}", missing.object, missing.name, fmt::join(missing.roles, ", "));
    case Missing::Kind::closed:
      return fmt::format("{} is {}", missing.object, missing.name);
  }
  return {};
}

std::string line(const Link& link) {
  const std::string indent(link.level * 2, ' ');
  switch (link.kind) {
    case Link::Kind::edge:
      return fmt::format("{}{} # {} has {}", indent, link.object, link.relation, link.subject);
    case Link::Kind::grant:
      return fmt::format("{}{} grants {} to {}", indent, link.object, link.relation, link.subject);
    case Link::Kind::denial:
      return fmt::format("{}{} denies {} to {}", indent, link.object, link.relation, link.subject);
    case Link::Kind::all_of:
      return fmt::format("{}{} # {} asks for all of this:", indent, link.object, link.relation);
    case Link::Kind::but_not:
      return fmt::format("{}{} # {} asks for this, without exception:", indent, link.object, link.relation);
    case Link::Kind::every:
      return fmt::format("{}each {} of {} says yes:", indent, link.relation, link.object);
    case Link::Kind::absent:
      return fmt::format("{}it is not in {} # {}", indent, link.object, link.relation);
  }
  return {};
}

std::string reasons(const Explanation& explanation) {
  constexpr std::size_t kClauses = 4;
  if (explanation.rule == "restricted")
    return fmt::format("no scope of its credential covers this; it would take \"{}\"", explanation.scope);
  if (explanation.missing.empty()) return "by the schema nothing leads there for a subject of this kind";
  const std::size_t shown = std::min(explanation.missing.size(), kClauses);
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    if (i != 0) text += i + 1 == shown ? ", and " : ", ";
    text += clause(explanation.missing[i]);
  }
  if (shown < explanation.missing.size()) text += " (and more)";
  return text;
}

}  // namespace

std::vector<std::string> Explanation::lines() const {
  const std::string asked = phrase(permission, object);
  std::vector<std::string> lines;
  if (decision.allowed()) {
    lines.push_back(fmt::format("{} may {}, by {}", subject, asked, rule));
    for (const Link& link : path) lines.push_back(line(link));
    if (path_cut) lines.emplace_back("… and more that it rests on");
    return lines;
  }
  lines.push_back(fmt::format("{} may not {}: {}", subject, asked, reasons(*this)));
  for (const Link& link : path) lines.push_back(line(link));
  for (const Missing& item : missing) {
    if (item.kind == Missing::Kind::denied) continue;  // the path says it
    if (item.kind == Missing::Kind::grant && !item.roles.empty())
      lines.push_back(fmt::format("{} is granted on {} to members of {}", item.name, item.object,
                                  fmt::join(item.roles, ", ")));
    else
      lines.push_back(clause(item));
  }
  if (missing_cut) lines.emplace_back("… and more that would have allowed it");
  if (least) lines.push_back("it would be enough that " + line(*least));
  return lines;
}

}  // namespace allauth::policy
