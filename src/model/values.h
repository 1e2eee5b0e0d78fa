// Text values with rules, checked once when they come in: names, routes, logins, tags, metadata.
// Each parse_ function answers the value in the form that is stored, or an Error that names `field`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/secret.h"

namespace allauth {

// C0, DEL and C1. Of text in UTF-8.
bool has_control_characters(std::string_view utf8);

// 1–128 characters (code points) of UTF-8 without control characters; outer spaces are cut off.
Result<std::string> parse_name(std::string_view text, std::string_view field = "name");

// At most 1024 characters of UTF-8; of control characters only line breaks and tabs. May be empty.
Result<std::string> parse_description(std::string_view text, std::string_view field = "description");

// How a domain or channel is called in messaging topics: 1–64 of a–z 0–9 - _ , beginning with a
// letter or digit, and not of the form of a UUID, so that no route can stand for somebody's id.
Result<std::string> parse_route(std::string_view text, std::string_view field = "route");

// An e-mail address as far as it can be checked without sending one: local@host, at most 254 bytes,
// printable ASCII or UTF-8 without spaces and quotes. Stored in lower case, compared so.
Result<std::string> parse_email(std::string_view text, std::string_view field = "email");

// A login name: 3–64 of a–z 0–9 . _ - after lower-casing, beginning with a letter or digit.
Result<std::string> parse_username(std::string_view text, std::string_view field = "username");

using Tags = std::vector<std::string>;

// At most 32 different tags of 1–64 characters; sorted.
Result<Tags> parse_tags(std::vector<std::string> tags, std::string_view field = "tags");

// A JSON object as compact text of at most 16 KiB, nested at most 8 deep.
struct Metadata {
  std::string json = "{}";
  friend bool operator==(const Metadata&, const Metadata&) = default;
};
Result<Metadata> parse_metadata(std::string_view json, std::string_view field = "metadata");

}  // namespace allauth
