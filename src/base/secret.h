// Text that must not leak: a password, key or token in clear. Move-only, wiped when it goes, without
// formatter, comparison or conversion, so logging one or putting one into an Error does not compile.
#pragma once

#include <string>
#include <string_view>

namespace allauth {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  // Wipes the source, which the caller is about to forget anyway.
  static Secret take(std::string& text);

  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  bool empty() const { return text_.empty(); }
  std::size_t size() const { return text_.size(); }

  // Lends the text to `fn` for the time of the call. `fn` must not keep the view.
  template <class Fn>
  decltype(auto) with(Fn&& fn) const {
    return std::forward<Fn>(fn)(std::string_view(text_));
  }
  // Gives the text away: the one moment in which a secret is shown to its owner.
  std::string reveal() && {
    std::string out = std::move(text_);
    wipe();
    return out;
  }
  Secret copy() const { return Secret(text_); }

 private:
  void wipe() noexcept;
  std::string text_;
};

// Overwrites memory in a way that the compiler keeps.
void wipe_memory(void* data, std::size_t size) noexcept;

}  // namespace allauth
