// Structured logs: a level, a short fixed message and named values, one line per event. Written for
// machines (JSON) or for people. A Secret is not a FieldValue, so it cannot be logged; text from
// outside is escaped, so it cannot forge a line.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/error.h"

namespace allauth {

enum class LogLevel { debug, info, warn, error };
enum class LogFormat { human, json };

class FieldValue {
 public:
  FieldValue(std::string_view v) : v_(std::string(v)) {}  // NOLINT
  FieldValue(const char* v) : v_(std::string(v)) {}       // NOLINT
  FieldValue(std::string v) : v_(std::move(v)) {}         // NOLINT
  FieldValue(bool v) : v_(v) {}                           // NOLINT
  template <std::integral T>
  FieldValue(T v) : v_(static_cast<std::int64_t>(v)) {}  // NOLINT
  FieldValue(double v) : v_(v) {}                        // NOLINT
  const std::variant<std::string, std::int64_t, double, bool>& value() const { return v_; }

 private:
  std::variant<std::string, std::int64_t, double, bool> v_;
};

struct LogField {
  std::string_view name;
  FieldValue value;
};

// Thread-safe. Writes whole lines to a file descriptor that it does not own (stderr by default).
class Log {
 public:
  Log(Clock& clock, LogLevel least, LogFormat format, int fd = 2)
      : clock_(clock), least_(least), format_(format), fd_(fd) {}

  void debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::debug, message, fields);
  }
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::info, message, fields);
  }
  void warn(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::warn, message, fields);
  }
  void error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::error, message, fields);
  }
  // An Error with all that an operator needs to find its cause.
  void error(std::string_view message, const Error& error);
  bool enabled(LogLevel level) const { return level >= least_; }

 private:
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields);

  Clock& clock_;
  LogLevel least_;
  LogFormat format_;
  int fd_;
  std::mutex mutex_;
};

// One log line without its end, as Log writes it.
std::string format_log_line(LogFormat, Instant, LogLevel, std::string_view message,
                            std::initializer_list<LogField> fields);

}  // namespace allauth
