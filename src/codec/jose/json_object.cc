#include "codec/jose/json_object.h"

#include <algorithm>

#include <boost/json/basic_parser_impl.hpp>

namespace allauth::jose {
namespace {

namespace json = boost::json;
using Error = boost::system::error_code;

// Collects the members of the outermost object. Boost.JSON itself would let the last of two members
// of one name win, which lets two readers of one token disagree; so names are compared here.
class Handler {
 public:
  static constexpr std::size_t max_object_size = kMaxJsonSize;
  static constexpr std::size_t max_array_size = kMaxJsonSize;
  static constexpr std::size_t max_key_size = kMaxJsonSize;
  static constexpr std::size_t max_string_size = kMaxJsonSize;

  std::vector<JsonObject::Member> take() { return std::move(members_); }

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }

  bool on_object_begin(Error& ec) {
    if (!place(Nested{}, ec)) return false;
    open_.push_back({.object = true});
    return true;
  }
  bool on_object_end(std::size_t, Error& ec) {
    auto& names = open_.back().names;
    std::ranges::sort(names);
    const bool twice = std::ranges::adjacent_find(names) != names.end();
    open_.pop_back();
    return !twice || refuse(ec);
  }
  bool on_array_begin(Error& ec) {
    if (!place(StringList{}, ec)) return false;
    open_.push_back({.object = false});
    return true;
  }
  bool on_array_end(std::size_t, Error&) {
    open_.pop_back();
    return true;
  }

  bool on_key_part(std::string_view part, std::size_t, Error&) {
    text_ += part;
    return true;
  }
  bool on_key(std::string_view part, std::size_t, Error&) {
    text_ += part;
    if (open_.size() == 1) members_.push_back({.name = text_, .value = nullptr});
    open_.back().names.push_back(std::exchange(text_, {}));
    return true;
  }
  bool on_string_part(std::string_view part, std::size_t, Error&) {
    text_ += part;
    return true;
  }
  bool on_string(std::string_view part, std::size_t, Error& ec) {
    text_ += part;
    return place(std::exchange(text_, {}), ec);
  }
  bool on_number_part(std::string_view, Error&) { return true; }
  bool on_int64(std::int64_t value, std::string_view, Error& ec) { return place(value, ec); }
  bool on_uint64(std::uint64_t value, std::string_view, Error& ec) {
    return place(static_cast<double>(value), ec);
  }
  bool on_double(double value, std::string_view, Error& ec) { return place(value, ec); }
  bool on_bool(bool value, Error& ec) { return place(value, ec); }
  bool on_null(Error& ec) { return place(nullptr, ec); }
  bool on_comment_part(std::string_view, Error& ec) { return refuse(ec); }
  bool on_comment(std::string_view, Error& ec) { return refuse(ec); }

 private:
  struct Container {
    bool object = false;
    std::vector<std::string> names = {};
  };

  static bool refuse(Error& ec) {
    ec = json::error::syntax;
    return false;
  }

  // A value begins (container) or is there (scalar), within what is open.
  bool place(JsonValue value, Error& ec) {
    if (open_.empty()) return std::holds_alternative<Nested>(value) || refuse(ec);
    if (open_.size() == 1) {
      members_.back().value = std::move(value);
    } else if (open_.size() == 2 && !open_.back().object) {
      JsonValue& array = members_.back().value;
      auto* list = std::get_if<StringList>(&array);
      auto* text = std::get_if<std::string>(&value);
      if (list != nullptr && text != nullptr) {
        list->push_back(std::move(*text));
      } else {
        array = Nested{};
      }
    }
    return true;
  }

  std::vector<JsonObject::Member> members_;
  std::vector<Container> open_;
  std::string text_;
};

}  // namespace

std::optional<JsonObject> JsonObject::parse(std::string_view text) {
  if (text.size() > kMaxJsonSize) return std::nullopt;
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::basic_parser<Handler> parser(options);
  Error ec;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
  if (ec || used != text.size()) return std::nullopt;
  return JsonObject(parser.handler().take());
}

const JsonValue* JsonObject::find(std::string_view name) const {
  const auto it = std::ranges::find(members_, name, &Member::name);
  return it == members_.end() ? nullptr : &it->value;
}

const std::string* JsonObject::find_string(std::string_view name) const {
  const JsonValue* value = find(name);
  return value == nullptr ? nullptr : std::get_if<std::string>(value);
}

}  // namespace allauth::jose
