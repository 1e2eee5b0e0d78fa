// Two toy dialects, made as the programs that we stand in for read and write: one in the manner of Go's
// encoding/json, one in that of .NET's System.Text.Json.
#include <gtest/gtest.h>

#include "codec/json/read.h"
#include "codec/json/write.h"

namespace allauth::json {
namespace {

const Profile kStrict;
const Profile kGo{.read = {.names = Names::folded,
                           .twice = Twice::last_wins,
                           .unknown = Unknown::ignored,
                           .null = Null::absent,
                           .rest = Rest::ignored},
                  .write = {.escapes = Escapes::html, .absent = Absent::omitted, .line_end = true}};
const Profile kNet{.read = {.names = Names::folded,
                            .twice = Twice::last_wins,
                            .unknown = Unknown::ignored,
                            .null = Null::absent,
                            .trailing_commas = true,
                            .numbers_as_text = true},
                   .write = {.escapes = Escapes::ascii, .absent = Absent::null}};

struct Login {
  std::optional<std::string> email;
  std::optional<std::int64_t> limit;
  std::optional<bool> admin;
  std::string metadata;
};

Result<Login> read_login(std::string_view body, const Profile& profile) {
  TRY(const auto document, read(body, profile.read));
  TRY(auto fields, Fields::of(document, profile.read));
  Login login;
  TRY(login.email, fields.text("email"));
  TRY(login.limit, fields.integer("limit"));
  TRY(login.admin, fields.boolean("admin"));
  TRY(const auto* metadata, fields.object("metadata"));
  TRY(fields.done());
  if (metadata != nullptr) login.metadata = write(Value(*metadata), {});
  return login;
}

// "email|limit|admin|metadata", or the reason of the refusal with its field.
std::string outcome(std::string_view body, const Profile& profile) {
  const auto login = read_login(body, profile);
  if (!login) return fmt::format("{} {}", login.error().reason.slug(), login.error().field);
  const std::string_view admin = !login->admin ? "-" : *login->admin ? "true" : "false";
  return fmt::format("{}|{}|{}|{}", login->email.value_or("-"), login->limit.value_or(-1), admin,
                     login->metadata);
}

TEST(Json, IsReadAsEachDialectReadsIt) {
  struct Case {
    std::string_view body, strict, go, net;
  };
  for (const auto& c : std::vector<Case>{
           {R"({"email":"a","limit":5,"admin":true})", "a|5|true|", "a|5|true|", "a|5|true|"},
           {R"({})", "-|-1|-|", "-|-1|-|", "-|-1|-|"},
           {R"({"EMAIL":"a"})", "json.unknown_member EMAIL", "a|-1|-|", "a|-1|-|"},
           {R"({"email":"a","Email":"b"})", "json.unknown_member Email", "b|-1|-|", "b|-1|-|"},
           {R"({"Email":"b","email":"a"})", "json.unknown_member Email", "a|-1|-|", "a|-1|-|"},
           {R"({"email":"a","email":"b"})", "json.duplicate_member ", "b|-1|-|", "b|-1|-|"},
           {"{\"\xE2\x84\xAA\":1}", "json.unknown_member \xE2\x84\xAA", "-|-1|-|", "-|-1|-|"},
           {R"({"email":null})", "json.null email", "-|-1|-|", "-|-1|-|"},
           {R"({"email":"a","email":null})", "json.duplicate_member ", "-|-1|-|", "-|-1|-|"},
           {R"({"other":{"deep":[1]}})", "json.unknown_member other", "-|-1|-|", "-|-1|-|"},
           {R"({"email":1})", "json.type email", "json.type email", "json.type email"},
           {R"({"limit":"5"})", "json.type limit", "json.type limit", "-|5|-|"},
           {R"({"limit":"5x"})", "json.type limit", "json.type limit", "json.type limit"},
           {R"({"limit":5.0})", "json.type limit", "json.type limit", "json.type limit"},
           {R"({"limit":1e3})", "json.type limit", "json.type limit", "json.type limit"},
           {R"({"limit":9223372036854775808})", "json.type limit", "json.type limit", "json.type limit"},
           {R"({"admin":0})", "json.type admin", "json.type admin", "json.type admin"},
           {R"({"email":"a"} {"email":"b"})", "json.syntax ", "a|-1|-|", "json.syntax "},
           {R"({"email":"a"}garbage)", "json.syntax ", "a|-1|-|", "json.syntax "},
           {R"({"email":"a",})", "json.syntax ", "json.syntax ", "a|-1|-|"},
           {R"({"email":"a"/**/})", "json.syntax ", "json.syntax ", "json.syntax "},
           // Within what is free of form names stay as they are.
           {R"({"metadata":{"b":1,"B":2.50}})", R"(-|-1|-|{"b":1,"B":2.5})", R"(-|-1|-|{"b":1,"B":2.5})",
            R"(-|-1|-|{"b":1,"B":2.5})"},
           {R"({"metadata":[]})", "json.type metadata", "json.type metadata", "json.type metadata"},
           {R"([])", "json.type ", "json.type ", "json.type "},
           {R"(null)", "json.type ", "json.type ", "json.type "},
           {"", "json.syntax ", "json.syntax ", "json.syntax "},
           {R"({"email":"\ud800"})", "json.syntax ", "json.syntax ", "json.syntax "},
           {"{\"email\":\"\xFF\"}", "json.utf8 ", "json.utf8 ", "json.utf8 "},
           {"\xEF\xBB\xBF{}", "json.syntax ", "json.syntax ", "json.syntax "},
           {R"({"limit":1e999})", "json.number ", "json.number ", "json.number "}}) {
    EXPECT_EQ(outcome(c.body, kStrict), c.strict) << c.body;
    EXPECT_EQ(outcome(c.body, kGo), c.go) << c.body;
    EXPECT_EQ(outcome(c.body, kNet), c.net) << c.body;
  }
}

TEST(Json, FoldsNamesAsGoDoes) {
  const auto document = read("{\"\xE2\x84\xAA\x65y\xC5\xBF\":\"v\"}", kGo.read);  // Kelvin sign, long s
  ASSERT_TRUE(document);
  auto fields = Fields::of(*document, kGo.read);
  EXPECT_EQ(fields->text("keys").value(), "v");
  // Two that fold to one are one member twice where that is refused.
  const ReadRules folded{.names = Names::folded};
  const auto twice = read(R"({"a":1,"A":2})", folded);
  ASSERT_TRUE(twice);
  EXPECT_EQ(Fields::of(*twice, folded)->integer("a").error().reason, Reason("json.duplicate_member"));
}

TEST(Json, BoundsWhatItTakes) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(read(nested(4), {.depth = 4}));
  EXPECT_EQ(read(nested(5), {.depth = 4}).error().reason, Reason("json.too_deep"));
  EXPECT_EQ(read(nested(100'000), {.bytes = 1 << 20}).error().reason, Reason("json.too_deep"));
  EXPECT_TRUE(read("\"1234\"", {.bytes = 6}));
  EXPECT_EQ(read("\"12345\"", {.bytes = 6}).error().reason, Reason("json.too_large"));
}

TEST(Json, NamesThePlaceOfAFault) {
  const auto document = read(R"({"user":{"email":7}})", {});
  auto outer = Fields::of(*document, kStrict.read);
  const auto* user = outer->any("user").value();
  auto inner = Fields::of(*user, kStrict.read, outer->path_of("user"));
  EXPECT_EQ(inner->text("email").error().field, "user.email");
}

TEST(Json, IsWrittenAsEachDialectWritesIt) {
  const auto body = [](const Profile& profile) {
    ObjectWriter out(profile.write);
    out.set("id", "<a>&'+`\"\xC3\xA4\xF0\x9F\x98\x80\xE2\x80\xA8\n").set_optional("tag", std::nullopt);
    out.set_optional("name", Value("n")).set_unless_empty("role", 0).set_unless_empty("list", Array{1});
    return write(std::move(out).take(), profile.write);
  };
  EXPECT_EQ(body(kStrict),
            "{\"id\":\"<a>&'+`\\\"\xC3\xA4\xF0\x9F\x98\x80\xE2\x80\xA8\\n\",\"name\":\"n\",\"list\":[1]}");
  EXPECT_EQ(body(kGo),
            "{\"id\":\"\\u003ca\\u003e\\u0026'+`\\\"\xC3\xA4\xF0\x9F\x98\x80\\u2028\\n\",\"name\":\"n\","
            "\"list\":[1]}\n");
  EXPECT_EQ(body(kNet),
            "{\"id\":\"\\u003ca\\u003e\\u0026\\u0027\\u002b\\u0060\\\"\\u00e4\\ud83d\\ude00\\u2028\\n\","
            "\"tag\":null,"
            "\"name\":\"n\",\"list\":[1]}");
}

TEST(Json, WritesNumbersAsShortAsTheyCanBeReadBack) {
  for (const auto& [value, text] : std::vector<std::pair<Value, std::string>>{
           {0, "0"},
           {-7, "-7"},
           {std::uint64_t{18446744073709551615U}, "18446744073709551615"},
           {0.1, "0.1"},
           {100.0, "100"},
           {1e20, "100000000000000000000"},
           {1.23e20, "123000000000000000000"},
           {1e21, "1e+21"},
           {1e-6, "0.000001"},
           {1e-7, "1e-7"},
           {-2.5e-9, "-2.5e-9"},
           {5e-324, "5e-324"},
           {1.7976931348623157e308, "1.7976931348623157e+308"}}) {
    EXPECT_EQ(write(value, {}), text);
    const auto back = read(text, {});
    ASSERT_TRUE(back) << text;
    EXPECT_EQ(write(*back, {}), text);
  }
  EXPECT_EQ(write(Value(std::numeric_limits<double>::infinity()), {}), "null");
  EXPECT_EQ(write(Value(-0.0), {}), "0");
  EXPECT_EQ(write(*read("[-0, -0.0, -0e313]", {}), {}), "[0,0,0]");
}

TEST(Json, SortsMembersAtEveryDepth) {
  const auto document = read(R"({"b":[{"d":1,"c":2}],"a":{}})", {});
  EXPECT_EQ(write(sorted(*document), {}), R"({"a":{},"b":[{"c":2,"d":1}]})");
}

}  // namespace
}  // namespace allauth::json
