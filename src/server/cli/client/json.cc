#include "server/cli/client/json.h"

#include "base/text.h"

namespace allauth::server::cli {

Result<Json> parse_json(std::string_view text) {
  boost::system::error_code error;
  auto parsed = boost::json::parse(text, error, {}, {.max_depth = 64});
  if (!error) return parsed;
  return fail(Code::unavailable, "server.answer", "The server's answer is not what AllAuth answers.");
}

const Json* member(const Json& value, std::string_view name) {
  const auto* object = value.if_object();
  return object != nullptr ? object->if_contains(name) : nullptr;
}

std::string text_member(const Json& value, std::string_view name) {
  const auto* found = member(value, name);
  const auto* text = found != nullptr ? found->if_string() : nullptr;
  return text != nullptr ? std::string(*text) : std::string();
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
  // Room at once, so that no copy of a secret is left behind where it grows.
  std::string grown;
  grown.reserve(text_.size() + name.size() + json.size() + 8);
  grown += text_.empty() ? "{" : text_ + ",";
  append_json_string(grown, name);
  grown += ':';
  grown += json;
  wipe_memory(text_.data(), text_.size());
  text_ = std::move(grown);
  return *this;
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  std::string quoted;
  append_json_string(quoted, value);
  raw(name, quoted);
  wipe_memory(quoted.data(), quoted.size());
  return *this;
}

JsonObject& JsonObject::secret(std::string_view name, const Secret& value) {
  value.with([&](std::string_view clear) { text(name, clear); });
  return *this;
}

}  // namespace allauth::server::cli
