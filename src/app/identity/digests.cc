#include "app/identity/digests.h"

#include <fmt/format.h>

namespace allauth::app {
namespace {

// A NUL ends each part: no part can hold one, so no two inputs give the same text.
crypto::Digest digest(const crypto::HmacKey& key, std::string label, const Secret& secret) {
  return secret.with([&](std::string_view text) {
    label += text;
    const auto made = key.mac(label);
    wipe_memory(label.data(), label.size());
    return made;
  });
}

}  // namespace

crypto::Digest KeyDigests::client_key(std::string_view client_id, const Secret& key) const {
  return digest(key_, fmt::format("client_key{}{}{}", '\0', client_id, '\0'), key);
}

crypto::Digest KeyDigests::personal_token(const Secret& token) const {
  return digest(key_, fmt::format("personal_token{}", '\0'), token);
}

crypto::Digest KeyDigests::user_key(const Secret& key) const {
  return digest(key_, fmt::format("user_key{}", '\0'), key);
}

crypto::Digest TokenDigests::refresh_token(std::string_view session_id, std::int64_t generation) const {
  return key_.mac(fmt::format("refresh_token{}{}{}{}", '\0', session_id, '\0', generation));
}

crypto::Digest TokenDigests::setup_token(const Secret& token) const {
  return digest(key_, fmt::format("setup_token{}", '\0'), token);
}

crypto::Digest TokenDigests::node_token(const Secret& token) const {
  return digest(key_, fmt::format("node_token{}", '\0'), token);
}

}  // namespace allauth::app
