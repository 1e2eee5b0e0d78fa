// A place in a list as an opaque text: where the next page begins. It says for which list, order and filter
// it was made, and nothing that the caller could not ask for anyway, so it needs no key; it is good for as
// long as callers like, since it names a place and not a state.
//
// Inside, base64url of: a version, eight bytes of the SHA-256 of what it was made for, then each value of the
// place: 'i' and eight bytes, most significant first, or 't', two bytes of length, and the text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/lists.h"

namespace allauth::app {

// A name may have 512 bytes, the two ids of a relationship 1024 each, and they are all in the token.
inline constexpr std::size_t kMaxPageToken = 4096;

std::string make_page_token(const store::Place& place, std::string_view made_for);

// Nothing if it is no token of ours, was made for something else, or does not have the order's values.
std::optional<store::Place> parse_page_token(std::string_view token, std::string_view made_for,
                                             const store::ListOrder& order);
// The same where a place is one text: an id.
std::optional<std::string> parse_id_token(std::string_view token, std::string_view made_for);

}  // namespace allauth::app
