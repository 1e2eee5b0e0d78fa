// Records from elsewhere. The values were made with crypt_blowfish's own examples, Python's hashlib and
// passlib.
#include "crypto/password_record.h"

#include "codec/base64.h"
#include "crypto/password.h"
#include "crypto/suites_for_tests.h"

namespace allauth::crypto {
namespace {

std::string outcome(std::string_view password, std::string_view record) {
  const auto match =
      verify_password(Secret(std::string(password)), record, PasswordParams::cheap_for_tests());
  if (!match) return std::string(match.error().reason.slug());
  if (!match->ok) return "no match";
  EXPECT_TRUE(match->outdated) << record;
  return "match";
}

struct Row {
  std::string_view password, record, scheme;
};
constexpr std::string_view kSalted = "$MDEyMzQ1Njc4OWFiY2RlZg$";  // 0123456789abcdef

const Row kRows[] = {
    {"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "bcrypt"},
    {"U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "bcrypt"},
    {"U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "bcrypt"},
    {"correct horse battery staple", "$2b$05$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS",
     "bcrypt"},
    {"correct horse battery staple", "$2y$05$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS",
     "bcrypt"},
    {"p\u00E4ssw\u00F6rd", "$2b$04$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoC", "bcrypt"},
    {"password", "$scrypt$ln=10,r=8,p=2$MDEyMzQ1Njc4OWFiY2RlZg$bEaCAiyRYDARuNXGlQE7Plyz+/JVlfoIQ0KBQ3KtPwI",
     "scrypt"},
    {"password", "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
     "scrypt"},
    {"password", "$pbkdf2-sha1$i=1000,l=20$MDEyMzQ1Njc4OWFiY2RlZg$DYW+LTZG5wxyiF/qvsh40/+/hXk", "pbkdf2"},
    {"password", "$pbkdf2$1000$MDEyMzQ1Njc4OWFiY2RlZg$DYW.LTZG5wxyiF/qvsh40/./hXk", "pbkdf2"},
    {"password", "$pbkdf2-sha256$i=1000$MDEyMzQ1Njc4OWFiY2RlZg$hRRjgXWkW8ResfIvBP99J/T4vkgEmMRV/0tJTOjR59I",
     "pbkdf2"},
    {"password", "$pbkdf2-sha256$1000$....//77774$kRBX4EzGg/a7j.flNO1/ioPhQ63OFyia.A/7pynR5mw", "pbkdf2"},
    {"password",
     "$pbkdf2-sha512$i=1000,l=64$MDEyMzQ1Njc4OWFiY2RlZg$38DzhdBT7fPaUGBlsh42VTuuKSFAIYGZJ7l6feCDLIl+"
     "K3hdPFgxxu7xuUi4gIuH6cEIoODn18xH9Ig2ryNgUw",
     "pbkdf2"},
};

TEST(ForeignRecords, MatchTheirPasswordOnlyAndAreOutdated) {
  for (const Row& row : kRows) {
    EXPECT_EQ(outcome(row.password, row.record), "match") << row.record;
    EXPECT_EQ(outcome(std::string(row.password) + "!", row.record), "no match") << row.record;
    EXPECT_EQ(outcome("", row.record), "no match") << row.record;
    EXPECT_TRUE(check_password_record(row.record)) << row.record;
    EXPECT_EQ(password_scheme(row.record), row.scheme);
    std::string changed(row.record);
    changed[changed.size() - 8] = changed[changed.size() - 8] == 'a' ? 'b' : 'a';
    EXPECT_EQ(outcome(row.password, changed), "no match") << changed;
  }
}

TEST(ForeignRecords, OfBcryptNeverMatchMoreThanItSees) {
  constexpr std::string_view record = "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i";
  EXPECT_EQ(outcome(std::string(72, 'x'), record), "match");
  EXPECT_EQ(outcome(std::string(73, 'x'), record), "no match");
  EXPECT_EQ(outcome(std::string(71, 'x'), record), "no match");
  EXPECT_EQ(outcome(std::string("U*U\0rest", 8), kRows[0].record), "no match");
}

TEST(ForeignRecords, AreBoundedBeforeAnyWork) {
  const std::string bcrypt = "$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS";
  const std::string hash = std::string(kSalted) + "bEaCAiyRYDARuNXGlQE7Plyz+/JVlfoIQ0KBQ3KtPwI";
  struct Refused {
    std::string record;
    std::string_view reason;
  };
  for (const Refused& row : {
           Refused{"$2b$15" + bcrypt, "password.record.unsupported"},
           Refused{"$2b$31" + bcrypt, "password.record.unsupported"},
           Refused{"$2x$05" + bcrypt, "password.record.unsupported"},
           Refused{"$2b$03" + bcrypt, "password.record.broken"},
           Refused{"$2b$xx" + bcrypt, "password.record.broken"},
           Refused{"$2b$05" + bcrypt + "x", "password.record.broken"},
           Refused{"$2b$05$!bcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS", "password.record.broken"},
           Refused{"$2", "password.record.broken"},
           Refused{"$scrypt$ln=21,r=8,p=1" + hash, "password.record.unsupported"},
           Refused{"$scrypt$ln=18,r=9,p=1" + hash, "password.record.unsupported"},
           Refused{"$scrypt$ln=17,r=8,p=3" + hash, "password.record.unsupported"},
           Refused{"$scrypt$ln=4,r=33,p=1" + hash, "password.record.unsupported"},
           Refused{"$scrypt$ln=4,r=8,p=17" + hash, "password.record.unsupported"},
           Refused{"$scrypt$ln=18446744073709551616,r=8,p=1" + hash, "password.record.broken"},
           Refused{"$scrypt$ln=0,r=8,p=1" + hash, "password.record.broken"},
           Refused{"$scrypt$ln=4,r=0,p=1" + hash, "password.record.broken"},
           Refused{"$scrypt$ln=4,r=8" + hash, "password.record.broken"},
           Refused{"$scrypt$ln=4,r=8,p=1$AAA$" + std::string(43, 'A'), "password.record.broken"},
           Refused{"$scrypt$ln=4,r=8,p=1" + std::string(kSalted) + "AAAA", "password.record.broken"},
           Refused{"$scrypt$ln=4,r=8,p=1" + std::string(kSalted) + std::string(100, 'A'),
                   "password.record.broken"},
           Refused{"$pbkdf2-sha256$i=2000001,l=32" + hash, "password.record.unsupported"},
           Refused{"$pbkdf2-sha1$i=1500001,l=32" + hash, "password.record.unsupported"},  // two blocks
           Refused{"$pbkdf2-sha512$1000001" + hash, "password.record.unsupported"},
           Refused{"$pbkdf2-sha256$i=99999999999999999999,l=32" + hash, "password.record.broken"},
           Refused{"$pbkdf2-md5$i=1000,l=32" + hash, "password.record.unsupported"},
           Refused{"$pbkdf2-sha256$i=0,l=32" + hash, "password.record.broken"},
           Refused{"$pbkdf2-sha256$i=1000,l=31" + hash, "password.record.broken"},
           Refused{"$pbkdf2-sha256$i=1000,l=32,x=1" + hash, "password.record.broken"},
           Refused{"$pbkdf2-sha256$-1" + hash, "password.record.broken"},
           Refused{"$pbkdf2-sha256", "password.record.broken"},
           Refused{"$2b$05" + std::string(1000, 'x'), "password.record.broken"},
       }) {
    EXPECT_EQ(outcome("password", row.record), row.reason) << row.record;
    const auto checked = check_password_record(row.record);
    ASSERT_FALSE(checked) << row.record;
    EXPECT_EQ(checked.error().code, Code::invalid);
    EXPECT_EQ(checked.error().reason, row.reason == "password.record.broken"
                                          ? Reason("password_hash.broken")
                                          : Reason("password_hash.unsupported"))
        << row.record;
  }
  EXPECT_EQ(check_password_record("").error().reason, Reason("password_hash.broken"));
  EXPECT_EQ(check_password_record("password").error().reason, Reason("password_hash.broken"));
  EXPECT_EQ(password_scheme("{SSHA}x"), "");
}

}  // namespace
}  // namespace allauth::crypto
