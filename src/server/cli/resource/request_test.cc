#include "server/cli/resource/request.h"

#include <gtest/gtest.h>

#include "server/cli/resource/resolve.h"

namespace allauth::server::cli {
namespace {

const wire::RestMethod& method(std::string_view name) { return *wire::find_rest_method(name); }

std::string made(std::string_view name, const FieldValues& values) {
  const auto request = make_request(method(name), values);
  return request ? request->method + " " + request->path + " " + request->body : request.error().message;
}

TEST(MakeRequest, PutsEachFieldInItsPlace) {
  EXPECT_EQ(made("ClientService.CreateClient",
                 {{"domain_id", {"d/1"}}, {"name", {"A \"x\""}}, {"tags", {"a", "b,c"}}}),
            R"(POST /api/v1/domains/d%2F1/clients {"name":"A \"x\"","tags":["a","b,c"]})");
  EXPECT_EQ(made("GroupService.ListGroups", {{"domain_id", {"d"}}, {"top", {"true"}}, {"page_size", {"7"}}}),
            "GET /api/v1/domains/d/groups?top=true&page_size=7 ");
  EXPECT_EQ(made("UserService.EnableUser", {{"user_id", {"u"}}}), "POST /api/v1/users/u/enable {}");
}

TEST(MakeRequest, DividesActionsAtCommas) {
  EXPECT_EQ(made("ChannelService.Connect",
                 {{"channel_id", {"c"}}, {"client_id", {"k"}}, {"actions", {"publish, subscribe"}}}),
            R"(POST /api/v1/channels/c/connections {"client_id":"k","actions":["publish","subscribe"]})");
}

TEST(MakeRequest, TakesMetadataAsPairsOrAsJson) {
  const auto body = [](std::vector<std::string> metadata) {
    return made("UserService.UpdateUser", {{"user_id", {"me"}}, {"metadata", std::move(metadata)}});
  };
  EXPECT_EQ(body({"a=1", "b=x=y"}), R"(PATCH /api/v1/users/me {"metadata":{"a":"1","b":"x=y"}})");
  EXPECT_EQ(body({R"({"a":{"b":[1]}})"}), R"(PATCH /api/v1/users/me {"metadata":{"a":{"b":[1]}}})");
  EXPECT_EQ(body({""}), R"(PATCH /api/v1/users/me {"metadata":{}})");
  EXPECT_EQ(body({"{broken"}), "--metadata is no JSON object.");
  EXPECT_EQ(body({"novalue"}), "--metadata takes KEY=VALUE or a JSON object, not `novalue`.");
}

TEST(MakeRequest, EmptyMeansNoneInLists) {
  EXPECT_EQ(made("UserService.UpdateUser", {{"user_id", {"me"}}, {"tags", {""}}}),
            R"(PATCH /api/v1/users/me {"tags":[]})");
}

TEST(MakeRequest, SaysWhatIsMissing) {
  EXPECT_NE(made("ClientService.ListClients", {}).find("Which domain?"), std::string::npos);
  EXPECT_EQ(made("ClientService.GetClient", {{"client_id", {""}}}), "The CLIENT must not be empty.");
  EXPECT_EQ(made("GroupService.GetGroupTree", {{"group_id", {"g"}}, {"depth", {"deep"}}}),
            "--depth takes a whole number, not `deep`.");
}

TEST(ParseRef, TakesKindAndId) {
  const auto spelt = [](std::string_view text) {
    const auto ref = parse_ref(text);
    return ref ? ref->kind + "|" + ref->id : "?";
  };
  EXPECT_EQ(spelt("channel:a:b"), "channel|a:b");
  EXPECT_EQ(spelt("bob@example.org"), "user|bob@example.org");
  EXPECT_EQ(spelt("me"), "user|me");
  EXPECT_EQ(spelt("platform"), "platform|");
  EXPECT_EQ(spelt("nonsense"), "?");
  EXPECT_EQ(spelt("channel:"), "?");
}

TEST(IsMadeId, KnowsIdsOfTheServer) {
  EXPECT_TRUE(is_made_id("0198f3d2-0000-7000-8000-00000000000f"));
  EXPECT_FALSE(is_made_id("0198f3d2-0000-7000-8000-00000000000F"));
  EXPECT_FALSE(is_made_id("plant-1"));
  EXPECT_FALSE(is_made_id("0198f3d2x0000-7000-8000-00000000000f"));
}

}  // namespace
}  // namespace allauth::server::cli
