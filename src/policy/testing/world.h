// For tests: a schema with relationships and grants, known both to the engine and to the oracle.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/check.h"
#include "policy/testing/oracle.h"

namespace allauth::policy {

class World {
 public:
  // Errors: those of compile_schema().
  static Result<std::unique_ptr<World>> make(std::string_view schema);

  const ResolvedSchema& language() const { return language_; }
  const std::shared_ptr<const CompiledSchema>& schema() const { return schema_; }

  // False: it is known already. An error: it does not fit the schema (as the engine says).
  Result<bool> relate(const Edge& edge);
  Result<bool> grant(const ObjectRef& object, std::string_view role, Effect effect,
                     const std::vector<std::string_view>& actions);
  // All that was related and granted, a line each.
  const std::vector<std::string>& facts() const { return facts_; }

  Graph graph() { return editor_.freeze(); }
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
  World(ResolvedSchema language, std::shared_ptr<const CompiledSchema> schema)
      : language_(std::move(language)),
        schema_(std::move(schema)),
        editor_(Graph(schema_)),
        oracle_(language_) {}
  std::string compare(const Engine& engine, const Graph& graph, const CheckQuery& query);

  ResolvedSchema language_;
  std::shared_ptr<const CompiledSchema> schema_;
  Graph::Editor editor_;
  Oracle oracle_;
  std::vector<std::string> facts_;
  Counts counts_;
};

}  // namespace allauth::policy
