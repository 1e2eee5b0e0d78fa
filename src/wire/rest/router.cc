#include "wire/rest/router.h"

#include <list>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "codec/http.h"

namespace allauth::wire {

struct Router::Search {
  std::string_view method;
  std::vector<std::string_view> segments;  // decoded
  std::vector<std::string_view> values;
  std::set<std::string_view> methods;  // of all templates that fit, if none has this one
  std::optional<std::size_t> target;
};

Result<Router::Template> Router::parse(std::string_view text) {
  const auto bad = [&] {
    return fail(Code::bug, "route.template", fmt::format("\"{}\" is not a path template.", text));
  };
  if (!text.starts_with('/')) return bad();
  Template parsed;
  for (std::string_view segment : split(text.substr(1), '/')) {
    const bool named = segment.starts_with('{') && segment.ends_with('}') && segment.size() > 2;
    if (named) parsed.names.emplace_back(segment.substr(1, segment.size() - 2));
    const std::string_view inside = named ? std::string_view(parsed.names.back()) : segment;
    if (segment.empty() || inside.find_first_of("{}") != std::string_view::npos) return bad();
    parsed.segments.emplace_back(named ? "{}" : segment);
  }
  return parsed;
}

Result<void> Router::add(std::string_view http_method, std::string_view path_template, std::size_t target) {
  TRY(const Template parsed, parse(path_template));
  Node* node = &root_;
  for (const auto& segment : parsed.segments) {
    auto& next = segment == "{}" ? node->any : node->literals[segment];
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  if (!node->targets.emplace(std::string(http_method), target).second)
    return fail(Code::bug, "route.conflict",
                fmt::format("{} {} is routed twice.", http_method, path_template));
  return {};
}

// Depth first, literals first; goes on after a template of another method, to know them all.
bool Router::walk(const Node& node, std::size_t depth, Search& search) {
  if (depth == search.segments.size()) {
    if (const auto found = node.targets.find(search.method); found != node.targets.end())
      search.target = found->second;
    else
      for (const auto& [method, target] : node.targets) search.methods.insert(method);
    return search.target.has_value();
  }
  const std::string_view segment = search.segments[depth];
  if (const auto literal = node.literals.find(segment); literal != node.literals.end())
    if (walk(*literal->second, depth + 1, search)) return true;
  if (!node.any || segment.empty()) return false;
  search.values.push_back(segment);
  if (walk(*node.any, depth + 1, search)) return true;
  search.values.pop_back();
  return false;
}

Result<Router::Found> Router::find(std::string_view http_method, std::string_view path) const {
  Search search{.method = http_method == "HEAD" ? "GET" : http_method};
  if (!path.starts_with('/')) return Found{};
  search.segments = split(path.substr(1), '/');
  std::list<std::string> decoded;  // what the segments refer to that are not as they came
  for (auto& segment : search.segments) {
    if (is_printable_ascii(segment) && !segment.contains('%')) continue;
    auto text = http::percent_decode(segment);
    if (!text) return fail(Code::invalid, "path.encoding", "The path holds a broken percent-encoding.");
    segment = decoded.emplace_back(std::move(*text));
  }
  if (walk(root_, 0, search))
    return Found{
        .target = search.target, .values = {search.values.begin(), search.values.end()}, .allow = {}};
  Found found;
  if (search.methods.empty()) return found;
  if (search.methods.contains("GET")) search.methods.insert("HEAD");
  search.methods.insert("OPTIONS");
  found.allow = fmt::format("{}", fmt::join(search.methods, ", "));
  return found;
}

}  // namespace allauth::wire
