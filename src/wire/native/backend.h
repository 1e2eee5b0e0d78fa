// Where the handlers of the native API run. Each method says in its options what it needs; the four
// functions at the end turn a plain use-case into a handler of that kind.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "app/access/repeats.h"
#include "app/caller.h"
#include "app/core.h"
#include "app/identity/token_issuer.h"
#include "app/watch/watching.h"
#include "store/store.h"
#include "wire/bind.h"

namespace allauth::wire::native {

// Runs a job on another thread; false at once if its queue is full, or the part of it that `whose` jobs may
// take. Nobody's: those of the program itself.
using Submit = std::function<bool(std::string_view whose, std::move_only_function<void()>)>;

// All borrowed; outlives every handler.
struct Backend {
  const app::Core& core;
  const app::TokenIssuer& issuer;
  store::Store& store;
  app::Watching& watching;
  const app::Repeats& repeats;
  Submit readers;                            // for what reads the database
  Submit hashers;                            // for what hashes passwords
  std::function<bool(const Call&)> is_node;  // whether a node without a database calls
  std::string version;                       // of this program
};

// Who calls, from a bearer token or a client's id and key; notes it, and counts the call for it.
// Errors: unauthenticated credential.missing, those of app::require_authenticated and of Limiter.
Result<app::Caller> authenticate_call(const app::Core&, const Call&);
inline Result<app::Caller> authenticate_call(const Backend& backend, const Call& call) {
  return authenticate_call(backend.core, call);
}

// The revision that If-Match names. Error: invalid if_match.invalid.
Result<std::optional<Revision>> expected_revision(const Call&);

std::unexpected<Error> overloaded();

// False when nobody waits for the answer of a call any more.
bool is_wanted(const app::Core& core, const Call& call);

// Counts a call for the domain that its request names, if it names one. Only for who may be there: else
// anybody could use up what a domain has.
template <class Req>
Result<void> count_for_domain(const Call& call, const Req& request) {
  if constexpr (requires { request.domain_id(); }) {
    if (call.limiter != nullptr && !request.domain_id().empty())
      return call.limiter->domain(request.domain_id(), call.work);
  }
  return {};
}

// fn(const Call&, const Req&) -> Result<Resp>, from memory.
template <class Req, class Resp, class Fn>
void add_snapshot(MethodTable& table, std::string name, Fn fn) {
  bind<Req, Resp>(table, std::move(name), v1::KIND_SNAPSHOT,
                  [fn = std::move(fn)](const Call& call, const Req& request) -> Result<Resp> {
                    return fn(call, request);
                  });
}

// Whether an answer comes with the revision that it is of, as those of writes do.
enum class WithRevision { no, yes };

// Answers from the database, on a thread that may wait for it. `fn` lives as long as the method:
// (store::Read&, const app::Caller&, const Req&) -> Result<Resp>, or with the call before the request.
template <class Req, class Resp, class Fn>
void answer_read(const Backend& backend, const Fn& fn, const Call& call, const Req& request,
                 Reply<Resp> reply, WithRevision with = WithRevision::no) {
  auto caller = authenticate_call(backend, call);
  if (!caller) return reply(std::unexpected(std::move(caller).error()));
  auto held = std::make_shared<Reply<Resp>>(std::move(reply));
  auto job = [&backend, &fn, &call, &request, caller = std::move(*caller), held, with] {
    if (!is_wanted(backend.core, call)) return (*held)(overloaded());
    std::optional<std::uint64_t> revision;
    auto answer = backend.store.read([&](store::Read& read) {
      if (with == WithRevision::yes) revision = to_number(read.revision());
      if constexpr (std::is_invocable_v<const Fn&, store::Read&, const app::Caller&, const Call&, const Req&>)
        return fn(read, caller, call, request);
      else
        return fn(read, caller, request);
    });
    (*held)(std::move(answer), revision);
  };
  if (!backend.readers(call.notes.principal, std::move(job))) (*held)(overloaded());
}

// fn: as in answer_read.
template <class Req, class Resp, class Fn>
void add_read(MethodTable& table, const Backend& backend, std::string name, Fn fn) {
  bind<Req, Resp>(table, std::move(name), v1::KIND_READ,
                  [&backend, fn = std::move(fn)](const Call& call, const Req& request, Reply<Resp> reply) {
                    answer_read(backend, fn, call, request, std::move(reply));
                  });
}

// The write, unless the domain that it is for has written too much.
template <class T, class Req>
Result<store::Write<T>> if_within_limits(const Call& call, const Req& request,
                                         Result<store::Write<T>> write) {
  if (!write) return write;
  TRY(count_for_domain(call, request));
  return write;
}

// Queues a prepared write and replies with encode(T&&) -> Result<Resp> of what it made.
template <class Resp, class T, class Encode>
void submit(const Backend& backend, Result<store::Write<T>> write, Reply<Resp> reply, Encode encode) {
  if (!write) return reply(std::unexpected(std::move(write).error()));
  backend.store.submit<T>(std::move(*write),
                          [reply = std::move(reply), encode](Result<store::Committed<T>> done) mutable {
                            if (!done) return reply(std::unexpected(std::move(done).error()));
                            reply(encode(std::move(done->value)), to_number(done->revision));
                          });
}

// The write of a call with an idempotency key, as far as it is told from others.
app::Repeats::Once once_of(const Backend& backend, const app::Caller& caller, const Call& call,
                           std::string_view method, const Message& request);
// The first answer to it, if there was one: fills `answer` and gives the revision.
Result<std::optional<Revision>> find_first(const Backend& backend, const app::Repeats::Once& once,
                                           Message& answer);
Result<void> keep_answer(const Backend& backend, store::Tx& tx, const app::Repeats::Once& once,
                         const Message& answer);

// The same write with its answer kept.
template <class Resp, class T, class Encode>
Result<store::Write<Resp>> kept(const Backend& backend, Result<store::Write<T>> write,
                                app::Repeats::Once once, Encode encode) {
  if (!write) return std::unexpected(std::move(write).error());
  return store::Write<Resp>{.recheck = std::move(write->recheck),
                            .run = [&backend, run = std::move(write->run), once = std::move(once),
                                    encode](store::Tx& tx) -> Result<Resp> {
                              TRY(backend.repeats.require_first(tx, once));
                              TRY(auto made, run(tx));
                              TRY(auto answer, encode(std::move(made)));
                              TRY(keep_answer(backend, tx, once, answer));
                              return answer;
                            }};
}

// Of a call with an idempotency key: the first answer again, or the write. Reads the database.
template <class Resp, class Req, class Prepare, class Encode>
void submit_once(const Backend& backend, std::string_view method, const Call& call, const Req& request,
                 const Prepare& prepare, Encode encode, Reply<Resp> reply) {
  const auto caller = authenticate_call(backend, call);
  if (!caller) return reply(std::unexpected(caller.error()));
  auto once = once_of(backend, *caller, call, method, request);
  Resp answer;
  const auto first = find_first(backend, once, answer);
  if (!first) return reply(std::unexpected(first.error()));
  if (*first) return reply(std::move(answer), to_number(**first), true);
  submit(
      backend,
      kept<Resp>(backend, if_within_limits(call, request, prepare(call, request)), std::move(once), encode),
      std::move(reply), [](Resp&& made) -> Result<Resp> { return std::move(made); });
}

// How a write is done; its parts live as long as the method.
template <class Prepare, class Encode>
struct Writing {
  std::string name;
  Prepare prepare;  // (const Call&, const Req&) -> Result<store::Write<T>>
  Encode encode;    // (T&&) -> Result<Resp>
};

template <class Req, class Resp, class Prepare, class Encode>
void answer_write(const Backend& backend, const Writing<Prepare, Encode>& how, const Call& call,
                  const Req& request, Reply<Resp> reply) {
  if (!call.idempotency_key)
    return submit(backend, if_within_limits(call, request, how.prepare(call, request)), std::move(reply),
                  how.encode);
  auto held = std::make_shared<Reply<Resp>>(std::move(reply));
  auto job = [&backend, &how, &call, &request, held] {
    if (!is_wanted(backend.core, call)) return (*held)(overloaded());
    submit_once(backend, how.name, call, request, how.prepare, how.encode, std::move(*held));
  };
  if (!backend.readers(call.peer.address, std::move(job))) (*held)(overloaded());
}

// Prepare and Encode: as in Writing.
template <class Req, class Resp, class Prepare, class Encode>
void add_write(MethodTable& table, const Backend& backend, std::string name, Prepare prepare, Encode encode) {
  Writing<Prepare, Encode> how{name, std::move(prepare), std::move(encode)};
  bind<Req, Resp>(table, std::move(name), v1::KIND_WRITE,
                  [&backend, how = std::move(how)](const Call& call, const Req& request, Reply<Resp> reply) {
                    answer_write(backend, how, call, request, std::move(reply));
                  });
}

// A write that can also be tried: try_out, as in answer_read, answers if the request says validate_only.
template <class Req, class Resp, class TryOut, class Prepare, class Encode>
void add_write_or_try(MethodTable& table, const Backend& backend, std::string name, TryOut try_out,
                      Prepare prepare, Encode encode) {
  Writing<Prepare, Encode> how{name, std::move(prepare), std::move(encode)};
  bind<Req, Resp>(table, std::move(name), v1::KIND_WRITE,
                  [&backend, try_out = std::move(try_out), how = std::move(how)](
                      const Call& call, const Req& request, Reply<Resp> reply) {
                    if (request.validate_only())
                      return answer_read(backend, try_out, call, request, std::move(reply),
                                         WithRevision::yes);
                    answer_write(backend, how, call, request, std::move(reply));
                  });
}

// Prepared on a thread of `pool`, which is one of the backend's.
template <class Req, class Resp, class Prepare, class Encode>
void add_write_on(const Submit& pool, v1::Kind kind, MethodTable& table, const Backend& backend,
                  std::string name, Prepare prepare, Encode encode) {
  bind<Req, Resp>(table, name, kind,
                  [&backend, &pool, name, prepare = std::move(prepare), encode](
                      const Call& call, const Req& request, Reply<Resp> reply) {
                    auto held = std::make_shared<Reply<Resp>>(std::move(reply));
                    auto job = [&backend, &name, &prepare, &call, &request, encode, held] {
                      if (!is_wanted(backend.core, call)) return (*held)(overloaded());
                      if (call.idempotency_key)
                        return submit_once(backend, name, call, request, prepare, encode, std::move(*held));
                      submit(backend, if_within_limits(call, request, prepare(call, request)),
                             std::move(*held), encode);
                    };
                    if (!pool(call.peer.address, std::move(job))) (*held)(overloaded());
                  });
}

// The same as add_write, prepared on the hashing pool.
template <class Req, class Resp, class Prepare, class Encode>
void add_hashing_write(MethodTable& table, const Backend& backend, std::string name, Prepare prepare,
                       Encode encode) {
  add_write_on<Req, Resp>(backend.hashers, v1::KIND_WRITE_PASSWORD, table, backend, std::move(name),
                          std::move(prepare), std::move(encode));
}

// The same, prepared by a look at the database: Prepare takes a store::Read& first.
template <class Req, class Resp, class Prepare, class Encode>
void add_reading_write(MethodTable& table, const Backend& backend, std::string name, Prepare prepare,
                       Encode encode) {
  add_write_on<Req, Resp>(
      backend.readers, v1::KIND_WRITE, table, backend, std::move(name),
      [&backend, prepare = std::move(prepare)](const Call& call, const Req& request) {
        return backend.store.read([&](store::Read& read) { return prepare(read, call, request); });
      },
      std::move(encode));
}

// Registers every method of proto/allauth/v1.
void add_all(MethodTable& table, const Backend& backend);

// The two questions alone, for nodes that only decide. `is_node` may be empty. Core is borrowed.
void add_questions(MethodTable& table, const app::Core& core, Submit hashers,
                   std::function<bool(const Call&)> is_node);

}  // namespace allauth::wire::native
