// Rows of every type, with values at the limits of what can be stored.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/all_rows.h"

namespace allauth::store::testing {

// Fills every member: with the largest values, or with the smallest that the schema takes.
class Fill {
 public:
  explicit Fill(bool large, int keys) : large_(large), keys_(keys) {}

  template <class Member>
  void operator()(int, std::string_view, Member& member) {
    const bool key = keys_-- > 0;
    set(member, key);
  }
  template <class Child>
  void children(int, std::vector<Child>& rows) {
    rows.clear();
    if (!large_) return;
    rows.resize(300);
    for (auto& row : rows) Child::describe(row, Fill(large_, 0));
    rows[1] = Child{};
  }

 private:
  template <class Tag>
  void set(Id<Tag>& id, bool) {
    id = Id<Tag>::trusted(large_ ? std::string(kMaxIdLength, '~') : "k");
  }
  void set(std::string& text, bool key) {
    if (large_)
      text =
          key ? std::string(300, 'k') : "\xF0\x9F\xA6\x8A '\"$1;--\x01\\ " + std::string(2000, 'x') + "\x7F";
    else
      text = key ? "k" : "";
  }
  void set(Blob& blob, bool) {
    blob.bytes.clear();
    for (int i = 0; large_ && i < 1024; ++i) blob.bytes += static_cast<char>(i);
  }
  void set(Tags& tags, bool) { tags = large_ ? Tags(32, "\xC3\xA4\"\\\n" + std::string(60, 't')) : Tags{}; }
  void set(Metadata& metadata, bool) {
    metadata.json = large_ ? "{\"a\":\"" + std::string(16'000, 'm') + "\"}" : "{}";
  }
  void set(std::optional<Instant>& time, bool) {
    time = large_ ? std::optional(from_millis(0)) : std::nullopt;
  }
  void set(std::optional<std::int64_t>& number, bool) {
    number = large_ ? std::optional(std::numeric_limits<std::int64_t>::max()) : std::nullopt;
  }
  void set(Instant& time, bool) {
    time = from_millis(large_ ? std::numeric_limits<std::int64_t>::max()
                              : std::numeric_limits<std::int64_t>::min());
  }
  void set(bool& flag, bool) { flag = large_; }
  void set(std::int64_t& number, bool) {
    number = large_ ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
  }
  template <class E>
    requires std::is_enum_v<E>
  void set(E& value, bool) {
    value = static_cast<E>(large_ ? 2 : 1);
  }

  bool large_;
  int keys_;
};

template <class T>
T sample(bool large) {
  T row;
  T::describe(row, Fill(large, T::kKeys));
  return row;
}

inline User make_user(const std::string& id, const std::string& email = {}) {
  User user;
  user.id = UserId::trusted(id);
  user.email = email;
  user.name = "User " + id;
  return user;
}

}  // namespace allauth::store::testing
