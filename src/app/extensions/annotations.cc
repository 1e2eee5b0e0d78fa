#include "app/extensions/annotations.h"

#include "store/lookups.h"

namespace allauth::app {

Result<void> annotate(store::Tx& tx, const Caller& caller, policy::ObjectRef entity, std::string_view dialect,
                      std::string_view document) {
  TRY(auto word, parse_extension_word(dialect, "dialect"));
  TRY(auto old, store::find<Annotation>(tx, entity.kind, entity.id, word));
  if (document.empty()) return old ? store::erase(tx, *old) : Result<void>();
  TRY(auto text, parse_document(document, kMaxAnnotationBytes));
  if (old) {
    old->document = std::move(text);
    touch(old->stamp, tx, caller);
    return store::update(tx, *old);
  }
  Annotation fresh{.entity_kind = std::string(entity.kind),
                   .entity_id = std::string(entity.id),
                   .dialect = std::move(word),
                   .document = std::move(text),
                   .stamp = fresh_stamp(tx, caller)};
  return store::insert(tx, fresh);
}

Result<std::string> annotation_of(store::Read& read, policy::ObjectRef entity, std::string_view dialect) {
  TRY(auto found, store::find<Annotation>(read, entity.kind, entity.id, dialect));
  return found ? std::move(found->document) : std::string("{}");
}

Result<void> erase_annotations(store::Tx& tx, policy::ObjectRef entity) {
  TRY(const auto rows,
      store::select<Annotation>(tx, store::lookup::kAnnotationsOfEntity, entity.kind, entity.id));
  for (const auto& row : rows) TRY(store::erase(tx, row));
  return {};
}

}  // namespace allauth::app
