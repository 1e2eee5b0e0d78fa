// Which route a path leads to. Templates are literal segments and {name} segments; a literal wins
// over a {name} in the same place, if the method fits. Built once, then only read (thread-safe).
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace allauth::wire {

class Router {
 public:
  // A path template in parts: "/api/v1/users/{user_id}" has one name, user_id.
  struct Template {
    std::vector<std::string> segments;  // "{}" where a value goes
    std::vector<std::string> names;
  };
  static Result<Template> parse(std::string_view text);

  struct Found {
    std::optional<std::size_t> target;  // what was given to add()
    std::vector<std::string> values;    // of the {names}, in order, percent-decoded
    std::string allow;                  // the methods of the path, "GET, HEAD, OPTIONS"; empty: no such path
  };

  // `target` is a number of the caller's. Errors: route.template, route.conflict (bugs).
  Result<void> add(std::string_view http_method, std::string_view path_template, std::size_t target);

  // `path` is raw. HEAD finds what GET does. Errors: path.encoding, for broken escapes.
  Result<Found> find(std::string_view http_method, std::string_view path) const;

 private:
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> any;
    std::map<std::string, std::size_t, std::less<>> targets;  // by method
  };
  struct Search;
  static bool walk(const Node& node, std::size_t depth, Search& search);

  Node root_;
};

}  // namespace allauth::wire
