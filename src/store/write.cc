#include "store/write.h"

#include <algorithm>

namespace allauth::store {
namespace {

bool is_slug(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
  });
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
  return LogEntry{.revision = revision_, .time = now_, .act = std::move(act_), .images = std::move(images_)};
}

}  // namespace allauth::store
