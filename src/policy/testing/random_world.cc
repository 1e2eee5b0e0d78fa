#include "policy/testing/random_world.h"

#include <algorithm>

#include "policy/schema/parser.h"

namespace allauth::policy {
namespace {

constexpr std::size_t kMembers = 3;  // of a sort: rel0 … rel2, per0 … per2, act0 … act2

// Text that may break a rule.
class Draft {
 public:
  Draft(std::mt19937& random, Flavour flavour) : random_(random), open_(flavour == Flavour::open) {
    kinds_ = {"user"};
    for (unsigned i = 0, more = 1 + below(open_ ? 2 : 4); i < more; ++i)
      kinds_.push_back(fmt::format("kind{}", i));
    grants_ = below(2) == 0;
    closes_ = below(3) == 0;
  }

  std::string text() {
    std::string schema = "use self\n";
    if (grants_) schema += fmt::format("definition role {{\n relation member: {}\n}}\n", types());
    for (const std::string& kind : kinds_) {
      const bool plain = kind == "user" && !open_ && below(3) != 0;
      schema += fmt::format("definition {} {{\n{}}}\n", kind, plain ? "" : body());
    }
    return schema;
  }

 private:
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  const std::string& kind() { return kinds_[below(static_cast<unsigned>(kinds_.size()))]; }
  std::string number(std::string_view sort) { return fmt::format("{}{}", sort, below(kMembers)); }
  std::string member() {
    const unsigned dice = below(10);
    return number(dice < 4 ? "rel" : grants_ && dice < 6 ? "act" : "per");
  }

  std::string body() {
    std::string text;
    for (std::size_t i = 0; i < kMembers; ++i) text += fmt::format(" relation rel{}: {}\n", i, types_of(i));
    for (std::size_t i = 0; i < kMembers && grants_; ++i)
      text += fmt::format(" relation act{}: role#member from {}grants\n", i, below(4) == 0 ? "allow " : "");
    for (std::size_t i = 0; i < kMembers; ++i)
      text += fmt::format(" permission per{} = {}\n", i, expression(3));
    if (closes_ && below(4) != 0)
      text += fmt::format("{} permission can_enter = {} + rel0->can_enter\n",
                          below(3) == 0 ? "" : " relation closed: user\n", expression(1));
    return text;
  }

  std::string types() {
    std::string text;
    for (unsigned i = 0, count = 1 + below(3); i < count; ++i) text += (i == 0 ? "" : " | ") + type();
    return text;
  }
  // Of a kind's relation by its number, see Flavour::open.
  std::string types_of(std::size_t relation) {
    if (!open_ || relation > 1) return types();
    const std::string named = below(2) == 0 ? " | " + kind() + "#rel1" : "";
    return (relation == 0 ? "user:* | user" : "user") + named;
  }
  std::string type() {
    switch (below(6)) {
      case 0:
        return kind() + ":*";
      case 1:
      case 2:
        return grants_ && below(4) == 0 ? "role#member" : kind() + "#" + member();
      case 3:
        return kind();
      default:
        return kinds_[0];
    }
  }

  std::string expression(unsigned depth) {
    if (open_ && depth > 1 && below(2) == 0)
      return fmt::format("({} - {})", expression(depth - 1), below(2) == 0 ? "rel1" : "(rel1 & rel2)");
    if (depth == 0 || below(3) == 0) return open_ && below(2) == 0 ? "rel0" : operand();
    static constexpr std::array<std::string_view, 3> kOperators = {" + ", " & ", " - "};
    const std::string_view op = kOperators[below(3)];
    std::string text = "(";
    for (unsigned i = 0, parts = 2 + below(2); i < parts; ++i) {
      if (i != 0) text += op;
      text += expression(depth - 1);
    }
    return text + ")";
  }
  std::string operand() {
    switch (below(10)) {
      case 0:
        return "self";
      case 1:
        return below(3) == 0 ? "nil" : member();
      case 2:
      case 3:
        return number("rel") + "->" + member();
      case 4:
        return number("rel") + ".all(" + member() + ")";
      default:
        return member();
    }
  }

  std::mt19937& random_;
  const bool open_;
  std::vector<std::string> kinds_;
  bool grants_ = false;
  bool closes_ = false;
};

class Filler {
 public:
  Filler(World& world, std::mt19937& random) : world_(world), random_(random) {}

  void relate() {
    const ResolvedDefinition& definition = any(world_.language().definitions);
    if (definition.members.empty()) return;
    const ResolvedMember& member = any(definition.members);
    if (member.kind != Member::Kind::relation) return;
    const Form& form = any(member.forms);
    const std::string resource = id();
    const std::string subject = form.wildcard ? "*" : id();
    const auto& names = world_.language().names;
    (void)world_
        .relate({{definition.name, resource},
                 names[member.name],
                 {{world_.language().definitions[form.definition].name, subject}, names[form.relation]}})
        .value();
  }

  // A user in a role. False: the schema does not allow that.
  bool enrol() {
    const std::string role = id();
    const std::string user = id();
    return world_.relate({{"role", role}, "member", {{"user", user}}}).has_value();
  }

  void grant(Effect effect) {
    const ResolvedDefinition& definition = any(world_.language().definitions);
    if (!definition.grant_role) return;
    std::vector<std::string_view> actions;
    for (const ResolvedMember& member : definition.members) {
      if (member.kind != Member::Kind::granted || (effect == Effect::deny && member.never_denied)) continue;
      if (random_() % 2 == 0) actions.push_back(world_.language().names[member.name]);
    }
    const std::string object = id();
    (void)world_.grant({definition.name, object}, id(), effect, actions).value();
  }

 private:
  template <class T>
  const T& any(const std::vector<T>& of) {
    return of[random_() % of.size()];
  }
  std::string id() { return std::string(1, static_cast<char>('a' + random_() % 3)); }

  World& world_;
  std::mt19937& random_;
};

}  // namespace

std::string random_schema(std::mt19937& random, Flavour flavour) {
  for (;;) {
    std::string text = Draft(random, flavour).text();
    const auto ast = parse_schema(text, {});
    if (ast && resolve_schema(*ast)) return text;
  }
}

void fill(World& world, std::mt19937& random) {
  Filler filler(world, random);
  for (unsigned i = 0, edges = 10 + random() % 50; i < edges; ++i) filler.relate();
  for (unsigned i = 0; i < 8; ++i) filler.grant(Effect::allow);
  for (unsigned i = 0, denials = random() % 2 * (2 + random() % 6); i < denials; ++i)
    filler.grant(Effect::deny);
  for (unsigned i = 0; i < 4 && filler.enrol(); ++i) continue;
}

}  // namespace allauth::policy
