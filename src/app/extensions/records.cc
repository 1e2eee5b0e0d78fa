#include "app/extensions/records.h"

#include "app/extensions/annotations.h"
#include "store/lookups.h"

namespace allauth::app {
namespace {

constexpr std::size_t kPage = 500;

// As it is under the writer's lock; what lies elsewhere is not there.
Result<Extension> require_extension(store::Read& read, const ExtensionPlace& place, std::string_view id) {
  TRY(auto found, store::find<Extension>(read, place.dialect, place.kind, id));
  if (!found || found->domain != place.domain) return missing_object();
  return std::move(*found);
}

Result<void> require_unique(store::Read& read, const Extension& row, UniqueName unique) {
  if (unique == UniqueName::no) return {};
  TRY(const auto same,
      unique == UniqueName::in_domain
          ? store::select_one<Extension>(read, store::lookup::kExtensionByName, row.dialect, row.kind,
                                         row.domain, row.name)
          : store::select_one<Extension>(read, store::lookup::kExtensionByNameBelow, row.dialect, row.kind,
                                         row.domain, row.parent_id, row.name));
  if (!same || same->id == row.id) return {};
  return fail(Code::conflict, "extension.name_taken", "Another one has this name.", "name");
}

Result<void> set_fields(Extension& row, ExtensionChanges changes) {
  if (changes.parent_id) {
    if (!changes.parent_id->empty() && !is_id(*changes.parent_id))
      return fail(Code::invalid, "id.invalid", "This is no id.", "parent_id");
    row.parent_id = std::move(*changes.parent_id);
  }
  if (changes.name) {
    row.name.clear();
    if (!changes.name->empty()) {
      TRY(row.name, parse_name(*changes.name));
    }
  }
  if (changes.document) {
    TRY(row.document, parse_document(*changes.document, kMaxExtensionBytes));
  }
  return {};
}

}  // namespace

Result<Extension> insert_extension(store::Tx& tx, const Caller& caller, const ExtensionPlace& place,
                                   ExtensionFields fields, UniqueName unique) {
  Extension row{.id = std::move(fields.id), .domain = place.domain, .stamp = fresh_stamp(tx, caller)};
  TRY(row.dialect, parse_extension_word(place.dialect, "dialect"));
  TRY(row.kind, parse_extension_word(place.kind, "kind"));
  if (!is_id(row.id)) return fail(Code::invalid, "id.invalid", "This is no id.", "id");
  TRY(set_fields(row, {std::move(fields.parent_id), std::move(fields.name), std::move(fields.document)}));
  TRY(const auto same, store::find<Extension>(tx, row.dialect, row.kind, row.id));
  if (same) return fail(Code::conflict, "extension.exists", "There is one with this id.", "id");
  TRY(require_unique(tx, row, unique));
  TRY(store::insert(tx, row));
  return row;
}

Result<Extension> update_extension(store::Tx& tx, const Caller& caller, const ExtensionPlace& place,
                                   std::string_view id, ExtensionChanges changes, UniqueName unique,
                                   std::optional<Revision> expected) {
  TRY(auto row, require_extension(tx, place, id));
  return change_row(tx, caller, std::move(row), expected, [&](Extension& changed) -> Result<void> {
    TRY(set_fields(changed, std::move(changes)));
    return require_unique(tx, changed, unique);
  });
}

Result<void> erase_extension(store::Tx& tx, const ExtensionPlace& place, std::string_view id,
                             std::optional<Revision> expected) {
  TRY(const auto row, require_extension(tx, place, id));
  TRY(check_revision(row.stamp, expected));
  return store::erase(tx, row);
}

Result<void> erase_extensions(store::Tx& tx, const DomainId& domain) {
  while (true) {
    TRY(const auto rows, store::select<Extension>(tx, store::lookup::kExtensionsOfDomain, domain, kPage));
    for (const auto& row : rows) TRY(store::erase(tx, row));
    if (rows.size() < kPage) return {};
  }
}

Result<Extension> get_extension(store::Read& read, const ExtensionPlace& place, std::string_view id) {
  return require_extension(read, place, id);
}

Result<Page<Extension>> list_extensions(store::Read& read, const ExtensionPlace& place,
                                        const ListRequest& request) {
  return list_page<Extension>(read, store::list::extensions_of_domain(), request, place.dialect, place.kind,
                              place.domain);
}

Result<Page<Extension>> list_extensions_below(store::Read& read, const ExtensionPlace& place,
                                              const std::string& parent, const ListRequest& request) {
  return list_page<Extension>(read, store::list::extensions_of_parent(), request, place.dialect, place.kind,
                              place.domain, parent);
}

}  // namespace allauth::app
