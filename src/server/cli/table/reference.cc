#include "server/cli/table/reference.h"

#include <fmt/format.h>

#include "server/cli/table/help.h"

namespace allauth::server::cli {

std::string command_reference(const CommandTable& table) {
  std::string out;
  for (const auto& section : table.sections) {
    out += fmt::format("\n## {}\n", section.title);
    for (const auto& topic : section.topics) {
      const auto commands = table.of(topic.name);
      if (commands.size() > 1) out += fmt::format("\n### allauth {}\n\n{}.\n", topic.name, topic.summary);
      for (const auto* command : commands)
        out += fmt::format("\n{} allauth {}\n\n```text\n{}```\n", commands.size() > 1 ? "####" : "###",
                           command->path, help_of_command(*command));
    }
  }
  return out;
}

}  // namespace allauth::server::cli
