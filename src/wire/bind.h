// Registers typed handlers:
//   bind<v1::GetUserRequest, v1::User>(table, "allauth.v1.UserService.GetUser", v1::KIND_SNAPSHOT, fn)
// where fn answers at once, Result<v1::User>(const Call&, const v1::GetUserRequest&), or later,
// void(const Call&, const v1::GetUserRequest&, Reply<v1::User>).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "wire/method.h"

namespace allauth::wire {

// A Done for one type of answer, with the same promises.
template <class Resp>
class Reply {
 public:
  Reply() = default;  // answers nobody; to be assigned to
  explicit Reply(Done done) : done_(std::move(done)) {}

  // `revision`: of a write, the one that has it; `replayed`: that was before.
  void operator()(Result<Resp> answer, std::optional<std::uint64_t> revision = std::nullopt,
                  bool replayed = false) {
    if (!answer) return done_(std::unexpected(std::move(answer).error()));
    done_(Answer{std::make_unique<Resp>(std::move(*answer)), revision, replayed});
  }

 private:
  Done done_;
};

template <class Req, class Resp, class Fn>
void bind(MethodTable& table, std::string full_name, v1::Kind kind, Fn fn) {
  Handler run = [fn = std::move(fn)](const Call& call, const Message& message, Done done) {
    const auto& request = static_cast<const Req&>(message);
    Reply<Resp> reply(std::move(done));
    if constexpr (std::is_invocable_r_v<Result<Resp>, const Fn&, const Call&, const Req&>) {
      reply(fn(call, request));
    } else {
      fn(call, request, std::move(reply));
    }
  };
  table.add(
      std::move(full_name),
      {.kind = kind, .request = Req::descriptor(), .response = Resp::descriptor(), .run = std::move(run)});
}

// The same for a method that streams: fn(const Call&, const Req&, Opened).
template <class Req, class Resp, class Fn>
void bind_stream(MethodTable& table, std::string full_name, v1::Kind kind, Fn fn) {
  Opener open = [fn = std::move(fn)](const Call& call, const Message& message, Opened opened) {
    fn(call, static_cast<const Req&>(message), std::move(opened));
  };
  table.add(
      std::move(full_name),
      {.kind = kind, .request = Req::descriptor(), .response = Resp::descriptor(), .open = std::move(open)});
}

}  // namespace allauth::wire
