#include "codec/base64.h"

#include <gtest/gtest.h>

namespace allauth::codec {
namespace {

// All byte values, in an order without pattern for the encoder to hide behind.
std::string some_bytes(std::size_t size) {
  std::string out;
  std::uint32_t state = 12345;
  while (out.size() < size) {
    state = state * 1664525 + 1013904223;
    out += static_cast<char>(state >> 24);
  }
  return out;
}

TEST(Base64, MakesTheTextsOfRfc4648) {
  struct Row {
    std::string_view bytes, text;
  };
  for (const Row& row :
       {Row{"", ""}, Row{"f", "Zg=="}, Row{"fo", "Zm8="}, Row{"foo", "Zm9v"}, Row{"foob", "Zm9vYg=="},
        Row{"fooba", "Zm9vYmE="}, Row{"foobar", "Zm9vYmFy"}, Row{"\xFB\xFF\xBF", "+/+/"}}) {
    EXPECT_EQ(base64_encode(row.bytes), row.text);
    EXPECT_EQ(base64_decode(row.text), row.bytes);
  }
  EXPECT_EQ(base64url_encode("\xFB\xFF\xBF"), "-_-_");
  EXPECT_EQ(base64url_encode("fooba"), "Zm9vYmE");
  EXPECT_EQ(base64_encode_unpadded("\xFB\xFF\xBF\xFB"), "+/+/+w");
}

TEST(Base64, DecodesWhatItEncoded) {
  for (std::size_t size = 0; size < 200; ++size) {
    const std::string bytes = some_bytes(size);
    EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    EXPECT_EQ(base64_decode_unpadded(base64_encode_unpadded(bytes)), bytes);
    EXPECT_EQ(hex_decode(hex_encode(bytes)), bytes);
  }
}

TEST(Base64, HasOneTextPerByteString) {
  // Every text of two, three and four characters at the end of a longer one.
  const std::string chars = "ABQZagwxz059+/-_=. \n\x80";
  int accepted = 0;
  const auto check = [&](const std::string& text) {
    const auto url = base64url_decode(text);
    const auto standard = base64_decode(text);
    const auto unpadded = base64_decode_unpadded(text);
    if (url) EXPECT_EQ(base64url_encode(*url), text);
    if (standard) EXPECT_EQ(base64_encode(*standard), text);
    if (unpadded) EXPECT_EQ(base64_encode_unpadded(*unpadded), text);
    accepted += int{url.has_value()} + int{standard.has_value()} + int{unpadded.has_value()};
  };
  for (const char a : chars) {
    for (const char b : chars) {
      check({'Z', 'm', '9', 'v', a, b});
      for (const char c : chars) {
        check({'Z', 'm', '9', 'v', a, b, c});
        for (const char d : chars) check({'Z', 'm', '9', 'v', a, b, c, d});
      }
    }
  }
  EXPECT_GT(accepted, 10'000);
}

TEST(Base64, RefusesAllElse) {
  for (const std::string_view text : {"A", "AAAAA", "Zg==", "Zm8=", "Zh", "Zm9", "Zm9v ", " Zm9v", "Zm\n9v",
                                      "Zm9v\n", "+/+/", "Zm9v=", "====", "=", "Zm9*", "Zm9\xC3\xA9"})
    EXPECT_FALSE(base64url_decode(text)) << text;
  EXPECT_FALSE(base64url_decode(std::string_view("Zm9\0", 4)));
  for (const std::string_view text : {"Zg", "Zm8", "Zg=", "Zh==", "Zm9=", "Z===", "====", "==", "-_-_",
                                      "Zg==Zg==", "Zm9v=", "Zm9v====", "Zg==\n", "Z=g="})
    EXPECT_FALSE(base64_decode(text)) << text;
  for (const std::string_view text : {"Zg==", "Zh", "-_-_", "Z"})
    EXPECT_FALSE(base64_decode_unpadded(text)) << text;
}

TEST(Hex, TakesEitherCaseAndWholeBytesOnly) {
  EXPECT_EQ(hex_encode("\x01\xAB\xFF"), "01abff");
  EXPECT_EQ(hex_decode("01ABff"), "\x01\xAB\xFF");
  for (const std::string_view text : {"0", "0g", "0x", " 00", "00 ", "-1"})
    EXPECT_FALSE(hex_decode(text)) << text;
}

}  // namespace
}  // namespace allauth::codec
