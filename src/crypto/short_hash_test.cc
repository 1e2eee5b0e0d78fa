#include "crypto/short_hash.h"

#include <gtest/gtest.h>

namespace allauth::crypto {
namespace {

// The reference vectors of SipHash-2-4-128: key 00 01 … 0f, input 00 01 … (n - 1).
TEST(ShortHash, AgreesWithTheReference) {
  ShortHashKey key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(short_hash(key, ""), (ShortHash{0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72,
                                            0x14, 0xc7, 0x55, 0x02, 0x93}));
  EXPECT_EQ(short_hash(key, std::string_view("\0", 1)),
            (ShortHash{0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b, 0x22,
                       0xfc, 0x45}));
}

TEST(ShortHash, EveryTableHasAKeyOfItsOwn) {
  const auto one = make_short_hash_key();
  const auto other = make_short_hash_key();
  EXPECT_NE(one, other);
  EXPECT_EQ(short_hash(one, "token"), short_hash(one, "token"));
  EXPECT_NE(short_hash(one, "token"), short_hash(other, "token"));
}

}  // namespace
}  // namespace allauth::crypto
