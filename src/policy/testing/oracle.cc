#include "policy/testing/oracle.h"

#include <algorithm>

namespace allauth::policy {

Oracle::Oracle(const ResolvedSchema& schema) : schema_(schema), nodes_(schema.definitions.size()) {
  for (DefinitionId id = 0; id < schema.definitions.size(); ++id) {
    const auto& members = schema.definitions[id].members;
    for (const ResolvedMember& member : members) nodes_[id].push_back({&member, nullptr, {}});
    for (std::size_t i = 0; i < members.size(); ++i) {
      const std::size_t root = add_node(id, members[i].expr);
      nodes_[id][i].parts = {root};
    }
  }
}

std::size_t Oracle::add_node(DefinitionId definition, const ResolvedExpr& expr) {
  Node node{nullptr, &expr, {}};
  for (const ResolvedExpr& part : expr.parts) node.parts.push_back(add_node(definition, part));
  if (expr.kind == ResolvedExpr::Kind::reference)
    node.parts = {schema_.definitions[definition].index.at(expr.name)};
  nodes_[definition].push_back(std::move(node));
  return nodes_[definition].size() - 1;
}

void Oracle::relate(const Edge& edge) {
  const ObjectId resource = intern(edge.resource);
  const Subject subject{intern(edge.subject.object), name(edge.subject.relation)};
  edges_[{resource, name(edge.relation)}].push_back(subject);
  answers_.clear();
}

void Oracle::grant(const ObjectRef& object, std::string_view role, Effect effect,
                   const std::vector<std::string_view>& actions) {
  const GrantRole by = schema_.definitions[kind(object.kind)].grant_role.value();
  const ObjectId holder = intern({schema_.definitions[by.definition].name, role});
  std::vector<NameId>& granted = grants_[{intern(object), holder, effect}];
  granted.clear();
  for (const std::string_view action : actions) granted.push_back(name(action));
  answers_.clear();
}

Oracle::Truth Oracle::ask(const SubjectRef& subject, std::string_view member, const ObjectRef& object) {
  const Subject who{intern(subject.object), name(subject.relation)};
  const ObjectId asked = intern(object);
  const Answers& found = answers(who);
  if (is_shut(asked) && !at(found.certain.holds, asked, name("can_enter"))) return Truth::no;
  if (at(found.certain.holds, asked, name(member))) return Truth::yes;
  return at(found.possible.holds, asked, name(member)) ? Truth::undefined : Truth::no;
}

bool Oracle::is_shut(ObjectId object) const {
  const NameId can_enter = name("can_enter"), closed = name("closed");
  if (can_enter == schema_.names.size()) return false;
  std::vector<ObjectId> reached{object};
  for (std::size_t i = 0; i < reached.size(); ++i) {
    const ObjectId here = reached[i];
    const ResolvedMember* entrance = schema_.definitions[objects_[here].kind].find(can_enter);
    if (const auto found = edges_.find({here, closed}); found != edges_.end() && !found->second.empty())
      return true;
    if (entrance == nullptr) continue;
    for_each_part(entrance->expr, [&](const ResolvedExpr& part) {
      const auto around = edges_.find({here, part.name});
      if (part.kind != ResolvedExpr::Kind::arrow || part.target != can_enter || around == edges_.end())
        return;
      for (const Subject& next : around->second) {
        const bool has_one = schema_.definitions[objects_[next.object].kind].find(can_enter) != nullptr;
        if (has_one && std::ranges::find(reached, next.object) == reached.end())
          reached.push_back(next.object);
      }
    });
  }
  return false;
}

std::vector<ObjectRef> Oracle::objects() const {
  std::vector<ObjectRef> all;
  for (const Object& object : objects_)
    if (object.id != kEveryone) all.push_back({schema_.definitions[object.kind].name, object.id});
  return all;
}

DefinitionId Oracle::kind(std::string_view name) const {
  const auto found =
      std::find_if(schema_.definitions.begin(), schema_.definitions.end(),
                   [&](const ResolvedDefinition& definition) { return definition.name == name; });
  return static_cast<DefinitionId>(found - schema_.definitions.begin());
}

NameId Oracle::name(std::string_view name) const {
  return static_cast<NameId>(std::find(schema_.names.begin(), schema_.names.end(), name) -
                             schema_.names.begin());
}

Oracle::ObjectId Oracle::intern(const ObjectRef& ref) {
  const Object object{kind(ref.kind), std::string(ref.id)};
  const auto known = std::find(objects_.begin(), objects_.end(), object);
  if (known != objects_.end()) return static_cast<ObjectId>(known - objects_.begin());
  answers_.clear();
  objects_.push_back(object);
  return objects_.size() - 1;
}

Oracle::Model Oracle::nothing() const {
  Model model;
  for (const Object& object : objects_) model.holds.emplace_back(nodes_[object.kind].size());
  model.denied = model.holds;
  return model;
}

const Oracle::Answers& Oracle::answers(const Subject& subject) {
  const auto [known, fresh] = answers_.try_emplace(subject);
  Answers& answers = known->second;
  if (!fresh) return answers;
  for (answers.certain = nothing();;) {
    answers.possible = consequences(subject, answers.certain);
    Model next = consequences(subject, answers.possible);
    if (next == answers.certain) return answers;
    answers.certain = std::move(next);
  }
}

// All that follows, if of what is negated just the assumed is true.
Oracle::Model Oracle::consequences(const Subject& subject, const Model& assumed) const {
  Round round{subject, assumed, nothing()};
  for (bool changed = true; changed;) {
    changed = false;
    for (ObjectId object = 0; object < objects_.size(); ++object) {
      const std::vector<Node>& nodes = nodes_[objects_[object].kind];
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (!round.model.denied[object][i] && is_denied(round, object, nodes[i]))
          changed = round.model.denied[object][i] = true;
        const bool barred = nodes[i].member != nullptr && assumed.denied[object][i];
        if (!round.model.holds[object][i] && !barred && follows(round, object, nodes[i]))
          changed = round.model.holds[object][i] = true;
      }
    }
  }
  return std::move(round.model);
}

bool Oracle::follows(const Round& round, ObjectId object, const Node& node) const {
  const auto holds = [&](std::size_t part) { return bool{round.model.holds[object][part]}; };
  if (node.member != nullptr) {
    const NameId name = node.member->name;
    if (round.subject == Subject{object, name}) return true;
    if (node.member->kind == Member::Kind::relation) return is_stored(round, object, name);
    if (node.member->kind == Member::Kind::granted) return is_granted(round, object, name, Effect::allow);
    return holds(node.parts[0]);
  }
  switch (node.expr->kind) {
    case ResolvedExpr::Kind::nil:
      return false;
    case ResolvedExpr::Kind::self:
      return round.subject == Subject{object, kItself};
    case ResolvedExpr::Kind::reference:
      return holds(node.parts[0]);
    case ResolvedExpr::Kind::arrow:
      return arrow_holds(round, object, *node.expr);
    case ResolvedExpr::Kind::union_:
      return std::any_of(node.parts.begin(), node.parts.end(), holds);
    case ResolvedExpr::Kind::intersection:
      return std::all_of(node.parts.begin(), node.parts.end(), holds);
    case ResolvedExpr::Kind::exclusion:
      return holds(node.parts[0]) &&
             std::none_of(node.parts.begin() + 1, node.parts.end(),
                          [&](std::size_t part) { return bool{round.assumed.holds[object][part]}; });
  }
  return false;
}

bool Oracle::is_stored(const Round& round, ObjectId object, NameId relation) const {
  const auto found = edges_.find({object, relation});
  if (found == edges_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](const Subject& to) {
    if (to == round.subject) return true;
    const Object& target = objects_[to.object];
    if (target.id == kEveryone)
      return round.subject.relation == kItself && objects_[round.subject.object].kind == target.kind;
    return to.relation != kItself && at(round.model.holds, to.object, to.relation);
  });
}

bool Oracle::arrow_holds(const Round& round, ObjectId object, const ResolvedExpr& arrow) const {
  const auto found = edges_.find({object, arrow.name});
  if (found == edges_.end()) return false;
  const auto holds = [&](const Subject& to) { return at(round.model.holds, to.object, arrow.target); };
  return arrow.all ? std::all_of(found->second.begin(), found->second.end(), holds)
                   : std::any_of(found->second.begin(), found->second.end(), holds);
}

bool Oracle::is_granted(const Round& round, ObjectId object, NameId action, Effect effect) const {
  const NameId held = schema_.definitions[objects_[object].kind].grant_role->relation;
  return std::any_of(grants_.begin(), grants_.end(), [&](const auto& grant) {
    const auto& [on, role, what] = grant.first;
    return on == object && what == effect && at(round.model.holds, role, held) &&
           std::find(grant.second.begin(), grant.second.end(), action) != grant.second.end();
  });
}

bool Oracle::is_denied(const Round& round, ObjectId object, const Node& node) const {
  const auto denied = [&](std::size_t part) { return bool{round.model.denied[object][part]}; };
  if (node.member != nullptr) {
    if (node.member->kind == Member::Kind::granted)
      return is_granted(round, object, node.member->name, Effect::deny);
    return node.member->kind == Member::Kind::permission && denied(node.parts[0]);
  }
  if (node.expr->kind == ResolvedExpr::Kind::arrow) {
    const auto found = edges_.find({object, node.expr->name});
    return found != edges_.end() &&
           std::any_of(found->second.begin(), found->second.end(), [&](const Subject& to) {
             return at(round.model.denied, to.object, node.expr->target);
           });
  }
  if (node.expr->kind == ResolvedExpr::Kind::exclusion) return denied(node.parts[0]);
  return std::any_of(node.parts.begin(), node.parts.end(), denied);
}

// False where the object's kind has no such member.
bool Oracle::at(const std::vector<std::vector<bool>>& places, ObjectId object, NameId member) const {
  const auto& index = schema_.definitions[objects_[object].kind].index;
  const auto found = index.find(member);
  return found != index.end() && places[object][found->second];
}

}  // namespace allauth::policy
