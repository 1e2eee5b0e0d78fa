#include "app/lists/page_token.h"

#include <gtest/gtest.h>

#include "codec/base64.h"

namespace allauth::app {
namespace {

using store::Place;

const store::ListOrder& order(std::string_view word) { return *store::list::users().find_order(word); }

TEST(PageToken, GivesThePlaceBack) {
  const std::pair<std::string_view, Place> table[] = {{"id", {"u1"}},
                                                      {"name", {"Ada", "u1"}},
                                                      {"name", {"", "u1"}},
                                                      {"name", {std::string(512, 'x'), std::string(64, 'y')}},
                                                      {"created_at", {std::int64_t{1'795'324'320'000}, "u1"}},
                                                      {"created_at", {std::int64_t{-1}, "u1"}}};
  for (const auto& [word, place] : table) {
    const auto token = make_page_token(place, "list");
    EXPECT_LE(token.size(), kMaxPageToken);
    EXPECT_EQ(parse_page_token(token, "list", order(word)), place);
  }
}

TEST(PageToken, IsGoodForWhatItWasMadeForOnly) {
  const auto token = make_page_token({"Ada", "u1"}, "list");
  EXPECT_FALSE(parse_page_token(token, "another", order("name")));
  EXPECT_FALSE(parse_page_token(token, "list", order("id")));
  EXPECT_FALSE(parse_page_token(token, "list", order("created_at")));
  EXPECT_TRUE(parse_page_token(token, "list", order("email")))
      << "the caller puts the order into what it is for";
}

TEST(PageToken, CanBeAnId) {
  EXPECT_EQ(parse_id_token(make_page_token({"u1"}, "list"), "list"), "u1");
  EXPECT_FALSE(parse_id_token(make_page_token({"u1"}, "list"), "another"));
  EXPECT_FALSE(parse_id_token(make_page_token({std::int64_t{1}}, "list"), "list"));
  EXPECT_FALSE(parse_id_token(make_page_token({"Ada", "u1"}, "list"), "list"));
  EXPECT_FALSE(parse_id_token(make_page_token({}, "list"), "list"));
}

TEST(PageToken, IsRefusedWhereAnythingIsWrong) {
  const auto bytes = *codec::base64url_decode(make_page_token({"Ada", "u1"}, "list"));
  const auto refused = [](const std::string& changed) {
    return !parse_page_token(codec::base64url_encode(changed), "list", order("name"));
  };
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_TRUE(refused(bytes.substr(0, size))) << size;
  EXPECT_TRUE(refused(bytes + '\0'));
  EXPECT_TRUE(refused('\3' + bytes.substr(1)));
  for (std::size_t i = 0; i < 9; ++i) {
    auto changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_TRUE(refused(changed)) << i;
  }
  const auto head = bytes.substr(0, 9);
  EXPECT_TRUE(refused(head + "t" + std::string("\0\1\xFF", 3) + "t" + std::string("\0\1u", 3)));
  EXPECT_TRUE(refused(head + "t" + std::string("\0\1\0", 3) + "t" + std::string("\0\1u", 3)));
  EXPECT_TRUE(refused(head + "x" + bytes.substr(10)));
  EXPECT_FALSE(parse_page_token("*", "list", order("name")));
  EXPECT_FALSE(parse_page_token(std::string(kMaxPageToken + 1, 'A'), "list", order("name")));
}

}  // namespace
}  // namespace allauth::app
