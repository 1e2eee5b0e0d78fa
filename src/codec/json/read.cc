#include "codec/json/read.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include "base/text.h"

namespace allauth::json {
namespace {

using BoostError = boost::system::error_code;

// Builds the value. What Boost.JSON leaves to its caller is done here: members twice, and numbers, of which
// its own conversion may be a bit off.
class Builder {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;

  explicit Builder(Twice twice) : twice_(twice) {}

  Value take() { return std::move(root_); }
  // What was wrong, if it was not the syntax.
  const std::optional<Error>& error() const { return error_; }

  bool on_document_begin(BoostError&) { return true; }
  bool on_document_end(BoostError&) { return true; }
  bool on_object_begin(BoostError&) { return open(Value(Object())); }
  bool on_array_begin(BoostError&) { return open(Value(Array())); }
  bool on_object_end(std::size_t, BoostError& ec) {
    return settle_names(*open_.back().get<Object>(), ec) && close();
  }
  bool on_array_end(std::size_t, BoostError&) { return close(); }

  bool on_key_part(std::string_view part, std::size_t, BoostError&) { return take_part(part); }
  bool on_key(std::string_view part, std::size_t, BoostError&) {
    text_ += part;
    open_.back().get<Object>()->push_back({.name = std::exchange(text_, {}), .value = nullptr});
    return true;
  }
  bool on_string_part(std::string_view part, std::size_t, BoostError&) { return take_part(part); }
  bool on_string(std::string_view part, std::size_t, BoostError&) {
    text_ += part;
    return place(Value(std::exchange(text_, {})));
  }
  bool on_number_part(std::string_view part, BoostError&) { return take_part(part); }
  bool on_int64(std::int64_t value, std::string_view, BoostError&) {
    text_.clear();
    return place(Value(value));
  }
  bool on_uint64(std::uint64_t value, std::string_view, BoostError&) {
    text_.clear();
    return place(Value(value));
  }
  bool on_double(double, std::string_view part, BoostError& ec) {
    const std::string digits = std::exchange(text_, {}) + std::string(part);
    double value = 0;
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (failed != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value))
      return refuse(ec, "json.number", "A number is too large or too small.");
    return place(Value(value));
  }
  bool on_bool(bool value, BoostError&) { return place(Value(value)); }
  bool on_null(BoostError&) { return place(Value()); }
  bool on_comment_part(std::string_view, BoostError&) { return true; }
  bool on_comment(std::string_view, BoostError&) { return true; }

 private:
  bool take_part(std::string_view part) {
    text_ += part;
    return true;
  }
  bool open(Value container) {
    open_.push_back(std::move(container));
    return true;
  }
  bool close() {
    Value done = std::move(open_.back());
    open_.pop_back();
    return place(std::move(done));
  }
  bool place(Value value) {
    if (open_.empty())
      root_ = std::move(value);
    else if (auto* object = open_.back().get<Object>())
      object->back().value = std::move(value);
    else
      open_.back().get<Array>()->push_back(std::move(value));
    return true;
  }
  bool refuse(BoostError& ec, Reason reason, std::string message) {
    error_ = Error{.code = Code::invalid, .reason = reason, .message = std::move(message)};
    ec = boost::json::error::syntax;
    return false;
  }
  // Each name once: the last of it, or none twice.
  bool settle_names(Object& object, BoostError& ec) {
    std::vector<std::pair<std::string_view, std::size_t>> names;
    names.reserve(object.size());
    for (std::size_t i = 0; i < object.size(); ++i) names.emplace_back(object[i].name, i);
    std::ranges::sort(names);
    std::vector<bool> replaced(object.size());
    bool any = false;
    for (std::size_t i = 1; i < names.size(); ++i)
      if (names[i - 1].first == names[i].first) any = replaced[names[i - 1].second] = true;
    if (!any) return true;
    if (twice_ == Twice::refused)
      return refuse(ec, "json.duplicate_member", "A member of an object is there twice.");
    Object kept;
    for (std::size_t i = 0; i < object.size(); ++i)
      if (!replaced[i]) kept.push_back(std::move(object[i]));
    object = std::move(kept);
    return true;
  }

  const Twice twice_;
  Value root_;
  std::vector<Value> open_;
  std::string text_;
  std::optional<Error> error_;
};

Error syntax_error(const BoostError& ec, std::size_t at) {
  if (ec == boost::json::error::too_deep)
    return {.code = Code::invalid,
            .reason = "json.too_deep",
            .message = "The JSON document is nested too deeply."};
  return {.code = Code::invalid,
          .reason = "json.syntax",
          .message = fmt::format("The body is not valid JSON; it breaks off at byte {}.", at)};
}

}  // namespace

Result<Value> read(std::string_view text, const ReadRules& rules) {
  if (text.size() > rules.bytes)
    return fail(Code::exhausted, "json.too_large",
                fmt::format("JSON of more than {} bytes is refused.", rules.bytes));
  if (!is_utf8(text)) return fail(Code::invalid, "json.utf8", "The JSON document is not UTF-8.");
  boost::json::parse_options options;
  options.max_depth = rules.depth;
  options.allow_trailing_commas = rules.trailing_commas;
  boost::json::basic_parser<Builder> parser(options, rules.twice);
  BoostError ec;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
  if (ec && parser.handler().error()) return fail(*parser.handler().error());
  if (ec || (used != text.size() && rules.rest == Rest::refused)) return fail(syntax_error(ec, used));
  return parser.handler().take();
}

}  // namespace allauth::json
