#include "base/log.h"

#include <cerrno>

#include <unistd.h>

#include "base/text.h"

namespace allauth {
namespace {

constexpr std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

void append_value(std::string& out, const FieldValue& value, bool always_quote) {
  std::visit(
      [&](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::string>) {
          const bool plain = !always_quote && !v.empty() && v.find_first_of(" \"=\\") == std::string::npos &&
                             is_printable_ascii(v);
          if (plain)
            out += v;
          else
            append_json_string(out, v);
        } else {
          fmt::format_to(std::back_inserter(out), "{}", v);
        }
      },
      value.value());
}

}  // namespace

std::string format_log_line(LogFormat format, Instant now, LogLevel level, std::string_view message,
                            std::initializer_list<LogField> fields) {
  std::string line;
  if (format == LogFormat::json) {
    line += fmt::format(R"({{"time":"{}","level":"{}","message":)", to_rfc3339(now), name_of(level));
    append_json_string(line, message);
    for (const auto& field : fields) {
      line += ',';
      append_json_string(line, field.name);
      line += ':';
      append_value(line, field.value, true);
    }
    line += '}';
  } else {
    line += fmt::format("{} {:<5} {}", to_rfc3339(now), name_of(level), message);
    for (const auto& field : fields) {
      line += fmt::format("  {}=", field.name);
      append_value(line, field.value, false);
    }
  }
  return line;
}

void Log::write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (!enabled(level)) return;
  std::string line = format_log_line(format_, clock_.now(), level, message, fields);
  line += '\n';
  std::lock_guard lock(mutex_);
  for (std::string_view rest = line; !rest.empty();) {
    const auto n = ::write(fd_, rest.data(), rest.size());
    if (n > 0)
      rest.remove_prefix(static_cast<std::size_t>(n));
    else if (errno != EINTR)
      return;  // nowhere left to say it
  }
}

void Log::error(std::string_view message, const Error& error) {
  write(LogLevel::error, message,
        {{"code", to_string(error.code)},
         {"reason", error.reason.slug()},
         {"error", error.message},
         {"detail", error.detail},
         {"at", fmt::format("{}:{}", base_name(error.at.file_name()), error.at.line())}});
}

}  // namespace allauth
