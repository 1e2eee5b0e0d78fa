// Errors as values. An Error says what kind of failure it is (Code, transport-neutral), which one
// exactly (Reason, a stable slug that clients and tests match on), what to tell the caller
// (message) and what to tell the operator only (detail). Each face maps it in one table.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

namespace allauth {

enum class Code {
  invalid,          // the request can never succeed as it stands
  unauthenticated,  // who asks is not known
  denied,           // who asks is known and may not
  not_found,        // no such thing, or none the caller may know of
  conflict,         // the state of the thing forbids it (name taken, last owner …)
  stale,            // a precondition on the revision failed
  exhausted,        // a limit was hit; see retry_after
  unavailable,      // a part of the system is down or draining; see retry_after
  unsupported,      // well-formed, but not offered
  bug,              // an invariant broke; the detail is in the log
};

std::string_view to_string(Code);

// A stable slug such as "client.name.taken": lower-case words joined by dots. Only literals of that
// form compile, so a reason can be compared, counted as a metric label and shown to anyone.
class Reason {
 public:
  consteval Reason(const char* slug) : slug_(slug) {  // NOLINT(google-explicit-constructor)
    if (slug_.empty()) throw "a reason must not be empty";
    for (char c : slug_) {
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_'))
        throw "bad reason slug";
    }
  }
  constexpr std::string_view slug() const { return slug_; }
  friend constexpr bool operator==(Reason a, Reason b) { return a.slug_ == b.slug_; }

 private:
  std::string_view slug_;
};

struct Error {
  Code code;
  Reason reason;
  std::string message;      // one sentence for the caller; never holds a secret
  std::string field = {};   // which input is wrong, as a path ("tags[3]"); may be empty
  std::string detail = {};  // for logs only
  std::optional<std::chrono::seconds> retry_after = {};
  std::source_location at = std::source_location::current();
};

template <class T>
using Result = std::expected<T, Error>;

// fail(Code::invalid, "name.empty", "A name must not be empty.") converts to any Result.
inline std::unexpected<Error> fail(Code code, Reason reason, std::string message, std::string field = {},
                                   std::string detail = {},
                                   std::source_location at = std::source_location::current()) {
  return std::unexpected(Error{.code = code,
                               .reason = reason,
                               .message = std::move(message),
                               .field = std::move(field),
                               .detail = std::move(detail),
                               .at = at});
}

inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

}  // namespace allauth

// TRY(expr) returns the error of `expr` from the enclosing function, if it has one.
// TRY(auto x, expr) also takes its value: TRY(auto user, find_user(id)).
#define ALLAUTH_JOIN2(a, b) a##b
#define ALLAUTH_JOIN(a, b) ALLAUTH_JOIN2(a, b)
#define ALLAUTH_PICK(a1, a2, a3, a4, a5, name, ...) name
#define TRY(...)                                                                                        \
  ALLAUTH_PICK(__VA_ARGS__, ALLAUTH_TRY_VALUE, ALLAUTH_TRY_VALUE, ALLAUTH_TRY_VALUE, ALLAUTH_TRY_VALUE, \
               ALLAUTH_TRY_VOID, _)                                                                     \
  (__VA_ARGS__)
#define ALLAUTH_TRY_VOID(expr)                                                                               \
  do {                                                                                                       \
    if (auto allauth_try = (expr); !allauth_try) return ::std::unexpected(::std::move(allauth_try).error()); \
  } while (false)
#define ALLAUTH_TRY_VALUE(decl, ...) \
  ALLAUTH_TRY_NAMED(ALLAUTH_JOIN(allauth_try_, __LINE__), decl, __VA_ARGS__)
#define ALLAUTH_TRY_NAMED(name, decl, ...)                        \
  auto name = (__VA_ARGS__);                                      \
  if (!name) return ::std::unexpected(::std::move(name).error()); \
  decl = ::std::move(*name)
