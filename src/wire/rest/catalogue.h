// The methods of the native API over REST as plain values, for who calls it: the command line. Made from the
// same descriptors as the face, without its handlers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace allauth::wire {

struct RequestField {
  enum class Type { text, flag, number, word, time, object, message };
  enum class Place { path, query, body };

  std::string name;  // "domain_id"
  Type type = Type::text;
  Place place = Place::body;
  bool repeated = false;
  bool optional = false;           // may be left out, which is not the same as empty
  bool secret = false;             // must not be shown or logged
  std::vector<std::string> words;  // of Type::word, what it may be: "enabled", "disabled"
};

struct RestMethod {
  std::string name;         // "DomainService.CreateDomain"
  std::string http_method;  // "POST"
  std::string path;         // "/api/v1/domains/{domain_id}/clients"
  std::vector<RequestField> fields;

  // Nothing if the request has no such field.
  const RequestField* find(std::string_view field) const;
};

// All methods with one answer, in the order of their files. Made at the first call; lives as long as the
// program.
const std::vector<RestMethod>& rest_methods();
// Nothing if there is none of that name.
const RestMethod* find_rest_method(std::string_view name);

}  // namespace allauth::wire
