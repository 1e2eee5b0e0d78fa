// Who may write to a page in place: a page carries the token of the editor that made it, and only the
// editor holding that token writes to it. A frozen version's pages carry tokens that no editor holds
// any more.
#pragma once

#include <atomic>
#include <cstdint>

namespace allauth::persistent {

using EditToken = std::uint64_t;

// Never the same twice in a process.
inline EditToken next_edit_token() {
  static constinit std::atomic<EditToken> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace allauth::persistent
