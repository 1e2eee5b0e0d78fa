// What listens where, for people: {"API", "http://127.0.0.1:8080"}.
#pragma once

#include <string>

namespace allauth::server {

struct Place {
  std::string what, where;
};

}  // namespace allauth::server
