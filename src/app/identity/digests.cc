#include "app/identity/digests.h"

#include <fmt/format.h>

namespace allauth::app {

// A NUL ends each part: no part can hold one, so no two inputs give the same text.

crypto::Digest Digests::client_key(std::string_view client_id, const Secret& key) const {
  return key.with([&](std::string_view text) {
    std::string input = fmt::format("client_key{}{}{}", '\0', client_id, '\0');
    input += text;
    const auto digest = key_.mac(input);
    wipe_memory(input.data(), input.size());
    return digest;
  });
}

crypto::Digest Digests::refresh_token(std::string_view session_id, std::int64_t generation) const {
  return key_.mac(fmt::format("refresh_token{}{}{}{}", '\0', session_id, '\0', generation));
}

crypto::Digest Digests::setup_token(const Secret& token) const {
  return token.with([&](std::string_view text) {
    std::string input = fmt::format("setup_token{}", '\0');
    input += text;
    const auto digest = key_.mac(input);
    wipe_memory(input.data(), input.size());
    return digest;
  });
}

}  // namespace allauth::app
