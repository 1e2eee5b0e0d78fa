#include "app/policy/schema_use.h"

#include "model/relationship.h"
#include "policy/core_schema.h"
#include "policy/schema/schema_change.h"
#include "store/lookups.h"
#include "store/rows.h"

namespace allauth::app {
namespace {

using policy::CompiledSchema;
using policy::Form;

std::string text_of(const CompiledSchema& schema, const Form& form) {
  std::string text(schema.definition_name(form.definition));
  if (form.wildcard) text += ":*";
  if (form.relation != policy::kItself) text.append("#").append(schema.name(form.relation));
  return text;
}

Result<void> require_none(store::Read& read, const CompiledSchema& schema, const policy::TakenForm& lost) {
  const auto resource_kind = schema.definition_name(lost.definition);
  const auto relation = schema.name(lost.relation);
  const auto& statement =
      lost.form.wildcard ? store::lookup::kRelationshipToEveryone : store::lookup::kRelationshipOfForm;
  TRY(const auto found, store::select_one<Relationship>(read, statement, resource_kind, relation,
                                                        schema.definition_name(lost.form.definition),
                                                        schema.name(lost.form.relation)));
  if (!found) return {};
  return fail(
      Code::conflict, "schema.in_use",
      fmt::format("There are relationships that this would not allow: `{}` of {} has to take {} as long "
                  "as there is {}, for one. Delete them first.",
                  relation, resource_kind, text_of(schema, lost.form), found->key_text()),
      "text");
}

}  // namespace

Result<std::shared_ptr<const CompiledSchema>> schema_in_force(store::Read& read, const Core& core) {
  const auto snapshot = core.snapshots.view();
  TRY(const auto stored, store::find<PolicySchema>(read, PolicySchema::kMain));
  const Revision now = stored ? stored->stamp.revision : Revision{};
  if (now == snapshot->own_schema().stamp.revision)
    return std::shared_ptr<const CompiledSchema>(snapshot, &snapshot->graph().schema());
  return policy::core_schema_with(stored ? stored->text : std::string(), snapshot->graph().schema());
}

Result<void> require_unused(store::Read& read, const CompiledSchema& before, const CompiledSchema& after) {
  for (const auto& lost : policy::lost_forms(before, after)) TRY(require_none(read, before, lost));
  for (const auto& changed : policy::changed_forms(before, after)) TRY(require_none(read, before, changed));
  return {};
}

}  // namespace allauth::app
