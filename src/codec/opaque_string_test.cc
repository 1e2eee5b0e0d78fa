#include "codec/opaque_string.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace allauth::codec {
namespace {

TEST(OpaqueString, IsOneTextForOnePassword) {
  struct Row {
    std::string_view in, out;
  };
  for (const Row& row : {
           Row{"correct horse", "correct horse"},
           Row{" two  spaces ", " two  spaces "},
           Row{"pa\u030Ass", "p\u00E5ss"},                   // decomposed
           Row{"a\u00A0b\u2003c\u3000d", "a b c d"},         // no-break, em and ideographic space
           Row{"\u212Bngstr\u00F6m", "\u00C5ngstr\u00F6m"},  // the sign is the letter
           Row{"\u2163 \uFB01", "\u2163 \uFB01"},            // compatibility forms stay
           Row{"A\u0130\u00DF", "A\u0130\u00DF"},
           Row{"\U0001F468\u200D\U0001F469\u200D\U0001F467 \u2764\uFE0F",
               "\U0001F468\u200D\U0001F469\u200D\U0001F467 \u2764\uFE0F"},
       })
    EXPECT_EQ(opaque_string(row.in), row.out) << row.in;
}

TEST(OpaqueString, RefusesWhatIsNoText) {
  for (const std::string& bad :
       {std::string(), std::string("a\0b", 3), std::string("a\nb"), std::string("a\x7F"), std::string("\xFF"),
        std::string("\xC3"), std::string("\xED\xA0\x80"), std::string("\u0085"), std::string("\U000E0080"),
        std::string("\uFFFF"), std::string(kMaxOpaqueBytes + 1, 'x')})
    EXPECT_FALSE(opaque_string(bad)) << bad.substr(0, 10);
  EXPECT_TRUE(opaque_string(std::string(kMaxOpaqueBytes, 'x')));
}

TEST(OpaqueString, IsFoldedForComparing) {
  EXPECT_EQ(folded("Stra\u00DFe \u0130"), folded("STRASSE i\u0307"));
  EXPECT_EQ(folded("PA\u030ASS"), "p\u00E5ss");
  EXPECT_FALSE(folded("\xFF"));
}

TEST(OpaqueString, AgreesWithTheExamplesOfRfc8265) {
  const char* set = std::getenv("ALLAUTH_SUITES");
  const auto root = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path().parent_path();
  const auto file =
      (set != nullptr ? std::filesystem::path(set) : root / "shared/suites") / "identifiers/precis.json";
  std::ifstream in(file);
  if (!in) GTEST_SKIP() << "no " << file;
  const auto suite = boost::json::parse(in);
  int checked = 0;
  for (const auto& test : suite.at("cases").as_array()) {
    if (test.at("profile").as_string() != "OpaqueString") continue;
    const auto out = opaque_string(test.at("input").as_string());
    const auto& expected = test.at("output");
    EXPECT_EQ(out.has_value(), !expected.is_null()) << test.at("id");
    if (out && !expected.is_null()) EXPECT_EQ(*out, expected.as_string()) << test.at("id");
    ++checked;
  }
  EXPECT_GE(checked, 8);
}

}  // namespace
}  // namespace allauth::codec
