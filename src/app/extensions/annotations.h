// What a dialect keeps beside one of our entities: a document of its own for each dialect, which nothing else
// reads. It is written with a change of the entity or on its own, and goes when the entity goes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/access/gate.h"
#include "app/directory/change.h"
#include "model/extension.h"

namespace allauth::app {

// Puts the document in place of any earlier one; an empty text takes it away. Part of a write that has an act
// of its own. Errors: invalid word.invalid, document.too_large, document.invalid.
Result<void> annotate(store::Tx& tx, const Caller& caller, policy::ObjectRef entity, std::string_view dialect,
                      std::string_view document);
// "{}" if there is none.
Result<std::string> annotation_of(store::Read& read, policy::ObjectRef entity, std::string_view dialect);
// All of an entity's; part of its deletion.
Result<void> erase_annotations(store::Tx& tx, policy::ObjectRef entity);

template <class Act>
policy::ObjectRef entity_of(const Permit<Act>& permit) {
  if constexpr (requires { Act::kind; })
    return {Act::kind, permit.object().str()};
  else
    return {permit.object().kind(), permit.object().str()};
}

// Of the entity that the permit is for, as a write of its own.
template <class Act>
store::Write<store::Done> write_annotation(const Core& core, Permit<Act> permit, std::string dialect,
                                           std::string document) {
  return guarded<store::Done>(core, std::move(permit),
                              [dialect = std::move(dialect), document = std::move(document)](
                                  store::Tx& tx, const auto& p) -> Result<store::Done> {
                                const auto entity = entity_of(p);
                                TRY(annotate(tx, p.caller(), entity, dialect, document));
                                tx.act(act_of(p.caller(), "annotation.written", entity.kind, entity.id));
                                return store::Done{};
                              });
}

}  // namespace allauth::app
