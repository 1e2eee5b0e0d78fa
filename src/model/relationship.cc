#include "model/relationship.h"

#include <algorithm>

namespace allauth {
namespace {

constexpr std::size_t kMaxRelatedId = 1024;

bool is_id_character(char c) {
  constexpr std::string_view kOthers = "/_|-=+.~:@";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kOthers.contains(c);
}

// What comes before the mark; both are gone from `rest` then.
std::optional<std::string> take(std::string_view& rest, char mark) {
  const auto at = rest.find(mark);
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  std::string part(rest.substr(0, at));
  rest.remove_prefix(at + 1);
  return part;
}

}  // namespace

bool is_related_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxRelatedId && std::ranges::all_of(id, is_id_character);
}

bool RelationshipFilter::matches(const Relationship& row) const {
  const auto fits = [](const std::string& wanted, const std::string& value) {
    return wanted.empty() || value == wanted;
  };
  return fits(resource_kind, row.resource_kind) && fits(resource_id, row.resource_id) &&
         row.resource_id.starts_with(resource_id_prefix) && fits(relation, row.relation) &&
         fits(subject_kind, row.subject_kind) && fits(subject_id, row.subject_id) &&
         (!subject_relation || row.subject_relation == *subject_relation);
}

std::string Relationship::key_text() const {
  if (resource_kind.empty() || resource_id.empty() || relation.empty() || subject_kind.empty() ||
      subject_id.empty())
    return {};
  std::string text =
      resource_kind + ':' + resource_id + '#' + relation + '@' + subject_kind + ':' + subject_id;
  if (!subject_relation.empty()) text += '#' + subject_relation;
  return text;
}

std::optional<Relationship> parse_relationship_key(std::string_view text) {
  auto resource_kind = take(text, ':');
  if (!resource_kind) return std::nullopt;
  auto resource_id = take(text, '#');
  if (!resource_id) return std::nullopt;
  auto relation = take(text, '@');
  if (!relation) return std::nullopt;
  auto subject_kind = take(text, ':');
  if (!subject_kind) return std::nullopt;
  const auto mark = text.find('#');
  const auto subject_id = text.substr(0, mark);
  const auto subject_relation = mark == std::string_view::npos ? std::string_view() : text.substr(mark + 1);
  if (subject_id.empty() || (mark != std::string_view::npos && subject_relation.empty())) return std::nullopt;
  return Relationship{.resource_kind = *std::move(resource_kind),
                      .resource_id = *std::move(resource_id),
                      .relation = *std::move(relation),
                      .subject_kind = *std::move(subject_kind),
                      .subject_id = std::string(subject_id),
                      .subject_relation = std::string(subject_relation)};
}

}  // namespace allauth
