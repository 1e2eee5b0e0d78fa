// What a dialect keeps of its own: fields that our entities do not have, and entities that have no twin here.
// Nothing else reads it, and it grants nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "model/entities.h"

namespace allauth {

inline constexpr std::size_t kMaxAnnotationBytes = 8 * 1024;
inline constexpr std::size_t kMaxExtensionBytes = 64 * 1024;

// A JSON object, nested at most 32 deep; kept as it was given. Errors: document.too_large, document.invalid.
Result<std::string> parse_document(std::string_view json, std::size_t most_bytes,
                                   std::string_view field = "document");

// A dialect or a kind of its records: 1–64 of a–z 0–9 . _ - beginning with a letter. Error: word.invalid.
Result<std::string> parse_extension_word(std::string_view text, std::string_view field);

// Beside one of our entities, and gone with it.
struct Annotation {
  static constexpr std::string_view kTable = "annotations";
  static constexpr ImageKind kKind = ImageKind::annotation;
  static constexpr int kKeys = 3;

  std::string entity_kind;
  std::string entity_id;
  std::string dialect;
  std::string document;  // of at most kMaxAnnotationBytes
  Stamp stamp;

  template <class Self, class Field>
  static void describe(Self& row, Field&& field) {
    field(1, "entity_kind", row.entity_kind);
    field(2, "entity_id", row.entity_id);
    field(3, "dialect", row.dialect);
    field(4, "document", row.document);
    Stamp::describe(row.stamp, field);
  }
};

// An entity of a dialect alone.
struct Extension {
  static constexpr std::string_view kTable = "extensions";
  static constexpr ImageKind kKind = ImageKind::extension;
  static constexpr int kKeys = 3;

  std::string dialect;
  std::string kind;
  std::string id;
  DomainId domain;        // gone with it; empty: of the platform
  std::string parent_id;  // of another record of the dialect, or of an entity; may be empty
  std::string name;       // parse_name; may be empty
  std::string document;   // of at most kMaxExtensionBytes
  Stamp stamp;

  template <class Self, class Field>
  static void describe(Self& row, Field&& field) {
    field(1, "dialect", row.dialect);
    field(2, "kind", row.kind);
    field(3, "id", row.id);
    field(4, "domain_id", row.domain);
    field(5, "parent_id", row.parent_id);
    field(6, "name", row.name);
    field(7, "document", row.document);
    Stamp::describe(row.stamp, field);
  }
};

}  // namespace allauth
