#include "server/cli/table/command.h"

#include <algorithm>

namespace allauth::server::cli {

std::optional<std::string> Options::find(std::string_view name) const {
  std::optional<std::string> found;
  for (const auto& [key, value] : named)
    if (key == name) found = value;
  return found;
}

std::vector<std::string> Options::all(std::string_view name) const {
  std::vector<std::string> found;
  for (const auto& [key, value] : named)
    if (key == name) found.push_back(value);
  return found;
}

const Command* CommandTable::find(std::string_view path) const {
  const auto at = std::ranges::find(commands, path, &Command::path);
  return at == commands.end() ? nullptr : &*at;
}

std::vector<const Command*> CommandTable::of(std::string_view prefix) const {
  std::vector<const Command*> found;
  for (const auto& command : commands) {
    const bool longer = command.path.size() > prefix.size() && command.path[prefix.size()] == ' ';
    if (command.path == prefix || (longer && command.path.starts_with(prefix))) found.push_back(&command);
  }
  return found;
}

}  // namespace allauth::server::cli
