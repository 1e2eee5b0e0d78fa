#include "store/sql/postgres_error.h"

#include <algorithm>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "base/clock.h"
#include "base/text.h"

namespace allauth::sql {
namespace {

constexpr Seconds kRetryAfter{1};

Error down(Reason reason, std::string message) {
  return {
      .code = Code::unavailable, .reason = reason, .message = std::move(message), .retry_after = kRetryAfter};
}

Error gone() { return down("store.unreachable", "The database cannot be reached."); }

Error read_only() {
  return down("store.read_only",
              "The database server takes no changes: it is a standby, or was set to read-only.");
}

// By the whole code. Nothing: look at its class.
std::optional<Error> of_code(std::string_view code) {
  if (code == "23505")
    return Error{Code::conflict, "row.exists", "There is one with this key or name already."};
  if (code == "23503")
    return Error{Code::conflict, "row.reference",
                 "It refers to something that does not exist, or something still refers to it."};
  if (code == "22001" || code == "54000")
    return Error{Code::invalid, "row.too_large", "A value is too large to be stored."};
  if (code == "53100") return down("store.full", "There is no space left for the database.");
  if (code == "53300")
    return down("store.unreachable",
                "The database server has no connection to spare: raise its max_connections, or lower "
                "store.readers.");
  if (code == "55P03") return down("store.locked", "The database is locked by another program.");
  if (code == "57014") return down("store.locked", "The database took too long.");
  if (code == "40001" || code == "40P01")
    return down("store.serialization", "The change collided with another one; try again.");
  if (code == "25006") return read_only();
  if (code == "25P03") return gone();  // idle in a transaction for too long: the connection was ended
  if (code == "3D000")
    return down("store.no_database", "The database server has no database of that name; create it first.");
  if (code == "42501" || code == "3F000")
    return down("store.privileges",
                "The database user has no right to do that; make it the owner of the database.");
  return std::nullopt;
}

Error of_class(std::string_view code) {
  const auto of = [code](std::string_view group) { return code.starts_with(group); };
  if (of("08") || of("57P")) return gone();
  if (of("28"))
    return down("store.login",
                "The database server refused the login; check the user, its password and what pg_hba.conf "
                "on the server allows.");
  if (of("XX00") && code != "XX000")
    return {Code::unavailable, "store.corrupt", "The database is damaged; restore it from a backup."};
  if (of("53") || of("58")) return down("store.io", "The database could not be read or written.");
  return {Code::bug, "store.sql", "A statement does not fit the database."};
}

Error of_state(std::string_view code) {
  auto known = of_code(code);
  return known ? *std::move(known) : of_class(code);
}

std::string field(const pg_result* result, int which) {
  const char* text = PQresultErrorField(result, which);
  return text ? text : "";
}

// "… FATAL:  28P01: no such user" holds 28P01. Empty: the error is not the server's.
std::string_view state_in(std::string_view said) {
  constexpr std::string_view kBefore = ":  ";
  constexpr std::size_t kLength = 5;
  for (auto at = said.find(kBefore); at != std::string_view::npos; at = said.find(kBefore, at + 1)) {
    const auto code = said.substr(at + kBefore.size(), kLength);
    const auto after = said.substr(std::min(said.size(), at + kBefore.size() + kLength));
    const bool fits = code.size() == kLength && std::ranges::all_of(code, [](char c) {
                        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
                      });
    if (fits && after.starts_with(": ")) return code;
  }
  return {};
}

// On one line, without the places in the server's source that verbosity brings.
std::string tidy(std::string_view said) {
  std::string out;
  for (const auto line : split(said, '\n')) {
    if (trim(line).empty() || line.starts_with("LOCATION:")) continue;
    if (!out.empty()) out += "; ";
    out += trim(line);
  }
  return out;
}

Error of_connecting(std::string_view said) {
  if (const auto state = state_in(said); !state.empty()) return of_state(state);
  const auto says = [said](std::string_view words) { return said.find(words) != std::string_view::npos; };
  // What libpq makes of target_session_attrs has no code.
  if (says("session is read-only") || says("hot standby")) return read_only();
  if (says("no password supplied")) return of_state("28P01");
  if (says("certificate") || says("SSL"))
    return down("store.tls",
                "No safe connection to the database server could be made; check its certificate, and "
                "sslmode, sslrootcert, sslcert and sslkey in store.url.");
  return gone();
}

}  // namespace

Error to_error(const pg_result* result, std::string_view during) {
  const std::string state = field(result, PG_DIAG_SQLSTATE);
  Error error = state.empty() ? gone() : of_state(state);
  error.detail = state.empty()
                     ? fmt::format("{}: {}", during, tidy(PQresultErrorMessage(result)))
                     : fmt::format("{}: {} ({})", during, field(result, PG_DIAG_MESSAGE_PRIMARY), state);
  return error;
}

Error to_connect_error(std::string_view said) {
  Error error = of_connecting(said);
  error.detail = tidy(said);
  return error;
}

Error unreachable(std::string_view during, std::string_view said) {
  Error error = gone();
  error.detail = fmt::format("{}: {}", during, tidy(said));
  return error;
}

}  // namespace allauth::sql
