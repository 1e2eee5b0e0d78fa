#include "store/write.h"

#include <algorithm>
#include <array>

namespace allauth::store {
namespace {

bool is_slug(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
  });
}

bool is_storable(const Act& act) {
  return std::ranges::all_of(
      std::array<std::string_view, 7>{act.actor_kind, act.actor_id, act.on_behalf_of, act.domain_id,
                                      act.request_id, act.target_kind, act.target_id},
      sql::is_storable);
}

}  // namespace

void Tx::act(Act act) {
  ++acts_;
  act_ = std::move(act);
}

Result<LogEntry> Tx::finish() {
  if (failure_) return fail(std::move(*failure_));
  if (acts_ != 1 || !is_slug(act_.slug))
    return fail(Code::bug, "write.no_act", "A write must say what it does, once, with a slug.", {},
                act_.slug);
  // Its row is written with those of the whole batch, which must not fail for one of them.
  if (!is_storable(act_))
    return fail(Code::invalid, "row.text", "Text must be UTF-8 without the character U+0000.", {}, act_.slug);
  return LogEntry{.revision = revision_, .time = now_, .act = std::move(act_), .images = std::move(images_)};
}

Error Tx::cause(Error told) const {
  if (failure_ && failure_->reason == Reason("store.serialization")) return *failure_;
  return told;
}

}  // namespace allauth::store
