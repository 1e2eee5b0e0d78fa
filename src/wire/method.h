// The seam between the transports of the native API and the handlers of its methods. A handler is
// given a typed request and what is known of the caller, and does not learn whether REST or gRPC
// carried it. There is one handler per method of proto/allauth/v1.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "allauth/v1/options.pb.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "codec/http.h"
#include "codec/trace_context.h"
#include "wire/limiter.h"

namespace allauth::wire {

struct BasicCredential {
  std::string name;  // a login, or a client's id
  Secret password;
};

// What is found out about a call while it is answered.
struct CallNotes {
  std::string principal;  // who called, as "user:0190…"; empty as long as nobody knows
};

// What came with a request besides its message. Nothing in it has been verified but the certificate.
struct Call {
  std::optional<Secret> bearer;          // a token
  std::optional<BasicCredential> basic;  // at most one of these two is set
  std::string request_id;                // printable, 1–64 characters; for logs and the audit
  http::Peer peer;
  Tick deadline{};  // an answer after this is of no use
  // True once nobody waits for the answer any more: set by another thread, lives as long as the call. Null:
  // nobody would tell.
  const std::atomic<bool>* gone = nullptr;
  std::optional<std::string> if_match;  // the revision that the entity must still have
  // The revision that the state must have reached before the call is answered; whoever carries the call
  // sees to it.
  std::optional<std::uint64_t> at_least;
  // A name for this write, given by the caller: a repeat under the same name gets the first answer again.
  std::optional<std::string> idempotency_key;
  std::vector<std::string> present;    // the members that the body named: what a PATCH changes
  codec::TraceContext trace{};         // our own step of the caller's trace
  WorkKind work = WorkKind::question;  // what it counts as where rates are limited
  Limiter* limiter = nullptr;          // limits the caller, once it is known; null: nobody is limited
  // Written by whoever authenticates the call, before it is answered; read for the log afterwards.
  mutable CallNotes notes{};
};

using Message = google::protobuf::Message;

// What a handler answers: its message, and of a write the revision that has it.
struct Answer {
  std::unique_ptr<Message> message;
  std::optional<std::uint64_t> revision{};
  bool replayed = false;  // it was given before; nothing was done now
};

// Answers a call once, from any thread. Destroying it unanswered answers a bug.
using Done = std::move_only_function<void(Result<Answer>)>;

// Called on an I/O thread, several at once; must not block. Call and request stay as they are until
// `done` was called or destroyed, so work handed to another thread may refer to them.
using Handler = std::function<void(const Call& call, const Message& request, Done done)>;

// The answers of a method that streams, one after the other. Destroyed when nobody wants more of them.
class MessageStream {
 public:
  virtual ~MessageStream() = default;
  // Calls `then` once, on any thread, with the next message, or null at the end. At most one call is
  // pending; destroying the stream destroys or calls its `then`.
  using Then = std::move_only_function<void(Result<std::unique_ptr<Message>>)>;
  virtual void next(Then then) = 0;
};

// Opens the stream of one call, under the same promises as Handler and Done. The stream may refer to
// neither call nor request.
using Opened = std::move_only_function<void(Result<std::unique_ptr<MessageStream>>)>;
using Opener = std::function<void(const Call& call, const Message& request, Opened opened)>;

// Calls `then` when the state has reached a revision, or with the reason why a call cannot be answered from
// it. On this thread, or later on one that may answer calls.
using AtLeast = std::function<void(std::uint64_t revision, std::move_only_function<void(Result<void>)> then)>;

// A handler with the types and the kind of work that it was written for.
struct Method {
  v1::Kind kind = v1::KIND_UNSPECIFIED;
  const google::protobuf::Descriptor* request = nullptr;
  const google::protobuf::Descriptor* response = nullptr;
  Handler run{};  // of a method with one answer
  Opener open{};  // of one that streams its answers
};

// The handlers by method name. Filled once at start, then only read, which is thread-safe.
class MethodTable {
 public:
  // `full_name` as "allauth.v1.UserService.GetUser". Mistakes are found by check().
  void add(std::string full_name, Method method);

  // Nothing if the method has no handler.
  const Method* find(std::string_view full_name) const;

  // Every method of the services has exactly one handler, of its kind and types, and there are no
  // handlers besides. Errors are bugs ("method.*") that name the method.
  Result<void> check(std::span<const google::protobuf::ServiceDescriptor* const> services) const;

 private:
  std::map<std::string, Method, std::less<>> methods_;
  std::vector<std::string> added_twice_;
};

// The services of proto/allauth/v1, in order of their files.
std::vector<const google::protobuf::ServiceDescriptor*> native_services();
// Of these, the one with the two questions: who is this, and may they do that?
std::vector<const google::protobuf::ServiceDescriptor*> question_services();

}  // namespace allauth::wire
