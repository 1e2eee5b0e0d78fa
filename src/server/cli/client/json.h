// Reading the answers of a server, which may be anything.
#pragma once

#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/error.h"
#include "base/secret.h"

namespace allauth::server::cli {

using Json = boost::json::value;

// Error: unavailable server.answer.
Result<Json> parse_json(std::string_view text);

// The member of an object, nothing if there is none.
const Json* member(const Json& value, std::string_view name);

// The text member; empty if there is none.
std::string text_member(const Json& value, std::string_view name);

// {"name":value, …} piece by piece, with secrets wiped at the end.
class JsonObject {
 public:
  JsonObject() = default;
  ~JsonObject() { wipe_memory(text_.data(), text_.size()); }
  JsonObject(const JsonObject&) = delete;
  JsonObject& operator=(const JsonObject&) = delete;

  JsonObject& text(std::string_view name, std::string_view value);
  JsonObject& secret(std::string_view name, const Secret& value);
  JsonObject& raw(std::string_view name, std::string_view json);  // as it is

  // The whole object. Whoever takes a copy of what holds secrets wipes it.
  std::string done() const { return text_.empty() ? "{}" : text_ + "}"; }

 private:
  std::string text_;
};

}  // namespace allauth::server::cli
