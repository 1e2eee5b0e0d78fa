#include "base/secret.h"

#include <cstring>

namespace allauth {

void wipe_memory(void* data, std::size_t size) noexcept { explicit_bzero(data, size); }

void Secret::wipe() noexcept {
  wipe_memory(text_.data(), text_.capacity());
  text_.clear();
}

Secret Secret::take(std::string& text) {
  Secret secret{std::string(text)};
  wipe_memory(text.data(), text.size());
  text.clear();
  return secret;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    text_ = std::move(other.text_);
    other.wipe();
  }
  return *this;
}

}  // namespace allauth
