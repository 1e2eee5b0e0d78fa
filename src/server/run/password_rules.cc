#include "server/run/password_rules.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "server/config/roles.h"

namespace allauth::server {
namespace {

constexpr std::uintmax_t kMaxFile = std::uintmax_t{256} * 1024 * 1024;

std::unexpected<Error> unusable(const std::string& file, std::string_view why) {
  return fail(Code::invalid, "config.deny_list", fmt::format("password.deny_list: {} {}.", file, why));
}

Result<std::shared_ptr<const app::DenyList>> read_deny_list(const std::string& file) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(file, failed);
  if (failed) return unusable(file, "cannot be read");
  if (size > kMaxFile) return unusable(file, "is longer than 256 MiB");
  std::ifstream in(file, std::ios::binary);
  auto list = std::make_shared<app::DenyList>();
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    list->add(line);
  }
  if (!in.eof()) return unusable(file, "cannot be read");
  list->seal();
  return list;
}

}  // namespace

Result<app::PasswordRules> password_rules(const PasswordConfig& config, Log& log) {
  app::PasswordRules rules{.min_characters = static_cast<std::size_t>(config.min_length),
                           .min_score = static_cast<int>(config.min_score),
                           .words = split_list(config.context_words)};
  if (config.deny_list.empty()) return rules;
  TRY(rules.denied, read_deny_list(config.deny_list));
  log.info("passwords are denied",
           {{"file", config.deny_list}, {"passwords", std::to_string(rules.denied->size())}});
  return rules;
}

}  // namespace allauth::server
