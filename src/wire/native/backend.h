// Where the handlers of the native API run. Each method says in its options what it needs; the four
// functions at the end turn a plain use-case into a handler of that kind.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "app/caller.h"
#include "app/core.h"
#include "app/identity/token_issuer.h"
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
  Submit readers;                            // for what reads the database
  Submit hashers;                            // for what hashes passwords
  std::function<bool(const Call&)> is_node;  // whether a node without a database calls
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

// fn(store::Read&, const app::Caller&, const Req&) -> Result<Resp>.
template <class Req, class Resp, class Fn>
void add_read(MethodTable& table, const Backend& backend, std::string name, Fn fn) {
  bind<Req, Resp>(
      table, std::move(name), v1::KIND_READ,
      [&backend, fn = std::move(fn)](const Call& call, const Req& request, Reply<Resp> reply) {
        auto caller = authenticate_call(backend, call);
        if (!caller) return reply(std::unexpected(std::move(caller).error()));
        auto held = std::make_shared<Reply<Resp>>(std::move(reply));
        auto job = [&backend, &fn, &call, &request, caller = std::move(*caller), held] {
          if (!is_wanted(backend.core, call)) return (*held)(overloaded());
          (*held)(backend.store.read([&](store::Read& read) { return fn(read, caller, request); }));
        };
        if (!backend.readers(call.notes.principal, std::move(job))) (*held)(overloaded());
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

// prepare(const Call&, const Req&) -> Result<store::Write<T>>; encode(T&&) -> Result<Resp>.
template <class Req, class Resp, class Prepare, class Encode>
void add_write(MethodTable& table, const Backend& backend, std::string name, Prepare prepare, Encode encode) {
  bind<Req, Resp>(table, std::move(name), v1::KIND_WRITE,
                  [&backend, prepare = std::move(prepare), encode](const Call& call, const Req& request,
                                                                   Reply<Resp> reply) {
                    submit(backend, if_within_limits(call, request, prepare(call, request)), std::move(reply),
                           encode);
                  });
}

// The same, prepared on the hashing pool.
template <class Req, class Resp, class Prepare, class Encode>
void add_hashing_write(MethodTable& table, const Backend& backend, std::string name, Prepare prepare,
                       Encode encode) {
  bind<Req, Resp>(table, std::move(name), v1::KIND_WRITE_PASSWORD,
                  [&backend, prepare = std::move(prepare), encode](const Call& call, const Req& request,
                                                                   Reply<Resp> reply) {
                    auto held = std::make_shared<Reply<Resp>>(std::move(reply));
                    auto job = [&backend, &prepare, &call, &request, encode, held] {
                      if (!is_wanted(backend.core, call)) return (*held)(overloaded());
                      submit(backend, if_within_limits(call, request, prepare(call, request)),
                             std::move(*held), encode);
                    };
                    if (!backend.hashers(call.peer.address, std::move(job))) (*held)(overloaded());
                  });
}

// Registers every method of proto/allauth/v1.
void add_all(MethodTable& table, const Backend& backend);

// The two questions alone, for nodes that only decide. `is_node` may be empty. Core is borrowed.
void add_questions(MethodTable& table, const app::Core& core, Submit hashers,
                   std::function<bool(const Call&)> is_node);

}  // namespace allauth::wire::native
