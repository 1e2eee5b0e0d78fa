#include "store/sql/postgres_connection.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include "store/sql/postgres_error.h"

namespace allauth::sql {
namespace {

// From PostgreSQL's catalogue (pg_type.dat); they never change.
constexpr Oid kBytea = 17, kInt8 = 20, kText = 25;

Oid oid_of(Value::Type type) {
  switch (type) {
    case Value::Type::null:
      return 0;
    case Value::Type::integer:
      return kInt8;
    case Value::Type::text:
      return kText;
    case Value::Type::blob:
      return kBytea;
  }
  return 0;
}

// Binds as libpq wants them: all binary, numbers in network order.
class Arguments {
 public:
  explicit Arguments(std::span<const Value> binds) {
    numbers_.reserve(binds.size());
    for (const Value& bind : binds) add(bind);
  }
  int count() const { return static_cast<int>(values_.size()); }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  using Number = std::array<char, sizeof(std::int64_t)>;

  void add(const Value& bind) {
    switch (bind.type()) {
      case Value::Type::null:
        return add(nullptr, 0);
      case Value::Type::integer: {
        Number& bytes = numbers_.emplace_back();
        auto rest = static_cast<std::uint64_t>(bind.integer());
        for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte, rest >>= 8)
          *byte = static_cast<char>(rest & 0xFF);
        return add(bytes.data(), bytes.size());
      }
      case Value::Type::text:
      case Value::Type::blob:
        return add(bind.bytes().empty() ? "" : bind.bytes().data(), bind.bytes().size());
    }
  }
  void add(const char* data, std::size_t size) {
    values_.push_back(data);
    lengths_.push_back(static_cast<int>(size));
    formats_.push_back(1);
  }

  std::vector<Number> numbers_;  // reserved: `values_` points into it
  std::vector<const char*> values_;
  std::vector<int> lengths_, formats_;
};

std::optional<Tick> deadline(Clock& clock, PostgresConnection::Limit longest) {
  if (!longest) return std::nullopt;
  return clock.tick() + *longest;
}

enum class Waited { ready, too_long, failed };

Waited wait_for(int fd, short events, Clock& clock, std::optional<Tick> until) {
  while (true) {
    int left = -1;
    if (until) {
      left = static_cast<int>(std::chrono::ceil<Millis>(*until - clock.tick()).count());
      if (left <= 0) return Waited::too_long;
    }
    pollfd waiting{.fd = fd, .events = events, .revents = 0};
    const int ready = ::poll(&waiting, 1, left);
    if (ready > 0) return Waited::ready;
    if (ready == 0) return Waited::too_long;
    if (errno != EINTR) return Waited::failed;
  }
}

// A value of 1 GiB is beyond the server, and beyond an int with others beside it.
constexpr std::size_t kLargestValue = (1U << 30) - 1;

void count_warning(void* count, const PGresult* notice) {
  const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (severity != nullptr && std::string_view(severity) == "WARNING") ++*static_cast<int*>(count);
}

PostgresHandle start(const PostgresParameters& parameters) {
  std::vector<const char*> names, values;
  for (const auto& [name, value] : parameters) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  constexpr int kExpandUrl = 1;
  return PostgresHandle(PQconnectStartParams(names.data(), values.data(), kExpandUrl));
}

}  // namespace

void ClosePostgres::operator()(pg_conn* connection) const { PQfinish(connection); }
void ClearPostgres::operator()(pg_result* result) const { PQclear(result); }

PostgresConnection::PostgresConnection(PostgresHandle handle, Clock& clock)
    : handle_(std::move(handle)), clock_(&clock), warnings_(std::make_unique<int>(0)) {
  PQsetNoticeReceiver(handle_.get(), count_warning, warnings_.get());
}

Result<PostgresConnection> PostgresConnection::open(const PostgresParameters& parameters, Clock& clock,
                                                    Millis longest) {
  const auto until = deadline(clock, longest);
  PostgresHandle handle = start(parameters);
  if (!handle) return fail(Code::unavailable, "store.io", "There is no memory for a connection.");
  PQsetErrorVerbosity(handle.get(), PQERRORS_VERBOSE);  // only so does it tell the code
  PostgresConnection made(std::move(handle), clock);
  pg_conn* connection = made.handle_.get();
  auto next = PQstatus(connection) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) return fail(to_connect_error(PQerrorMessage(connection)));
    const short events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (wait_for(PQsocket(connection), events, clock, until) != Waited::ready)
      return fail(unreachable("connect", fmt::format("{}:{}: no answer within {} ms", PQhost(connection),
                                                     PQport(connection), longest.count())));
    next = PQconnectPoll(connection);
  }
  PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
  if (PQsetnonblocking(connection, 1) != 0) return made.lost("connect", PQerrorMessage(connection));
  return made;
}

bool PostgresConnection::in_transaction() const {
  return is_open() && PQtransactionStatus(handle_.get()) != PQTRANS_IDLE;
}

int PostgresConnection::server_version() const { return is_open() ? PQserverVersion(handle_.get()) : 0; }

std::string_view PostgresConnection::setting(const char* name) const {
  const char* value = is_open() ? PQparameterStatus(handle_.get(), name) : nullptr;
  return value ? value : "";
}

int PostgresConnection::take_warnings() { return std::exchange(*warnings_, 0); }

Result<PostgresResult> PostgresConnection::query(const std::string& text, Limit longest,
                                                 std::string_view during) {
  if (!is_open()) return lost(during, "the connection is closed");
  return finish(PQsendQuery(handle_.get(), text.c_str()), longest, during);
}

Result<void> PostgresConnection::prepare(const std::string& name, const std::string& text,
                                         std::span<const Value::Type> types, Limit longest,
                                         std::string_view during) {
  if (!is_open()) return lost(during, "the connection is closed");
  std::vector<Oid> oids;
  for (const auto type : types) oids.push_back(oid_of(type));
  const int sent =
      PQsendPrepare(handle_.get(), name.c_str(), text.c_str(), static_cast<int>(oids.size()), oids.data());
  TRY(finish(sent, longest, during));
  return {};
}

Result<PostgresResult> PostgresConnection::execute(const std::string& name, std::span<const Value> binds,
                                                   Limit longest, std::string_view during) {
  if (!is_open()) return lost(during, "the connection is closed");
  const Arguments arguments(binds);
  constexpr int kBinary = 1;
  return finish(PQsendQueryPrepared(handle_.get(), name.c_str(), arguments.count(), arguments.values(),
                                    arguments.lengths(), arguments.formats(), kBinary),
                longest, during);
}

Result<void> PostgresConnection::check_sizes(std::span<const Value> binds) {
  for (const Value& bind : binds)
    if (bind.bytes().size() > kLargestValue)
      return fail(Code::invalid, "row.too_large", "A value is too large to be stored.");
  return {};
}

std::expected<PostgresResult, PostgresConnection::StepFailure> PostgresConnection::execute(
    std::span<const Step> steps, Limit longest, std::string_view during) {
  const auto until = deadline(*clock_, longest);
  const auto sent = [&]() -> Result<void> {
    if (!is_open()) return lost(during, "the connection is closed");
    if (PQenterPipelineMode(handle_.get()) == 0) return lost(during, PQerrorMessage(handle_.get()));
    for (const Step& step : steps) TRY(send(step, during));
    if (PQpipelineSync(handle_.get()) == 0) return lost(during, PQerrorMessage(handle_.get()));
    return flush(until, during);
  }();
  if (!sent) return std::unexpected(StepFailure{0, sent.error()});
  auto last = collect_steps(steps.size(), until, during);
  if (!is_open()) return last;
  if (auto ended = end_pipeline(until, during); !ended)
    return std::unexpected(StepFailure{0, std::move(ended).error()});
  return last;
}

Result<void> PostgresConnection::send(const Step& step, std::string_view during) {
  const Arguments arguments(step.binds);
  constexpr int kBinary = 1;
  const int sent = step.prepared ? PQsendQueryPrepared(handle_.get(), step.statement.c_str(),
                                                       arguments.count(), arguments.values(),
                                                       arguments.lengths(), arguments.formats(), kBinary)
                                 : PQsendQueryParams(handle_.get(), step.statement.c_str(), 0, nullptr,
                                                     nullptr, nullptr, nullptr, kBinary);
  if (sent == 0) return lost(during, PQerrorMessage(handle_.get()));
  return {};
}

std::expected<PostgresResult, PostgresConnection::StepFailure> PostgresConnection::collect_steps(
    std::size_t count, std::optional<Tick> until, std::string_view during) {
  PostgresResult last;
  std::optional<StepFailure> failure;
  for (std::size_t step = 0; step < count; ++step) {
    auto result = collect(until, during);
    if (!result && !is_open()) return std::unexpected(StepFailure{0, std::move(result).error()});
    // Those after the first that failed say no more than that they were left out.
    if (result)
      last = *std::move(result);
    else if (!failure)
      failure = StepFailure{step, std::move(result).error()};
  }
  if (failure) return std::unexpected(*std::move(failure));
  return last;
}

// Its last answer says that all before it have been given.
Result<void> PostgresConnection::end_pipeline(std::optional<Tick> until, std::string_view during) {
  while (PQisBusy(handle_.get()) != 0) {
    TRY(wait(POLLIN, until, during));
    TRY(receive(during));
  }
  const PostgresResult sync(PQgetResult(handle_.get()));
  if (PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC || PQexitPipelineMode(handle_.get()) == 0)
    return lost(during, "the server did not answer the statements");
  return {};
}

Result<std::vector<std::string>> PostgresConnection::hear(int wake) {
  if (!is_open()) return lost("listen", "the connection is closed");
  std::array<pollfd, 2> waiting{{{.fd = PQsocket(handle_.get()), .events = POLLIN, .revents = 0},
                                 {.fd = wake, .events = POLLIN, .revents = 0}}};
  if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR)
    return lost("listen", std::strerror(errno));
  if (waiting[0].revents != 0) TRY(receive("listen"));
  std::vector<std::string> payloads;
  while (PGnotify* notification = PQnotifies(handle_.get())) {
    payloads.emplace_back(notification->extra);
    PQfreemem(notification);
  }
  return payloads;
}

Result<PostgresResult> PostgresConnection::finish(int sent, Limit longest, std::string_view during) {
  if (sent == 0) return lost(during, PQerrorMessage(handle_.get()));
  const auto until = deadline(*clock_, longest);
  TRY(flush(until, during));
  return collect(until, during);
}

// The server may have to be heard before it hears: it stops reading while nobody takes its answers.
Result<void> PostgresConnection::flush(std::optional<Tick> until, std::string_view during) {
  while (true) {
    const int left = PQflush(handle_.get());
    if (left == 0) return {};
    if (left < 0) return lost(during, PQerrorMessage(handle_.get()));
    TRY(wait(POLLIN | POLLOUT, until, during));
    TRY(receive(during));
  }
}

// The first error, else the last result.
Result<PostgresResult> PostgresConnection::collect(std::optional<Tick> until, std::string_view during) {
  PostgresResult last;
  std::optional<Error> error;
  while (true) {
    while (PQisBusy(handle_.get()) != 0) {
      TRY(wait(POLLIN, until, during));
      TRY(receive(during));
    }
    PostgresResult next(PQgetResult(handle_.get()));
    if (!next) break;
    const auto status = PQresultStatus(next.get());
    const bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
    if (!good && !error) error = to_error(next.get(), during);
    last = std::move(next);
  }
  if (PQstatus(handle_.get()) == CONNECTION_BAD) {
    handle_.reset();
    if (!error) error = unreachable(during, "the connection was lost");
  }
  if (error) return fail(*std::move(error));
  if (!last) return lost(during, "the server did not answer the statement");
  return last;
}

Result<void> PostgresConnection::wait(short events, std::optional<Tick> until, std::string_view during) {
  switch (wait_for(PQsocket(handle_.get()), events, *clock_, until)) {
    case Waited::ready:
      return {};
    case Waited::too_long:
      return lost(during, "the server did not answer in time");
    case Waited::failed:
      return lost(during, std::strerror(errno));
  }
  return {};
}

Result<void> PostgresConnection::receive(std::string_view during) {
  if (PQconsumeInput(handle_.get()) == 1) return {};
  return lost(during, PQerrorMessage(handle_.get()));
}

std::unexpected<Error> PostgresConnection::lost(std::string_view during, std::string_view said) {
  Error error = unreachable(during, said);  // before `said` goes with the connection
  handle_.reset();
  return fail(std::move(error));
}

}  // namespace allauth::sql
