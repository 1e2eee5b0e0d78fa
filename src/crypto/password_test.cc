#include "crypto/password.h"

#include "codec/base64.h"
#include "crypto/suites_for_tests.h"

namespace allauth::crypto {
namespace {

const PasswordParams kCheap = PasswordParams::cheap_for_tests();

std::string_view reason_of(std::string_view phc) {
  const auto match = verify_password(Secret("password"), phc, kCheap);
  return match ? (match->ok ? "match" : "no match") : match.error().reason.slug();
}

TEST(Passwords, MatchTheRecordMadeOfThem) {
  CountingEntropy entropy;
  for (const std::string& text : {std::string("correct horse"), std::string(), std::string("nul\0inside", 10),
                                  std::string(kMaxPasswordBytes, 'x')}) {
    const auto phc = hash_password(Secret(text), kCheap, entropy);
    ASSERT_TRUE(phc);
    EXPECT_TRUE(phc->starts_with("$argon2id$v=19$m=8,t=1,p=1$")) << *phc;
    const auto match = verify_password(Secret(text), *phc, kCheap);
    ASSERT_TRUE(match);
    EXPECT_TRUE(match->ok);
    EXPECT_FALSE(match->outdated);
    EXPECT_FALSE(verify_password(Secret(text + "!"), *phc, kCheap)->ok);
  }
}

TEST(Passwords, GetASaltOfTheirOwn) {
  CountingEntropy entropy;
  EXPECT_NE(hash_password(Secret("same"), kCheap, entropy).value(),
            hash_password(Secret("same"), kCheap, entropy).value());
}

TEST(Passwords, AreRefusedWhenTooLongBeforeAnyWork) {
  CountingEntropy entropy;
  const Secret huge(std::string(kMaxPasswordBytes + 1, 'x'));
  EXPECT_EQ(hash_password(huge, kCheap, entropy).error().reason, Reason("password.too_long"));
  EXPECT_EQ(verify_password(huge, "not even a record").error().reason, Reason("password.too_long"));
}

TEST(Passwords, AskForARehashWhenTheCostOrTheSizesDiffer) {
  CountingEntropy entropy;
  const auto phc = hash_password(Secret("password"), kCheap, entropy).value();
  EXPECT_TRUE(verify_password(Secret("password"), phc, PasswordParams())->outdated);
  EXPECT_FALSE(verify_password(Secret("wrong"), phc, PasswordParams())->outdated);
  // An 8-byte salt, as other systems make them.
  const auto match =
      verify_password(Secret("password"),
                      "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4");
  EXPECT_TRUE(match.value().ok);
  EXPECT_TRUE(match->outdated);
}

TEST(Passwords, OfUnknownUsersCostTheSameAndNeverMatch) {
  CountingEntropy entropy;
  const PasswordParams params;
  const std::string phc = dummy_phc(params, entropy);
  EXPECT_TRUE(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
  const auto real = hash_password(Secret("x"), params, entropy).value();
  EXPECT_EQ(phc.size(), real.size());
  const auto match = verify_password(Secret("x"), phc);
  ASSERT_TRUE(match);
  EXPECT_FALSE(match->ok);
}

TEST(PasswordParams, HaveAFloorAndACeiling) {
  struct Row {
    std::uint32_t memory_kib, passes;
    bool ok;
  };
  for (const Row& row :
       {Row{19 * 1024, 2, true}, Row{46 * 1024, 1, true}, Row{12 * 1024, 3, true}, Row{9 * 1024, 4, true},
        Row{7 * 1024, 5, true}, Row{256 * 1024, 16, true}, Row{7 * 1024, 4, false}, Row{19 * 1024, 1, false},
        Row{7 * 1024 - 1, 16, false}, Row{256 * 1024 + 1, 1, false}, Row{64 * 1024, 17, false},
        Row{64 * 1024, 0, false}, Row{0, 0, false}, Row{0xFFFFFFFF, 0xFFFFFFFF, false}})
    EXPECT_EQ(PasswordParams::make(row.memory_kib, row.passes).has_value(), row.ok)
        << row.memory_kib << ' ' << row.passes;
}

TEST(PasswordRecords, AreBoundedBeforeAnyWork) {
  constexpr std::string_view rest = "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  struct Row {
    std::string_view head, reason;
  };
  for (const Row& row : {
           Row{"$argon2id$v=19$m=256,t=2,p=1", "match"},
           Row{"$argon2id$v=19$m=257,t=2,p=1", "no match"},
           Row{"$argon2id$v=19$m=4294967295,t=2,p=1", "password.record.unsupported"},
           Row{"$argon2id$v=19$m=262145,t=1,p=1", "password.record.unsupported"},
           Row{"$argon2id$v=19$m=256,t=17,p=1", "password.record.unsupported"},
           Row{"$argon2id$v=19$m=256,t=4294967295,p=1", "password.record.unsupported"},
           Row{"$argon2id$v=19$m=256,t=2,p=2", "password.record.unsupported"},
           Row{"$argon2id$v=16$m=256,t=2,p=1", "password.record.unsupported"},
           Row{"$argon2i$v=19$m=256,t=2,p=1", "password.record.unsupported"},
           Row{"$argon2d$v=19$m=256,t=2,p=1", "password.record.unsupported"},
           Row{"$argon2id$v=19$m=99999999999999999999,t=2,p=1", "password.record.broken"},
           Row{"$argon2id$v=19$m=7,t=2,p=1", "password.record.broken"},
           Row{"$argon2id$v=19$m=256,t=0,p=1", "password.record.broken"},
           Row{"$argon2id$v=19$m=256,t=2,p=0", "password.record.broken"},
           Row{"$argon2id$v=19$m=0256,t=2,p=1", "password.record.broken"},
           Row{"$argon2id$v=19$m=+256,t=2,p=1", "password.record.broken"},
           Row{"$argon2id$v=19$m=256,t=2", "password.record.broken"},
           Row{"$argon2id$m=256,t=2,p=1", "password.record.broken"},
           Row{"$argon2id$v=19$m=256,t=2,p=1,x=1", "password.record.broken"},
           Row{"x$argon2id$v=19$m=256,t=2,p=1", "password.record.broken"},
           Row{"$2b$12", "password.record.broken"},
           Row{"$md5$12", "password.record.broken"},
       })
    EXPECT_EQ(reason_of(std::string(row.head) + std::string(rest)), row.reason) << row.head;
  EXPECT_EQ(reason_of(""), "password.record.broken");
  EXPECT_EQ(reason_of(std::string(100'000, '$')), "password.record.broken");
}

TEST(PasswordRecords, AgreeWithTheArgon2Vectors) {
  LOAD_SUITE_OR_SKIP(suite, "rfc-vectors/argon2.json");
  std::size_t matched = 0;
  for (const auto& test : suite.at("cases").as_array()) {
    if (!test.as_object().contains("encoded")) continue;  // with a secret or associated data: no PHC form
    const Secret password(*codec::hex_decode(text_at(test, "password_hex")));
    const auto match = verify_password(password, text_at(test, "encoded"));
    const bool ours = text_at(test, "type") == "argon2id" && test.at("parallelism").as_int64() == 1;
    if (!ours) {
      EXPECT_EQ(match.error().reason, Reason("password.record.unsupported")) << test.at("id");
      continue;
    }
    ASSERT_TRUE(match) << test.at("id");
    EXPECT_TRUE(match->ok) << test.at("id");
    ++matched;
  }
  EXPECT_GE(matched, 3U);
}

TEST(PasswordRecords, AreRefusedLikeTheNegativeVectors) {
  LOAD_SUITE_OR_SKIP(suite, "rfc-vectors/argon2_negative.json");
  std::size_t refused = 0;
  for (const auto& test : suite.at("cases").as_array()) {
    EXPECT_FALSE(verify_password(Secret("password"), text_at(test, "encoded"))) << test.at("id");
    ++refused;
  }
  EXPECT_GE(refused, 5U);
}

}  // namespace
}  // namespace allauth::crypto
