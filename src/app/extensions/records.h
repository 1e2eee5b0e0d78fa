// Entities that only a dialect has, such as the profiles of its devices: kept for it with an id, a name and a
// document, in a domain or on the platform. What a dialect asks of us is who may, which is why each of these
// takes a permit, and says where the record lies by it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/access/gate.h"
#include "app/directory/change.h"
#include "app/lists/list_page.h"
#include "model/extension.h"

namespace allauth::app {

// Where records of one kind lie.
struct ExtensionPlace {
  std::string dialect, kind;  // parse_extension_word
  DomainId domain;            // empty: the platform
};

// The place in the domain, or on the platform, that the permit is for.
template <class Act>
ExtensionPlace place_of(const Permit<Act>& permit, std::string_view dialect, std::string_view kind) {
  ExtensionPlace place{.dialect = std::string(dialect), .kind = std::string(kind), .domain = {}};
  if constexpr (std::is_same_v<typename Act::Object, DomainId>)
    place.domain = permit.object();
  else
    static_assert(std::is_same_v<typename Act::Object, Platform>,
                  "records lie in a domain or on the platform");
  return place;
}

enum class UniqueName : std::uint8_t { no, in_domain, below_parent };

struct ExtensionFields {
  std::string id;  // 1–64 characters of an id; empty: one is made
  std::string parent_id;
  std::string name;      // parse_name; may be empty
  std::string document;  // kMaxExtensionBytes
};
// What is absent stays as it is.
struct ExtensionChanges {
  std::optional<std::string> parent_id, name, document;
};

// Parts of writes that have an act of their own; the place is that of a permit.
// Errors: invalid word.invalid, id.invalid, document.too_large, document.invalid and those of parse_name;
// conflict extension.exists, extension.name_taken; not_found object.missing; stale revision.stale.
Result<Extension> insert_extension(store::Tx& tx, const Caller& caller, const ExtensionPlace& place,
                                   ExtensionFields fields, UniqueName unique);
Result<Extension> update_extension(store::Tx& tx, const Caller& caller, const ExtensionPlace& place,
                                   std::string_view id, ExtensionChanges changes, UniqueName unique,
                                   std::optional<Revision> expected);
Result<void> erase_extension(store::Tx& tx, const ExtensionPlace& place, std::string_view id,
                             std::optional<Revision> expected);
// All in a domain, of all dialects; part of its deletion.
Result<void> erase_extensions(store::Tx& tx, const DomainId& domain);

Result<Extension> get_extension(store::Read& read, const ExtensionPlace& place, std::string_view id);
// In the order of id, name or created_at.
Result<Page<Extension>> list_extensions(store::Read& read, const ExtensionPlace& place,
                                        const ListRequest& request);
// Those of the place that have this parent, in the order of id or name.
Result<Page<Extension>> list_extensions_below(store::Read& read, const ExtensionPlace& place,
                                              const std::string& parent, const ListRequest& request);

// The three as writes of their own.
template <class Act>
store::Write<Extension> create_extension(const Core& core, Permit<Act> permit, std::string_view dialect,
                                         std::string_view kind, ExtensionFields fields, UniqueName unique) {
  auto place = place_of(permit, dialect, kind);
  if (fields.id.empty()) fields.id = core.ids.next();
  return guarded<Extension>(
      core, std::move(permit),
      [place = std::move(place), fields = std::move(fields), unique](store::Tx& tx,
                                                                     const auto& p) -> Result<Extension> {
        TRY(auto made, insert_extension(tx, p.caller(), place, fields, unique));
        tx.act(act_of(p.caller(), "extension.created", "extension", made.id, place.domain.str()));
        return made;
      });
}
template <class Act>
store::Write<Extension> change_extension(const Core& core, Permit<Act> permit, std::string_view dialect,
                                         std::string_view kind, std::string id, ExtensionChanges changes,
                                         UniqueName unique, std::optional<Revision> expected) {
  auto place = place_of(permit, dialect, kind);
  return guarded<Extension>(
      core, std::move(permit),
      [place = std::move(place), id = std::move(id), changes = std::move(changes), unique, expected](
          store::Tx& tx, const auto& p) -> Result<Extension> {
        TRY(auto row, update_extension(tx, p.caller(), place, id, changes, unique, expected));
        tx.act(act_of(p.caller(), "extension.updated", "extension", row.id, place.domain.str()));
        return row;
      });
}
template <class Act>
store::Write<store::Done> delete_extension(const Core& core, Permit<Act> permit, std::string_view dialect,
                                           std::string_view kind, std::string id,
                                           std::optional<Revision> expected) {
  auto place = place_of(permit, dialect, kind);
  return guarded<store::Done>(
      core, std::move(permit),
      [place = std::move(place), id = std::move(id), expected](store::Tx& tx,
                                                               const auto& p) -> Result<store::Done> {
        TRY(erase_extension(tx, place, id, expected));
        tx.act(act_of(p.caller(), "extension.deleted", "extension", id, place.domain.str()));
        return store::Done{};
      });
}

}  // namespace allauth::app
