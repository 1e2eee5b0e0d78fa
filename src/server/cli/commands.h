// The commands of the program. Each takes its arguments without its own name and answers an exit
// status: 0 done, 1 refused or failed, 2 used wrongly.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace allauth::server::cli {

using Args = std::span<const std::string>;

int serve(Args args);
int config(Args args);   // check | print | reference
int admin(Args args);    // create | reset
int migrate(Args args);  // status | up
int backup(Args args);   // FILE
int restore(Args args);  // FILE
int keys(Args args);     // status | add | use | reseal | retire | abandon
int login(Args args);
int api(Args args);  // METHOD PATH [JSON]
int health(Args args);
int node(Args args);  // enroll | list | remove

// What the program can do, for people.
void print_help();

// The whole program: the first argument names the command.
int run_program(Args args);

}  // namespace allauth::server::cli
