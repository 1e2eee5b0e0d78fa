#include "app/policy/schema.h"

#include "app/directory/change.h"
#include "app/policy/schema_use.h"
#include "policy/core_schema.h"

namespace allauth::app {
namespace {

using Compiled = std::shared_ptr<const policy::CompiledSchema>;

Result<Compiled> compile(const std::string& text, const policy::CompiledSchema& before) {
  auto compiled = policy::core_schema_with(text, before);
  if (!compiled) compiled.error().field = "text";
  return compiled;
}

SchemaView view_of(const PolicySchema& own, const policy::CompiledSchema& compiled) {
  return {.text = own.text,
          .warnings = compiled.warnings(),
          .core = policy::core_schema_text(),
          .stamp = own.stamp};
}

// The row as it is, none or one, and what it would be compiled to with another text.
struct Change {
  std::optional<PolicySchema> stored;
  Compiled compiled;
};

Result<Change> check_change(const Core& core, store::Read& read, const std::string& text,
                            std::optional<Revision> expected) {
  TRY(auto stored, store::find<PolicySchema>(read, PolicySchema::kMain));
  TRY(check_revision(stored ? stored->stamp : Stamp{}, expected));
  TRY(const auto before, schema_in_force(read, core));
  TRY(auto compiled, compile(text, *before));
  TRY(require_unused(read, *before, *compiled));
  return Change{std::move(stored), std::move(compiled)};
}

}  // namespace

SchemaView read_schema(const Core& core, const Permit<act::ReadPolicy>&) {
  const auto snapshot = core.snapshots.view();
  return view_of(snapshot->own_schema(), snapshot->graph().schema());
}

// Mistakes are found before the write is queued. What it is compiled to then is not kept: another schema may
// have been written before its turn.
Result<store::Write<SchemaView>> write_schema(const Core& core, Permit<act::WriteSchema> permit,
                                              std::string text, std::optional<Revision> expected) {
  TRY(compile(text, core.schema()));
  return guarded<SchemaView>(
      core, std::move(permit),
      [&core, text = std::move(text), expected](store::Tx& tx, const auto& allowed) -> Result<SchemaView> {
        TRY(auto change, check_change(core, tx, text, expected));
        const bool fresh = !change.stored;
        PolicySchema own = std::move(change.stored)
                               .value_or(PolicySchema{.name = std::string(PolicySchema::kMain),
                                                      .text = {},
                                                      .stamp = fresh_stamp(tx, allowed.caller())});
        own.text = text;
        touch(own.stamp, tx, allowed.caller());
        TRY(fresh ? store::insert(tx, own) : store::update(tx, own));
        tx.act(act_of(allowed.caller(), "policy.schema_written", kind::platform, kPlatformId));
        return view_of(own, *change.compiled);
      });
}

Result<SchemaView> try_schema(const Core& core, store::Read& read, const Permit<act::WriteSchema>&,
                              const std::string& text, std::optional<Revision> expected) {
  TRY(auto change, check_change(core, read, text, expected));
  PolicySchema own = std::move(change.stored).value_or(PolicySchema{});
  own.text = text;
  return view_of(own, *change.compiled);
}

}  // namespace allauth::app
