#include "policy/reverse_plans.h"

#include <mutex>

namespace allauth::policy {

std::shared_ptr<const ReversePlan> ReversePlans::find_or_make(const CompiledSchema& schema, MemberId wanted,
                                                              const SubjectKind& subject) {
  const std::uint64_t key =
      std::uint64_t{wanted} << 32 | std::uint64_t{subject.definition} << 16 | subject.relation;
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = plans_.find(key); found != plans_.end()) return found->second;
  }
  auto made = std::make_shared<const ReversePlan>(reverse(schema, {&wanted, 1}, subject));
  const std::unique_lock lock(mutex_);
  if (plans_.size() >= kMost) plans_.clear();
  return plans_.insert_or_assign(key, std::move(made)).first->second;
}

}  // namespace allauth::policy
