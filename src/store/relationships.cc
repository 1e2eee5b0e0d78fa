#include "store/relationships.h"

#include <array>

#include <fmt/format.h>

namespace allauth::store {
namespace {

// What a filter may say beside the kind of the resource, a bit each.
enum Part : unsigned {
  kId = 1,
  kPrefix = 2,
  kRelation = 4,
  kSubjectKind = 8,
  kSubjectId = 16,
  kUserset = 32
};
constexpr unsigned kAllParts = 64;

struct PartText {
  Part part;
  std::string_view condition;
  int binds;
};
constexpr std::array kPartTexts{
    PartText{kId, "resource_id = ${}", 1},
    PartText{kPrefix, "resource_id >= ${} AND resource_id < ${}", 2},
    PartText{kRelation, "relation = ${}", 1},
    PartText{kSubjectKind, "subject_kind = ${}", 1},
    PartText{kSubjectId, "subject_id = ${}", 1},
    PartText{kUserset, "subject_relation = ${}", 1},
};

std::string text_for(unsigned parts) {
  std::string text = "SELECT {columns} FROM relationships WHERE resource_kind = $1";
  int next = 2;
  for (const auto& [part, condition, binds] : kPartTexts) {
    if ((parts & part) == 0) continue;
    text += " AND ";
    text += binds == 1 ? fmt::format(fmt::runtime(condition), next)
                       : fmt::format(fmt::runtime(condition), next, next + 1);
    next += binds;
  }
  return text + fmt::format(" LIMIT ${}", next);
}

const sql::Statement& statement_for(unsigned parts) {
  static const auto texts = [] {
    std::array<std::string, kAllParts> made;
    for (unsigned p = 0; p < kAllParts; ++p) made[p] = text_for(p);
    return made;
  }();
  static const auto statements = [] {
    std::vector<sql::Statement> made;
    for (const auto& text : texts)
      made.push_back(
          sql::Statement::generated("relationship.find", text).with_columns(columns<Relationship>()));
    return made;
  }();
  return statements[parts];
}

// The first text behind all that begin with the prefix: ids are ASCII.
std::string behind(std::string prefix) {
  ++prefix.back();
  return prefix;
}

}  // namespace

Result<std::vector<Relationship>> find_relationships(Read& read, const RelationshipFilter& filter,
                                                     std::size_t limit) {
  unsigned parts = 0;
  std::vector<sql::Value> binds{to_value(filter.resource_kind)};
  const auto add = [&](Part part, const std::string& text) {
    if (text.empty()) return;
    parts |= part;
    binds.push_back(to_value(text));
  };
  const std::string end = filter.resource_id_prefix.empty() ? "" : behind(filter.resource_id_prefix);
  add(kId, filter.resource_id);
  add(kPrefix, filter.resource_id_prefix);
  add(kPrefix, end);
  add(kRelation, filter.relation);
  add(kSubjectKind, filter.subject_kind);
  add(kSubjectId, filter.subject_id);
  if (filter.subject_relation) {
    parts |= kUserset;
    binds.push_back(to_value(*filter.subject_relation));
  }
  binds.push_back(to_value(limit));
  std::vector<Relationship> found;
  Relationship scratch;
  TRY(select_rows(read, shape_of<Relationship>(), statement_for(parts), binds, &scratch,
                  [&found](void* row) -> Result<void> {
                    found.push_back(*static_cast<Relationship*>(row));
                    return {};
                  }));
  return found;
}

std::vector<sql::Statement> relationship_statements() {
  std::vector<sql::Statement> statements;
  for (unsigned parts = 0; parts < kAllParts; ++parts) statements.push_back(statement_for(parts));
  return statements;
}

}  // namespace allauth::store
