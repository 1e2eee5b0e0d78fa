#include "server/cli/commands.h"

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  return allauth::server::cli::run_program(args);
}
