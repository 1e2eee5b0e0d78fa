// A compiled schema: names as small numbers, and for each relation and permission a plan that a check
// can follow. Made by compile_schema() only (lex -> parse -> resolve -> compile, a type for each stage;
// this is the last, the only one that can be evaluated). Immutable, thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "policy/decision.h"
#include "policy/schema/expression.h"
#include "policy/schema/plan.h"

namespace allauth::policy {

struct SchemaLimits {
  std::size_t text_bytes = 64 * 1024;
  std::size_t definitions = 1024;  // and caveats, use lines …
  std::size_t members = 512;       // relations and permissions of one definition
  std::size_t types = 1024;        // of one relation
  std::size_t operands = 1024;     // of one permission
  std::size_t parameters = 64;     // of one caveat
  std::size_t depth = 64;          // of parentheses
};

class CompiledSchema {
 public:
  std::optional<DefinitionId> find_definition(std::string_view name) const;
  // Any relation or permission name of any definition.
  std::optional<NameId> find_name(std::string_view name) const;
  // The definition's relation or permission of that name; nullptr: none.
  const Member* find_member(DefinitionId definition, NameId name) const;
  const Member* find_member(DefinitionId definition, std::string_view name) const;

  const Member& member(MemberId id) const { return members_[id]; }
  // fn(const Member&) for each relation and permission with a name.
  template <class Fn>
  void for_each_member(Fn&& fn) const {
    for (std::size_t id = 0; id < first_part_; ++id) fn(members_[id]);
  }
  // Can any subject of that kind ever hold this member? (By the schema alone.)
  bool reaches(MemberId id, DefinitionId subject) const {
    return (reach_[id * reach_width_ + subject / 64] >> (subject % 64) & 1) != 0;
  }
  // Do relations of several definitions have that name, and take that kind of subject?
  bool is_shared(NameId relation, DefinitionId subject, NameId subject_relation) const;
  // Can a relation be open to everyone of that kind (user:*)?
  bool has_wildcards(DefinitionId definition) const { return wildcards_[definition]; }
  // What a permission says; nil for a relation. Not for parts.
  const Expression& expression(MemberId named) const { return expressions_[named]; }
  MemberId id(const Member& member) const { return static_cast<MemberId>(&member - members_.data()); }
  const Step& step(StepId id) const { return steps_[id]; }
  static RuleId rule(MemberId member) { return {std::uint32_t{member} + 1}; }
  // The actions that roles can grant on a definition, in the order of their names; none: it is no scope.
  std::vector<std::string_view> actions(DefinitionId definition) const;
  bool is_action(DefinitionId definition, std::string_view name) const;
  // Can roles deny it, too?
  bool is_deniable(DefinitionId definition, std::string_view action) const;
  // The role that a definition's relations from grants are held by; nullopt if it has none.
  std::optional<GrantRole> grant_role(DefinitionId definition) const {
    return definitions_[definition].grant_role;
  }

  // An object with any edge of a relation named `closed` is closed: only who holds its permission `can_enter`
  // may do anything on it, and on what refers to it by `can_enter` (decision 038). kItself: there is none.
  NameId closed() const { return closed_; }
  // Who may enter objects of that kind all the same; nullptr: nobody.
  const Member* entrance(DefinitionId definition) const {
    return closed_ == kItself ? nullptr : find_member(definition, can_enter_);
  }
  // The edges to what an object of that kind lies in, for being closed: the arrows in its `can_enter`.
  const std::vector<Hop>& ways_in(DefinitionId definition) const { return definitions_[definition].ways_in; }

  // With those of schemas before, which find_definition() does not know any more.
  std::size_t definition_count() const { return definitions_.size(); }
  std::string_view definition_name(DefinitionId id) const { return definitions_[id].name; }
  std::string_view name(NameId id) const { return id == kItself ? std::string_view() : names_[id]; }
  std::size_t name_count() const { return names_.size(); }  // ids are 1 … name_count() - 1
  std::string rule_name(RuleId rule) const;
  // The member's name; for a part of a permission its expression: "(viewer + editor)".
  std::string_view member_text(MemberId id) const {
    const Member& member = members_[id];
    return member.kind == Member::Kind::part ? part_texts_[id - first_part_] : name(member.name);
  }

  // Whether a graph of that schema can go on with this one: same numbers for the same definitions and names.
  bool goes_on(const CompiledSchema& before) const;

  // Oddities that are allowed, with positions: an arrow whose right side no type has.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  friend class SchemaCompiler;
  CompiledSchema() = default;

  struct Definition {
    std::string name;
    std::vector<std::pair<NameId, MemberId>> members;  // sorted by name id
    std::optional<GrantRole> grant_role;
    std::vector<Hop> ways_in;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using TextIndex = std::unordered_map<std::string, std::uint16_t, TextHash, std::equal_to<>>;

  std::vector<Definition> definitions_;
  std::vector<std::string> names_;  // [kItself] is unused
  NameId closed_ = kItself;
  NameId can_enter_ = kItself;
  std::vector<Member> members_;
  std::size_t first_part_ = 0;  // parts come last
  std::vector<std::string> part_texts_;
  std::vector<Expression> expressions_;  // of the members with a name
  std::vector<Step> steps_;
  std::vector<bool> wildcards_;       // by definition
  std::vector<std::uint64_t> reach_;  // a row of bits per member, one bit per definition
  std::size_t reach_width_ = 0;       // words of a row
  std::vector<std::string> warnings_;
  TextIndex definition_index_;
  TextIndex name_index_;
};

// What a dialect adds to a schema: permissions on its definitions, so that questions can be asked under the
// dialect's names. Written as a schema of its own, with definitions of the same names that hold permissions
// and nothing else; each begins with the fragment's name and "_", so that fragments cannot meet.
struct Fragment {
  std::string_view name;  // such as "supermq"; a constant: positions refer to it
  std::string_view text;
};

// What a schema is made of.
struct SchemaSource {
  std::string_view text;
  std::string_view name = "core";            // of the text in positions, where there is another beside it
  std::span<const Fragment> fragments = {};  // of `text`
  // Definitions that an installation has of its own: each has a prefix ("shop/order"), which those of `text`
  // have not, so that neither can ever meet the other. They may refer to those of `text`, and add nothing to
  // them; nothing in them is `from grants`.
  std::string_view own = {};
  // The numbers of its definitions and names go on, whether they are still there or not: a graph of that
  // schema can go on with this one. nullptr: numbered anew.
  const CompiledSchema* before = nullptr;
};

// Reasons: schema.syntax, schema.name, schema.type, schema.limit, schema.unavailable (part of the
// language, not offered yet), schema.fragment (a fragment adds what it may not), schema.own (own definitions
// do what they may not). Every message begins with "line:column: "; in a fragment, and in a text that has
// own definitions beside it, with "name:line:column: ".
Result<std::shared_ptr<const CompiledSchema>> compile_schema(const SchemaSource& source,
                                                             const SchemaLimits& limits = {});
Result<std::shared_ptr<const CompiledSchema>> compile_schema(std::string_view text,
                                                             const SchemaLimits& limits = {});

}  // namespace allauth::policy
