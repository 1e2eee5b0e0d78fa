#include "wire/openapi/document.h"

#include <set>
#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include "base/text.h"
#include "shelf.pb.h"
#include "wire/method.h"
#include "wire/openapi/embedded.h"
#include "wire/openapi/routes.h"
#include "wire/rest/testing/rig.h"

namespace allauth::wire::openapi {
namespace {

using boost::json::object;
using boost::json::value;

const google::protobuf::ServiceDescriptor* toy(const char* name) {
  return test::v1::Book::descriptor()->file()->FindServiceByName(name);
}

value document(const std::vector<const google::protobuf::ServiceDescriptor*>& services) {
  const auto made = make_document(services, descriptor_set(), native_options("1.2.3"));
  EXPECT_TRUE(made) << made.error().message;
  return made ? boost::json::parse(*made) : value(object{});
}
const value& native() {
  static const value made = document(native_services());
  return made;
}
const value& shelf() {
  static const value made = document({toy("ShelfService")});
  return made;
}

// "(none)" if there is nothing there.
std::string at(const value& whole, const std::string& pointer) {
  boost::json::error_code none;
  const auto* found = whole.find_pointer(pointer, none);
  return found == nullptr ? "(none)" : boost::json::serialize(*found);
}
std::string schema(const value& whole, const std::string& rest) {
  return at(whole, "/components/schemas/" + rest);
}

TEST(Document, HasEachMethodOnceUnderItsRouteAndName) {
  std::set<std::string> expected{"GET /.well-known/jwks.json Discovery_GetKeys"};
  for (const auto* service : native_services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& rule = service->method(i)->options().GetExtension(v1::http);
      const std::string name = service->name() + "_" + service->method(i)->name();
      if (!rule.get().empty()) expected.insert("GET " + rule.get() + " " + name);
      if (!rule.post().empty()) expected.insert("POST " + rule.post() + " " + name);
      if (!rule.put().empty()) expected.insert("PUT " + rule.put() + " " + name);
      if (!rule.patch().empty()) expected.insert("PATCH " + rule.patch() + " " + name);
      if (!rule.delete_().empty()) expected.insert("DELETE " + rule.delete_() + " " + name);
    }
  }
  std::set<std::string> found;
  for (const auto& [path, item] : native().at("paths").as_object()) {
    for (const auto& [method, operation] : item.as_object()) {
      std::string upper(method);
      for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
      found.insert(upper + " " + std::string(path) + " " +
                   std::string(operation.at("operationId").as_string()));
    }
  }
  EXPECT_EQ(found, expected);
}

TEST(Document, IsTheSameEachTime) {
  const auto once = make_document(native_services(), descriptor_set(), native_options("1.2.3"));
  const auto again = make_document(native_services(), descriptor_set(), native_options("1.2.3"));
  EXPECT_EQ(*once, *again);
}

TEST(Document, RefersOnlyToWhatItHas) {
  const std::string text = boost::json::serialize(native());
  constexpr std::string_view kReference = R"("$ref":"#)";
  std::size_t count = 0;
  for (auto from = text.find(kReference); from != std::string::npos; from = text.find(kReference, from + 1)) {
    const auto start = from + kReference.size();
    const std::string pointer = text.substr(start, text.find('"', start) - start);
    EXPECT_NE(at(native(), pointer), "(none)") << pointer;
    ++count;
  }
  EXPECT_GT(count, 500U);
}

TEST(Document, SaysWhatTheProtoFilesSay) {
  EXPECT_NE(at(native(), "/info/description").find("Unknown and duplicate members are refused"),
            std::string::npos);
  EXPECT_EQ(at(native(), "/info/version"), R"("1.2.3")");
  EXPECT_NE(at(native(), "/tags").find("Domains: tenants."), std::string::npos);
  EXPECT_EQ(at(native(), "/paths/~1api~1v1~1domains/post/description"), R"("The caller becomes its owner.")");
  EXPECT_EQ(at(native(), "/paths/~1api~1v1~1domains/post/summary"), R"("Create domain")");
  EXPECT_EQ(schema(native(), "Domain/properties/route/description"),
            R"("the domain's unique name in topics")");
  EXPECT_NE(schema(native(), "Status/description").find("`disabled`: exists and can be changed"),
            std::string::npos);
}

TEST(Document, BodyIsTheRequestWithoutWhatThePathNames) {
  const std::string operation = "/paths/~1api~1v1~1users~1{user_id}/patch";
  EXPECT_EQ(at(native(), operation + "/parameters/0/name"), R"("user_id")");
  EXPECT_EQ(at(native(), operation + "/parameters/0/in"), R"("path")");
  EXPECT_EQ(at(native(), operation + "/requestBody/content/application~1json/schema/$ref"),
            R"("#/components/schemas/UpdateUserBody")");
  EXPECT_EQ(schema(native(), "UpdateUserBody/properties/user_id"), "(none)");
  EXPECT_EQ(schema(native(), "UpdateUserBody/properties/update_mask"), "(none)");
  EXPECT_EQ(schema(native(), "UpdateUserBody/properties/name/type"), R"("string")");
  EXPECT_EQ(schema(native(), "UpdateUserBody/required"), "(none)");
  EXPECT_EQ(schema(native(), "UpdateUserBody/additionalProperties"), "false");
  EXPECT_EQ(at(native(), "/paths/~1api~1v1~1users~1{user_id}~1enable/post/requestBody"), "(none)");
}

TEST(Document, BodyOfOneFieldLeavesTheRestToTheQuery) {
  const std::string operation = "/paths/~1shelves~1{shelf_id}~1books/post";
  EXPECT_EQ(at(shelf(), operation + "/requestBody/content/application~1json/schema/$ref"),
            R"("#/components/schemas/BookInput")");
  EXPECT_EQ(at(shelf(), operation + "/parameters/1"),
            R"({"name":"dry","in":"query","schema":{"type":"boolean"}})");
}

TEST(Document, QueryParametersHaveTheirTypes) {
  const std::string parameters = "/paths/~1books/get/parameters";
  EXPECT_EQ(at(shelf(), parameters + "/0/schema"), R"({"type":"array","items":{"type":"string"}})");
  EXPECT_EQ(at(shelf(), parameters + "/1/schema/$ref"), R"("#/components/schemas/BookColor")");
  EXPECT_EQ(at(shelf(), parameters + "/4/schema"), R"({"type":"integer","minimum":0,"maximum":4294967295})");
  EXPECT_EQ(at(shelf(), parameters + "/5/schema"), R"({"type":"string","format":"date-time"})");
}

TEST(Document, MessagesAreAsTheyAreWritten) {
  EXPECT_EQ(schema(shelf(), "BookColor/enum"), R"(["red","dark_blue"])");
  EXPECT_EQ(schema(shelf(), "Book/properties/shelf"),
            R"({"type":"integer","minimum":-2147483648,"maximum":2147483647})");
  EXPECT_EQ(schema(shelf(), "Book/properties/loans"),
            R"({"type":"array","items":{"type":"string","format":"date-time"}})");
  EXPECT_EQ(schema(shelf(), "Book/properties/metadata"), R"({"type":"object","additionalProperties":true})");
  EXPECT_EQ(schema(shelf(), "Book/properties/anything"), "{}");
  EXPECT_EQ(schema(shelf(), "Author/properties/friends/items/$ref"), R"("#/components/schemas/Author")");
}

// Strict about what comes in, and exact about what goes out.
TEST(Document, RequestsAndAnswersDiffer) {
  EXPECT_EQ(schema(shelf(), "BookInput/additionalProperties"), "false");
  EXPECT_EQ(schema(shelf(), "Book/additionalProperties"), "(none)");
  EXPECT_EQ(schema(shelf(), "BookInput/required"), "(none)");
  const std::string always = schema(shelf(), "Book/required");
  for (const char* name : {"\"id\"", "\"lent\"", "\"tags\"", "\"loans\"", "\"values\""})
    EXPECT_NE(always.find(name), std::string::npos) << name;
  for (const char* name :
       {"\"color\"", "\"printed\"", "\"author\"", "\"subtitle\"", "\"picture\"", "\"metadata\""})
    EXPECT_EQ(always.find(name), std::string::npos) << name;
  EXPECT_EQ(schema(shelf(), "BookInput/properties/author/$ref"), R"("#/components/schemas/AuthorInput")");
  EXPECT_EQ(schema(shelf(), "BookInput/allOf"), R"([{"not":{"required":["picture","painter"]}}])");
  EXPECT_EQ(schema(shelf(), "BookInput/properties/pin"),
            R"({"type":"string","format":"password","writeOnly":true})");
  EXPECT_EQ(schema(shelf(), "Book/properties/pin"),
            R"({"type":"string","format":"password","readOnly":true})");
}

TEST(Document, AnswersHaveTheirStatusAndHeaders) {
  const std::string create = "/paths/~1api~1v1~1domains/post/responses";
  EXPECT_EQ(at(native(), create + "/200"), "(none)");
  for (const char* name : {"Location", "ETag", "Allauth-Revision", "X-Request-Id"})
    EXPECT_NE(at(native(), create + "/201/headers/" + name), "(none)") << name;
  const std::string remove = "/paths/~1api~1v1~1domains~1{domain_id}/delete/responses";
  EXPECT_EQ(at(native(), remove + "/204/content"), "(none)");
  EXPECT_NE(at(native(), remove + "/412"), "(none)");
  EXPECT_NE(at(native(), remove + "/503"), "(none)");
  const std::string get = "/paths/~1api~1v1~1domains~1{domain_id}/get/responses";
  EXPECT_NE(at(native(), get + "/200/headers/ETag"), "(none)");
  EXPECT_EQ(at(native(), get + "/200/headers/Allauth-Revision"), "(none)");
  EXPECT_EQ(at(native(), get + "/415"), "(none)");
}

TEST(Document, OnlyPublicMethodsAreOpen) {
  EXPECT_NE(at(native(), "/security"), "[]");
  EXPECT_EQ(at(native(), "/paths/~1api~1v1~1sessions/post/security"), "[]");
  EXPECT_EQ(at(native(), "/paths/~1api~1v1~1sessions/get/security"), "(none)");
}

TEST(Document, BrokenDescriptorSetIsABug) {
  EXPECT_EQ(make_document(native_services(), "\xff", {}).error().reason, Reason("schema.descriptor_set"));
}

TEST(DocumentRoutes, AreCacheableAndRunNothingForeign) {
  Rig rig;
  rig.complete(native_services());
  auto face = rig.make(native_services());
  ASSERT_TRUE(face);
  ASSERT_TRUE(add_routes(*face, native_services(), native_options("1.2.3")));
  rig.mount(std::move(*face).face());
  const std::pair<const char*, const char*> files[] = {
      {"/api/v1/openapi.json", "application/json"},
      {"/api/v1/docs", "text/html; charset=utf-8"},
      {"/api/v1/docs/page.css", "text/css; charset=utf-8"},
      {"/api/v1/docs/page.js", "text/javascript; charset=utf-8"}};
  for (const auto& [path, type] : files) {
    const auto got = rig.send(Rig::request("GET", path));
    EXPECT_EQ(got.status, 200) << path;
    EXPECT_EQ(header(got, "Content-Type"), type);
    EXPECT_TRUE(header(got, "Content-Security-Policy").starts_with("default-src 'none'; script-src 'self'"))
        << path;
    EXPECT_GT(got.body.size(), 500U) << path;
    const auto again =
        rig.send(Rig::request("GET", path, {}, {{"If-None-Match", "\"x\", W/" + header(got, "ETag")}}));
    EXPECT_EQ(again.status, 304) << path;
    EXPECT_EQ(again.body, "");
    EXPECT_EQ(rig.send(Rig::request("GET", path, {}, {{"If-None-Match", "\"x\""}})).status, 200) << path;
  }
}

TEST(DocumentPage, LoadsNothingFromElsewhere) {
  for (const auto text : {page_html(), page_css(), page_js()}) {
    EXPECT_EQ(text.find("http:"), std::string_view::npos);
    EXPECT_EQ(text.find("https:"), std::string_view::npos);
    EXPECT_EQ(text.find("innerHTML"), std::string_view::npos);
  }
}

}  // namespace
}  // namespace allauth::wire::openapi
