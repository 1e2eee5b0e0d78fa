// Commands that are one method of the API each: data. Words and options are the fields of the method's
// request, so a field that the API gains is an option here at once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/cli/table/command.h"

namespace allauth::server::cli {

struct ResourceCommand {
  std::string path;    // "client get"
  std::string method;  // "ClientService.GetClient"
  std::string summary;
  // The fields that are words, in order: "client_id name"; "[user_id]" may be left out; of "client_id...",
  // the last, there may be several, and the method is called for each. "subject" is the pair kind and id.
  std::string words = {};
  // Members of the things in the answer's list, for a table: "id name role.name"; the first is the id. Empty:
  // the answer is one thing.
  std::string columns = {};
  std::string says = {};  // instead of the answer, with {} for the last word: "The client {} is enabled."
  std::string details = {};
  std::vector<Example> examples = {};
  std::vector<std::string> see_also = {};
  std::string question =
      {};  // asked before, at a terminal, with {} for the last word; for what cannot be undone
};

Command make_command(const ResourceCommand& resource);
std::vector<Command> make_commands(const std::vector<ResourceCommand>& resources);

}  // namespace allauth::server::cli
