// The commands of the program. Each takes its arguments without its own name and answers an exit
// status: 0 done, 1 refused or failed, 2 used wrongly.
#pragma once

#include <span>
#include <string>

namespace allauth::server::cli {

using Args = std::span<const std::string>;

int serve(Args args);
int config(Args args);  // check | print | reference
int admin(Args args);   // create | reset
int login(Args args);
int api(Args args);  // METHOD PATH [JSON]
int health(Args args);
int node(Args args);  // enroll | list | remove

// What the program can do, for people.
void print_help();

}  // namespace allauth::server::cli
