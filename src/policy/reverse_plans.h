// The reversed plans of one schema that were asked for, kept. Thread-safe. Internal to the engine.
#pragma once

#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <unordered_map>

#include "policy/reverse_plan.h"

namespace allauth::policy {

class ReversePlans {
 public:
  // For as long as the schema lives, which is the same at every call.
  std::shared_ptr<const ReversePlan> find_or_make(const CompiledSchema& schema, MemberId wanted,
                                                  const SubjectKind& subject);

 private:
  static constexpr std::size_t kMost = 256;  // then all are dropped, and come back as they are asked for

  std::shared_mutex mutex_;
  std::unordered_map<std::uint64_t, std::shared_ptr<const ReversePlan>> plans_;
};

}  // namespace allauth::policy
