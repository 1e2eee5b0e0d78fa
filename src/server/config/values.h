// How the values of configuration keys are written as text: "true", "42", "1h30m", "info",
// "10/s burst 30".
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "server/config/keys.h"

namespace allauth::server {

template <class T>
constexpr KeyType key_type() {
  if constexpr (std::is_same_v<T, bool>) return KeyType::boolean;
  if constexpr (std::is_same_v<T, std::int64_t>) return KeyType::integer;
  if constexpr (std::is_same_v<T, Millis> || std::is_same_v<T, Seconds>) return KeyType::duration;
  if constexpr (std::is_enum_v<T>) return KeyType::word;
  return KeyType::text;
}

// Errors: config.value (invalid), with a sentence that says what is expected.
template <class T>
Result<T> parse_value(std::string_view text);

template <>
Result<std::string> parse_value(std::string_view);
template <>
Result<SecretUrl> parse_value(std::string_view);
template <>
Result<bool> parse_value(std::string_view);
template <>
Result<std::int64_t> parse_value(std::string_view);
template <>
Result<Millis> parse_value(std::string_view);
template <>
Result<Seconds> parse_value(std::string_view);
template <>
Result<LogLevel> parse_value(std::string_view);
template <>
Result<LogFormat> parse_value(std::string_view);
template <>
Result<LogRequestsConfig> parse_value(std::string_view);
template <>
Result<Rate> parse_value(std::string_view);
template <>
Result<MigrateConfig> parse_value(std::string_view);
template <>
Result<TokenAlgorithm> parse_value(std::string_view);
template <>
Result<Roles> parse_value(std::string_view);

std::string print_value(const std::string&);
std::string print_value(const SecretUrl&);  // without its password
std::string print_value(bool);
std::string print_value(std::int64_t);
std::string print_value(Millis);
std::string print_value(Seconds);
std::string print_value(LogLevel);
std::string print_value(LogFormat);
std::string print_value(LogRequestsConfig);
std::string print_value(const Rate&);
std::string print_value(MigrateConfig);
std::string print_value(TokenAlgorithm);
std::string print_value(Roles);

}  // namespace allauth::server
