// Relationships of the kinds that the installation's own schema defines. Those of the product's own kinds
// are no rows: connections, roles and the like stand for them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/entities.h"

namespace allauth {

// The names of an installation's own kinds have a prefix: "shop/document". Those of the product have none.
inline bool is_own_kind(std::string_view kind) { return kind.contains('/'); }

struct Relationship {
  static constexpr std::string_view kTable = "relationships";
  static constexpr ImageKind kKind = ImageKind::relationship;
  static constexpr int kKeys = 6;

  std::string resource_kind;
  std::string resource_id;
  std::string relation;
  std::string subject_kind;
  std::string subject_id;        // "*": everybody of that kind
  std::string subject_relation;  // empty: the subject itself
  // A condition and an end: kept a place, and nothing that this version could enforce.
  std::string caveat;
  std::string caveat_context;
  std::optional<Instant> expires_at;
  Stamp stamp;

  // "shop/document:d1#viewer@group:g1#inside"; empty if a part of the key is missing.
  std::string key_text() const;

  template <class Self, class Field>
  static void describe(Self& row, Field&& field) {
    field(1, "resource_kind", row.resource_kind);
    field(2, "resource_id", row.resource_id);
    field(3, "relation", row.relation);
    field(4, "subject_kind", row.subject_kind);
    field(5, "subject_id", row.subject_id);
    field(6, "subject_relation", row.subject_relation);
    field(7, "caveat", row.caveat);
    field(8, "caveat_context", row.caveat_context);
    field(9, "expires_at", row.expires_at);
    Stamp::describe(row.stamp, field);
  }
};

// What is known of the relationships that are meant; what is empty may be anything.
struct RelationshipFilter {
  std::string resource_kind;  // never empty where it is used to find something
  std::string resource_id;
  std::string resource_id_prefix;
  std::string relation;
  std::string subject_kind;
  std::string subject_id;
  std::optional<std::string> subject_relation;  // an empty text: subjects themselves

  bool matches(const Relationship& row) const;
  friend bool operator==(const RelationshipFilter&, const RelationshipFilter&) = default;
};

// An id in a relationship: what ids of the directory may hold and what SpiceDB's may, up to 1024 bytes; so
// none holds "#". `*` is none.
bool is_related_id(std::string_view id);

// The key that a text stands for: the six columns, and nothing else of the row. Nothing if it is none.
std::optional<Relationship> parse_relationship_key(std::string_view text);

}  // namespace allauth
