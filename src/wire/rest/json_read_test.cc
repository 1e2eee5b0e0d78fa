#include "wire/rest/json_read.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "allauth/v1/auth.pb.h"
#include "allauth/v1/users.pb.h"
#include "shelf.pb.h"
#include "wire/rest/json_write.h"

namespace allauth::wire {
namespace {

using test::v1::Book;

Result<Book> read_book(std::string_view text, JsonLimits limits = {}) {
  Book book;
  auto read = read_json(text, book, limits);
  if (!read) return std::unexpected(read.error());
  return book;
}

TEST(JsonRead, FillsEveryKindOfField) {
  const auto book = read_book(R"({
    "id": "b1", "title": "T\u00e4\ud83d\ude00\n", "color": "dark_blue", "colors": ["red", "dark_blue"],
    "lent": true, "shelf": -3, "pages": 4294967295, "weight": 1.5, "tags": ["a", ""], "marks": [1, -2],
    "weights": [0.1, 1e3, 7], "flags": [false, true], "printed": "2026-11-22T05:12:00.123Z",
    "loans": ["2024-02-29T23:59:59Z"], "author": {"name": "Ann", "friends": [{"name": "Bo"}, {}]},
    "others": [{"name": "Cy"}], "metadata": {"a": [1, null, {"b": "c"}], "d": false}, "anything": "x",
    "list": [1, "two"], "values": [null, {}], "subtitle": "", "picture": "p"})");
  ASSERT_TRUE(book) << book.error().reason.slug() << " " << book.error().field;
  EXPECT_EQ(book->title(), "Tä😀\n");
  EXPECT_EQ(book->color(), test::v1::BOOK_COLOR_DARK_BLUE);
  EXPECT_EQ(book->colors(0), test::v1::BOOK_COLOR_RED);
  EXPECT_TRUE(book->lent());
  EXPECT_EQ(book->shelf(), -3);
  EXPECT_EQ(book->pages(), 4294967295u);
  EXPECT_EQ(book->weights(1), 1000.0);
  EXPECT_EQ(book->printed().seconds(), 1795324320);
  EXPECT_EQ(book->printed().nanos(), 123'000'000);
  EXPECT_EQ(book->loans(0).seconds(), 1709251199);
  EXPECT_EQ(book->author().friends_size(), 2);
  EXPECT_EQ(
      book->metadata().fields().at("a").list_value().values(2).struct_value().fields().at("b").string_value(),
      "c");
  EXPECT_EQ(book->values(0).kind_case(), google::protobuf::Value::kNullValue);
  EXPECT_TRUE(book->has_subtitle());
  EXPECT_EQ(book->picture(), "p");
}

struct Refused {
  std::string text;
  std::string reason;
  std::string field;
};

TEST(JsonRead, RefusesWithReasonAndPath) {
  const std::vector<Refused> cases = {
      {R"({"nmae":1})", "json.unknown_member", "nmae"},
      {R"({"author":{"nmae":1}})", "json.unknown_member", "author.nmae"},
      {R"({"others":[{},{"x":1}]})", "json.unknown_member", "others[1].x"},
      {"{\"x\\u0000y\":1}", "json.unknown_member", "?"},
      {R"({"Title":"x"})", "json.unknown_member", "Title"},
      {R"({"lent":true,"lent":true})", "json.duplicate_member", "lent"},
      {R"({"tags":[],"tags":[]})", "json.duplicate_member", "tags"},
      {R"({"metadata":{"a":1,"\u0061":2}})", "json.duplicate_member", "metadata.a"},
      {R"({"picture":"p","painter":{}})", "json.oneof", "painter"},
      {R"({"painter":{},"picture":"p"})", "json.oneof", "picture"},
      {R"({"title":null})", "json.null", "title"},
      {R"({"tags":null})", "json.type", "tags"},
      {R"({"tags":[null]})", "json.null", "tags[0]"},
      {R"({"author":null})", "json.null", "author"},
      {R"({"metadata":null})", "json.null", "metadata"},
      {R"({"title":1})", "json.type", "title"},
      {R"({"title":true})", "json.type", "title"},
      {R"({"title":{}})", "json.type", "title"},
      {R"({"title":["x"]})", "json.type", "title"},
      {R"({"tags":"x"})", "json.type", "tags"},
      {R"({"tags":{}})", "json.type", "tags"},
      {R"({"tags":["a","b","c",4]})", "json.type", "tags[3]"},
      {R"({"tags":[["a"]]})", "json.type", "tags[0]"},
      {R"({"lent":"true"})", "json.type", "lent"},
      {R"({"lent":1})", "json.type", "lent"},
      {R"({"shelf":"1"})", "json.type", "shelf"},
      {R"({"shelf":1.0})", "json.type", "shelf"},
      {R"({"shelf":1e2})", "json.type", "shelf"},
      {R"({"shelf":2147483648})", "json.range", "shelf"},
      {R"({"pages":-1})", "json.range", "pages"},
      {R"({"pages":4294967296})", "json.range", "pages"},
      {R"({"marks":[1,99999999999999999999]})", "json.range", "marks[1]"},
      {R"({"weight":"1"})", "json.type", "weight"},
      {R"({"weight":1e400})", "json.number", "weight"},
      {R"({"author":[]})", "json.type", "author"},
      {R"({"author":"x"})", "json.type", "author"},
      {R"({"metadata":[]})", "json.type", "metadata"},
      {R"({"metadata":"x"})", "json.type", "metadata"},
      {R"({"list":{}})", "json.type", "list"},
      {R"({"color":"blue"})", "json.enum", "color"},
      {R"({"color":"RED"})", "json.enum", "color"},
      {R"({"color":"book_color_red"})", "json.enum", "color"},
      {R"({"color":""})", "json.enum", "color"},
      {R"({"color":"unspecified"})", "json.enum", "color"},
      {R"({"color":1})", "json.type", "color"},
      {R"({"colors":["red","blue"]})", "json.enum", "colors[1]"},
      {R"({"title":"a\u0000b"})", "json.nul", "title"},
      {R"({"metadata":{"n":9007199254740993}})", "json.number", "metadata.n"},
      {R"({"metadata":{"n":[1,123456789012345678901234567890]}})", "json.number", "metadata.n[1]"},
      {R"([])", "json.type", ""},
      {R"("x")", "json.type", ""},
      {R"(1)", "json.type", ""},
      {R"(null)", "json.type", ""},
      {"", "json.syntax", ""},
      {"{", "json.syntax", ""},
      {"{} {}", "json.syntax", ""},
      {"{\"lent\":true,}", "json.syntax", ""},
      {"{'a':1}", "json.syntax", ""},
      {"{/**/}", "json.syntax", ""},
      {"\xEF\xBB\xBF{}", "json.syntax", ""},
      {"{\"title\":\"\xC0\x80\"}", "json.syntax", ""},
      {"{\"title\":\"\xED\xA0\x80\"}", "json.syntax", ""},
      {R"({"title":"\ud800"})", "json.syntax", ""},
      {R"({"title":"\udc00\ud800"})", "json.syntax", ""},
      {"{\"title\":\"a\nb\"}", "json.syntax", ""},
      {R"({"weight":NaN})", "json.syntax", ""},
      {R"({"weight":+1})", "json.syntax", ""},
      {R"({"weight":01})", "json.syntax", ""},
  };
  for (const auto& c : cases) {
    const auto book = read_book(c.text);
    if (book) {
      ADD_FAILURE() << "accepted: " << c.text;
      continue;
    }
    EXPECT_EQ(book.error().reason.slug(), c.reason) << c.text;
    EXPECT_EQ(book.error().field, c.field) << c.text;
    EXPECT_EQ(book.error().code, Code::invalid) << c.text;
    EXPECT_FALSE(book.error().message.empty()) << c.text;
  }
}

TEST(JsonRead, TakesTimesInUtcOnly) {
  for (std::string good : {"1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z",
                           "2000-02-29T00:00:00.5Z"})
    EXPECT_TRUE(read_book(R"({"printed":")" + good + "\"}")) << good;
  for (std::string bad :
       {"", "2026-11-22", "2026-11-22T05:12:00", "2026-11-22t05:12:00z", "2026-11-22 05:12:00Z",
        "2026-11-22T05:12:00+01:00", "2026-11-22T05:12:00.Z", "2026-11-22T05:12:00.1234567890Z",
        "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T05:60:00Z",
        "2026-11-22T05:12:60Z", "0000-01-01T00:00:00Z", "2026-1-22T05:12:00Z", "+2026-11-22T05:12:00Z"}) {
    const auto book = read_book(R"({"printed":")" + bad + "\"}");
    ASSERT_FALSE(book) << bad;
    EXPECT_EQ(book.error().reason.slug(), "json.time") << bad;
  }
}

TEST(JsonRead, BoundsDepth) {
  std::string deep = "{}";
  for (int i = 0; i < 40; ++i) deep = R"({"friends":[)" + deep + "]}";
  EXPECT_TRUE(read_book(R"({"author":)" + deep + "}", {.depth = 82}));
  const auto too_deep = read_book(R"({"author":)" + deep + "}", {.depth = 81});
  ASSERT_FALSE(too_deep);
  EXPECT_EQ(too_deep.error().reason.slug(), "json.depth");
  EXPECT_FALSE(read_book(std::string(100'000, '[')));
  EXPECT_FALSE(read_book(R"({"metadata":)" + std::string(100'000, '[')));
}

TEST(JsonRead, BoundsFreeFormValues) {
  const auto nested = [](std::size_t levels) {
    return R"({"metadata":{"a":)" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}}";
  };
  EXPECT_TRUE(read_book(nested(8)));
  auto refused = read_book(nested(9));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason.slug(), "json.depth");
  EXPECT_TRUE(refused.error().field.starts_with("metadata.a")) << refused.error().field;

  const auto sized = [](std::size_t bytes) {  // of the object as written
    return R"({"metadata":{"a":")" + std::string(bytes - 8, 'x') + "\"}}";
  };
  EXPECT_TRUE(read_book(sized(16 * 1024)));
  refused = read_book(sized(16 * 1024 + 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason.slug(), "json.too_large");
  EXPECT_EQ(refused.error().field, "metadata");
}

TEST(JsonRead, TellsWhichMembersAreThere) {
  v1::UpdateUserRequest request;
  const auto present = read_json(R"({"tags":[],"name":"","metadata":{"x":{"y":1}}})", request, {});
  ASSERT_TRUE(present);
  EXPECT_EQ(*present, (std::vector<std::string>{"tags", "name", "metadata"}));
}

TEST(JsonRead, RefusesMembersThatThePathHasFilled) {
  v1::UpdateUserRequest request;
  const auto* user_id = v1::UpdateUserRequest::descriptor()->FindFieldByName("user_id");
  const auto read = read_json(R"({"user_id":"u2"})", request, {}, std::array{user_id});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().reason.slug(), "json.unknown_member");
  EXPECT_EQ(read.error().field, "user_id");
}

TEST(JsonRead, NeverEchoesValues) {
  for (std::string text : {R"({"password":{"x":"s3cret"}})", R"({"access_token":["s3cret"]})",
                           R"({"password":"s3cret"})", R"({"client_key":{"key":1,"s3cret s3cret":2}})"}) {
    v1::AuthenticateRequest request;
    const auto read = read_json(text, request, {});
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().message.find("s3cret"), std::string::npos);
    EXPECT_EQ(read.error().detail.find("s3cret"), std::string::npos);
  }
}

TEST(ReadText, TypesQueryValues) {
  const auto* type = Book::descriptor();
  struct Case {
    std::string field, text, reason;  // reason "": accepted
  };
  const std::vector<Case> cases = {
      {"title", "x", ""},           {"lent", "true", ""},         {"lent", "1", "json.type"},
      {"lent", "", "json.type"},    {"shelf", "-5", ""},          {"shelf", "5x", "json.type"},
      {"shelf", "", "json.type"},   {"pages", "+5", "json.type"}, {"pages", "4294967296", "json.range"},
      {"color", "red", ""},         {"color", "", "json.enum"},   {"printed", "2026-11-22T05:12:00Z", ""},
      {"printed", "x", "json.time"}};
  for (const auto& c : cases) {
    Book book;
    const auto read = read_text(c.text, book, *type->FindFieldByName(c.field));
    EXPECT_EQ(read ? "" : std::string(read.error().reason.slug()), c.reason) << c.field << "=" << c.text;
  }
}

}  // namespace
}  // namespace allauth::wire
