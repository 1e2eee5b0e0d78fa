#include "crypto/hash.h"

#include <thread>

#include "codec/base64.h"
#include "crypto/suites_for_tests.h"

namespace allauth::crypto {
namespace {

std::string hex(const Digest& digest) { return codec::hex_encode(codec::as_text(digest)); }

TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  const std::array<std::string_view, 3> pieces{"a", "", "bc"};
  EXPECT_EQ(sha256(pieces), sha256("abc"));
}

TEST(Sha256, IsTheSameOnEveryThread) {
  std::vector<Digest> digests(8);
  {
    std::vector<std::jthread> threads;
    for (auto& digest : digests)
      threads.emplace_back([&digest] {
        for (int i = 0; i < 1000; ++i) digest = sha256("abc");
      });
  }
  for (const auto& digest : digests) EXPECT_EQ(digest, sha256("abc"));
}

TEST(Hmac, GivesTheDigestsOfRfc4231) {
  struct Row {
    std::string key, data;
    std::string_view mac;
  };
  const Row rows[] = {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(hex(hmac_sha256(row.key, row.data)), row.mac);
    const HmacKey key(row.key);
    EXPECT_EQ(hex(key.mac(row.data)), row.mac);
    EXPECT_EQ(hex(key.mac(row.data)), row.mac) << "a key may be used again";
  }
}

TEST(Hmac, AgreesWithWycheproof) {
  LOAD_SUITE_OR_SKIP(suite, "jose/wycheproof/hmac_sha256_test.json");
  std::size_t checked = 0;
  for (const auto& group : suite.at("testGroups").as_array()) {
    const auto tag_size = static_cast<std::size_t>(group.at("tagSize").as_int64()) / 8;
    for (const auto& test : group.at("tests").as_array()) {
      const Digest mac =
          hmac_sha256(*codec::hex_decode(text_at(test, "key")), *codec::hex_decode(text_at(test, "msg")));
      const std::string tag = *codec::hex_decode(text_at(test, "tag"));
      EXPECT_EQ(equal_ct(codec::as_text(mac).substr(0, tag_size), tag), text_at(test, "result") == "valid")
          << test.at("tcId");
      ++checked;
    }
  }
  EXPECT_GT(checked, 50U);
}

TEST(EqualCt, ComparesLengthAndAllBytes) {
  EXPECT_TRUE(equal_ct("", ""));
  EXPECT_TRUE(equal_ct(std::string_view("a\0b", 3), std::string_view("a\0b", 3)));
  EXPECT_FALSE(equal_ct("abc", "abd"));
  EXPECT_FALSE(equal_ct("abc", "xbc"));
  EXPECT_FALSE(equal_ct("abc", "ab"));
  EXPECT_FALSE(equal_ct("", "a"));
  EXPECT_TRUE(equal_ct(std::span<const std::uint8_t>(sha256("x")), sha256("x")));
}

}  // namespace
}  // namespace allauth::crypto
