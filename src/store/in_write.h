// A transaction that writes, around a few statements: all of them or none.
#pragma once

#include <type_traits>
#include <utility>

#include "store/sql/session.h"

namespace allauth::store {

// fn() -> Result<X>, in a transaction of this session that ends with it. Errors: those of `fn`, after which
// nothing is changed, and of sql/session.h.
template <class Fn>
auto in_write(sql::Session& session, Fn&& fn) -> std::invoke_result_t<Fn> {
  TRY(session.begin_write());
  auto done = std::forward<Fn>(fn)();
  if (!done) {
    session.rollback();
    return done;
  }
  TRY(session.commit());
  return done;
}

}  // namespace allauth::store
