// A read without a Store around it, for the command line and for migrations.
#pragma once

#include <type_traits>
#include <utility>

#include "store/log.h"
#include "store/read.h"

namespace allauth::store {

// fn(Read&) -> Result<X> in a read transaction of this session. Errors: those of `fn` and of
// sql/session.h.
template <class Fn>
auto read_alone(sql::Session& session, Fn&& fn) -> std::invoke_result_t<Fn, Read&> {
  TRY(session.begin_read());
  auto result = [&]() -> std::invoke_result_t<Fn, Read&> {
    // The first statement fixes what the transaction sees, so this is its revision.
    TRY(const auto head, read_head(session));
    Read read(session, head.newest.revision);
    return std::forward<Fn>(fn)(read);
  }();
  session.rollback();
  return result;
}

}  // namespace allauth::store
