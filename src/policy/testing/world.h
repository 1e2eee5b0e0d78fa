// For tests: a schema with relationships and grants, known both to the engine and to the oracle.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/check.h"
#include "policy/testing/oracle.h"

namespace allauth::policy {

class World {
 public:
  // Errors: those of the language. What the engine refuses beyond that is no error, see refused().
  static Result<std::unique_ptr<World>> make(std::string_view schema);

  const ResolvedSchema& language() const { return language_; }
  // The schema as the engine has it; nullptr: it refuses it.
  const std::shared_ptr<const CompiledSchema>& schema() const { return schema_; }
  const std::optional<Error>& refused() const { return refused_; }

  // False: it is known already. An error: it does not fit the schema (as the engine says).
  Result<bool> relate(const Edge& edge);
  Result<bool> grant(const ObjectRef& object, std::string_view role, Effect effect,
                     const std::vector<std::string_view>& actions);
  // All that was related and granted, a line each.
  const std::vector<std::string>& facts() const { return facts_; }

  Graph graph() { return editor_->freeze(); }
  Oracle& oracle() { return oracle_; }

  // Asks the engine and the oracle for each place of each object what the subject may; the engine's
  // explanation, too. Empty: they agree; else where they first do not.
  std::string difference(const SubjectRef& subject);
  // Questions that difference() has compared, by the oracle's answer.
  struct Counts {
    std::size_t yes = 0, no = 0, undefined = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  explicit World(ResolvedSchema language) : language_(std::move(language)), oracle_(language_) {}
  std::string compare(const Engine& engine, const Graph& graph, const CheckQuery& query);

  ResolvedSchema language_;
  std::shared_ptr<const CompiledSchema> schema_;
  std::optional<Error> refused_;
  std::optional<Graph::Editor> editor_;
  Oracle oracle_;
  std::vector<std::string> facts_;
  Counts counts_;
};

}  // namespace allauth::policy
