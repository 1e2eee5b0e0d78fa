// What the operator asked for on the command line.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace allauth::bench {

struct Options {
  std::vector<std::string> rows = {"http",  "rpc",   "check", "mqtt",  "start",  "writes",
                                   "login", "nodes", "size",  "lists", "policy", "tokens"};
  std::string allauth;  // the server's program
  std::string mosquitto = "/usr/sbin/mosquitto";
  std::string haproxy = "/usr/sbin/haproxy";
  std::string endpoint;  // a running server for the HTTP rows, http://host:port
  std::string token;     // an access token for it
  std::string json;      // file for the machine-readable report; empty: none
  bool quick = false;    // a minute in all
  bool full = false;     // the largest data, too
  bool pin = true;       // server and load on cores of their own

  bool wants(std::string_view row) const;
  int runs() const { return quick ? 3 : 5; }
  // Seconds of one run.
  double seconds() const { return quick ? 0.7 : 3.0; }
};

// Error usage, with what is known.
Result<Options> parse_options(std::span<char* const> arguments, std::string default_server);

std::string_view usage();

}  // namespace allauth::bench
