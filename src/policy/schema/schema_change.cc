#include "policy/schema/schema_change.h"

#include <algorithm>

namespace allauth::policy {
namespace {

bool is_stored(const Member* member) { return member != nullptr && member->kind == Member::Kind::relation; }

bool takes(const CompiledSchema& schema, const TakenForm& taken) {
  const Member* relation = schema.find_member(taken.definition, taken.relation);
  return is_stored(relation) && std::ranges::find(relation->forms, taken.form) != relation->forms.end();
}

bool has_stored_holders(const CompiledSchema& schema, const Form& form) {
  return form.relation != kItself && is_stored(schema.find_member(form.definition, form.relation));
}

template <class Wanted>
std::vector<TakenForm> forms_of(const CompiledSchema& schema, Wanted wanted) {
  std::vector<TakenForm> forms;
  schema.for_each_member([&](const Member& relation) {
    if (!is_stored(&relation)) return;
    for (const Form& form : relation.forms)
      if (const TakenForm taken{relation.definition, relation.name, form}; wanted(taken))
        forms.push_back(taken);
  });
  return forms;
}

}  // namespace

std::vector<TakenForm> lost_forms(const CompiledSchema& before, const CompiledSchema& after) {
  return forms_of(before, [&](const TakenForm& taken) { return !takes(after, taken); });
}

std::vector<TakenForm> changed_forms(const CompiledSchema& before, const CompiledSchema& after) {
  return forms_of(before, [&](const TakenForm& taken) {
    return takes(after, taken) && has_stored_holders(before, taken.form) &&
           !has_stored_holders(after, taken.form);
  });
}

}  // namespace allauth::policy
