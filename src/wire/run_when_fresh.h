// When a handler runs: at once, or when the state has reached the revision that the call asks for.
#pragma once

#include <exception>
#include <utility>

#include "base/error.h"
#include "wire/method.h"

namespace allauth::wire {

// Calls `run()`, now or later, on this thread or another that may answer calls. What stands in its way,
// or what it throws, goes to `fail(const Error&)`. Both are copied; `call` lives as long as they do.
template <class Run, class Fail>
void run_when_fresh(const AtLeast& at_least, const Call& call, Run run, Fail fail) {
  const auto guarded = [run, fail] {
    try {
      run();
    } catch (const std::exception& e) {
      fail(Error{.code = Code::bug,
                 .reason = "method.exception",
                 .message = "A handler threw an exception.",
                 .detail = e.what()});
    }
  };
  if (!call.at_least) return guarded();
  if (!at_least)
    return fail(Error{.code = Code::unsupported,
                      .reason = "at_least.unsupported",
                      .message = "Allauth-At-Least is not offered here."});
  at_least(*call.at_least, [guarded, fail](Result<void> there) {
    if (!there) return fail(there.error());
    guarded();
  });
}

}  // namespace allauth::wire
