#include "wire/rpc/face.h"

#include <stdexcept>

#include <gtest/gtest.h>

#include "allauth/v1/auth.pb.h"
#include "allauth/v1/clients.pb.h"
#include "allauth/v1/users.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "shelf.pb.h"
#include "wire/rpc/testing/rpc_rig.h"

namespace allauth::wire {
namespace {

using rpc::StatusCode;

const std::string kGetUser = "/allauth.v1.UserService/GetUser";
const std::string kUpdateUser = "/allauth.v1.UserService/UpdateUser";
const std::string kCreateUser = "/allauth.v1.UserService/CreateUser";
const std::string kCreateSession = "/allauth.v1.SessionService/CreateSession";

v1::GetUserRequest get_user(std::string id) {
  v1::GetUserRequest request;
  request.set_user_id(std::move(id));
  return request;
}

std::string field_of(const FakeCall& call) { return read_failure(*call.status).field; }

void bind_get_user(RpcRig& rig) {
  bind<v1::GetUserRequest, v1::User>(rig.methods, "allauth.v1.UserService.GetUser", v1::KIND_READ,
                                     [](const Call&, const v1::GetUserRequest& request) -> Result<v1::User> {
                                       v1::User user;
                                       user.set_id(request.user_id());
                                       return user;
                                     });
}

TEST(RpcFace, AnswersOneMessageWithOne) {
  RpcRig rig;
  bind_get_user(rig);
  rig.ready();
  const auto call = rig.send(kGetUser, get_user("u1"), RpcRig::with_token({{"x-request-id", "mine"}}));
  ASSERT_EQ(code_of(*call), StatusCode::ok) << call->status->message;
  v1::User user;
  ASSERT_EQ(call->messages.size(), 1u);
  ASSERT_TRUE(user.ParseFromString(call->messages.front()));
  EXPECT_EQ(user.id(), "u1");
  EXPECT_EQ(http::find_header(call->initial, "x-request-id"), "mine");
  const std::string log = rig.logged();
  EXPECT_EQ(member(log, "method"), "GRPC");
  EXPECT_EQ(member(log, "route"), kGetUser);
  EXPECT_EQ(member(log, "status"), "0");
  EXPECT_EQ(member(log, "reason"), "ok");
  EXPECT_EQ(member(log, "request_id"), "mine");
  const std::string metrics = rig.metrics.render();
  EXPECT_NE(metrics.find("allauth_requests_total{method=\"allauth.v1.UserService.GetUser\",code=\"ok\"} 1\n"),
            std::string::npos);
}

TEST(RpcFace, GivesTheHandlerWhatCameWithTheCall) {
  RpcRig rig;
  Call seen;
  bind<v1::UpdateUserRequest, v1::User>(
      rig.methods, "allauth.v1.UserService.UpdateUser", v1::KIND_WRITE,
      [&](const Call& call, const v1::UpdateUserRequest&, Reply<v1::User> reply) {
        EXPECT_EQ(call.bearer->with([](std::string_view text) { return std::string(text); }), "t0ken");
        EXPECT_EQ(call.if_match, "7");
        EXPECT_EQ(call.request_id, "id-1");
        EXPECT_EQ(call.present, (std::vector<std::string>{"name"}));
        reply(v1::User(), 42);
      });
  rig.ready();
  v1::UpdateUserRequest request;
  request.set_user_id("u1");
  request.set_email("e@example.org");
  request.mutable_update_mask()->add_paths("name");
  const auto call = rig.send(kUpdateUser, request, RpcRig::with_token({{"if-match", "\"7\""}}));
  EXPECT_EQ(code_of(*call), StatusCode::ok) << call->status->message;
  EXPECT_EQ(http::find_header(call->trailing, "allauth-revision"), "42");
}

TEST(RpcFace, GivesThePartsOfAnAnswerThatAreAskedFor) {
  RpcRig rig;
  bind<v1::GetUserRequest, v1::User>(rig.methods, "allauth.v1.UserService.GetUser", v1::KIND_READ,
                                     [](const Call&, const v1::GetUserRequest&) -> Result<v1::User> {
                                       v1::User user;
                                       user.set_id("u1");
                                       user.set_name("Ada");
                                       return user;
                                     });
  rig.ready();
  v1::GetUserRequest request;
  request.set_user_id("u1");
  const auto part = rig.send(kGetUser, request, RpcRig::with_token({{"allauth-fields", "name,email"}}));
  ASSERT_EQ(code_of(*part), StatusCode::ok) << part->status->message;
  v1::User got;
  ASSERT_TRUE(got.ParseFromString(part->messages.at(0)));
  EXPECT_EQ(got.name(), "Ada");
  EXPECT_EQ(got.id(), "");
  EXPECT_EQ(reason_of(*rig.send(kGetUser, request, RpcRig::with_token({{"allauth-fields", "nmae"}}))),
            "fields.path");
  EXPECT_EQ(reason_of(*rig.send(kUpdateUser, v1::UpdateUserRequest(),
                                RpcRig::with_token({{"allauth-fields", "name"}}))),
            "fields.path");
}

TEST(RpcFace, RefusesWhoSaysNotWhoTheyAreBeforeReading) {
  RpcRig rig;
  rig.ready();
  const auto call = rig.open(kGetUser, {});  // and sends nothing
  EXPECT_EQ(code_of(*call), StatusCode::unauthenticated);
  EXPECT_EQ(reason_of(*call), "auth.missing");
  EXPECT_EQ(reason_of(*rig.open(kGetUser, {{"authorization", "Digest x"}})), "auth.scheme");
  EXPECT_EQ(reason_of(*rig.open(kGetUser, {{"authorization", "Bearer a b"}})), "auth.malformed");
  EXPECT_EQ(reason_of(*rig.open(kGetUser, RpcRig::with_token({{"authorization", "Bearer b"}}))),
            "auth.header_twice");
  EXPECT_EQ(reason_of(*rig.open(kGetUser, RpcRig::with_token({{"if-match", "7"}}))), "precondition.if_match");
  // A certificate says who calls; a public method does not ask.
  EXPECT_FALSE(rig.open(kGetUser, {}, {.certificate_der = "der"})->status);
  EXPECT_FALSE(rig.open(kCreateSession, {})->status);
}

TEST(RpcFace, RefusesBytesThatAreNoMessage) {
  RpcRig rig;
  bind_get_user(rig);
  rig.limits.max_message = 100;
  rig.ready();
  const std::vector<std::pair<std::string, std::string>> table = {
      {"\xff\xff\xff", "message.malformed"},
      {std::string("\x0a\x05") + "ab", "message.malformed"},        // shorter than it says
      {std::string("\x0a\x02") + "\xc3\x28", "message.malformed"},  // not UTF-8
      {std::string("\x0a\x02") + std::string("a\0", 2), "message.nul"},
      {std::string("\x12\x01") + "a", "message.unknown_field"},
      {"\x0c", "message.malformed"},  // an end of a group without its begin
      {std::string(101, 'a'), "message.too_large"}};
  for (const auto& [bytes, reason] : table) {
    const auto call = rig.send_bytes(kGetUser, bytes);
    EXPECT_EQ(code_of(*call), StatusCode::invalid_argument);
    EXPECT_EQ(reason_of(*call), reason);
  }
  const auto empty = rig.open(kGetUser);
  empty->half_close();
  EXPECT_EQ(reason_of(*empty), "message.missing");
}

TEST(RpcFace, RefusesValuesThatRestWouldRefuse) {
  RpcRig rig;
  rig.ready({test::v1::Book::descriptor()->file()->FindServiceByName("ShelfService")});
  const auto refused = [&](auto fill) {
    test::v1::PutBook put;
    fill(*put.mutable_book());
    const auto call = rig.send("/allauth.test.v1.ShelfService/CreateBook", put);
    return reason_of(*call) + " " + field_of(*call);
  };
  using test::v1::Book;
  EXPECT_EQ(refused([](Book& b) { b.set_color(static_cast<test::v1::BookColor>(9)); }),
            "message.enum book.color");
  EXPECT_EQ(refused([](Book& b) { b.add_colors(test::v1::BOOK_COLOR_UNSPECIFIED); }),
            "message.enum book.colors[0]");
  EXPECT_EQ(refused([](Book& b) { b.set_weight(1.0 / 0.0); }), "message.number book.weight");
  EXPECT_EQ(refused([](Book& b) { b.add_tags("a"), b.add_tags(std::string("\0", 1)); }),
            "message.nul book.tags[1]");
  EXPECT_EQ(refused([](Book& b) { b.mutable_printed()->set_nanos(-1); }), "message.time book.printed");
  EXPECT_EQ(refused([](Book& b) { b.add_others()->add_friends()->set_name(std::string("\0", 1)); }),
            "message.nul book.others[0].friends[0].name");
  EXPECT_EQ(refused([](Book& b) { (*b.mutable_metadata()->mutable_fields())["a"]; }),
            "message.value book.metadata.a");
  EXPECT_EQ(
      refused([](Book& b) {
        (*b.mutable_metadata()->mutable_fields())["a"].mutable_list_value()->add_values()->set_number_value(
            0.0 / 0.0);
      }),
      "message.number book.metadata.a[0]");
  EXPECT_EQ(refused([](Book& b) {
              (*b.mutable_metadata()->mutable_fields())["a"].set_string_value(std::string(16 * 1024, 'x'));
            }),
            "message.too_large book.metadata");
}

TEST(RpcFace, BoundsTheDepthOfWhatItReads) {
  RpcRig rig;
  rig.ready({test::v1::Book::descriptor()->file()->FindServiceByName("ShelfService")});
  const auto send = [&](int levels) {
    test::v1::PutBook put;
    auto* value = &(*put.mutable_book()->mutable_metadata()->mutable_fields())["a"];
    for (int i = 2; i <= levels; ++i) value = value->mutable_list_value()->add_values();
    value->set_bool_value(true);
    return rig.send("/allauth.test.v1.ShelfService/CreateBook", put);
  };
  EXPECT_EQ(reason_of(*send(8)), "test.unsupported");
  EXPECT_EQ(reason_of(*send(9)), "message.depth");
  EXPECT_EQ(reason_of(*send(5000)), "message.malformed");
}

TEST(RpcFace, SaysOfFailuresWhatMayBeSaid) {
  RpcRig rig;
  Error error{.code = Code::conflict,
              .reason = "user.email.taken",
              .message = "Somebody has this address.",
              .field = "email",
              .detail = "kept inside",
              .retry_after = Seconds(3)};
  bind<v1::CreateUserRequest, v1::User>(
      rig.methods, "allauth.v1.UserService.CreateUser", v1::KIND_WRITE_PASSWORD,
      [&](const Call&, const v1::CreateUserRequest&) -> Result<v1::User> { return std::unexpected(error); });
  rig.ready();
  auto call = rig.send(kCreateUser, v1::CreateUserRequest());
  EXPECT_EQ(code_of(*call), StatusCode::already_exists);
  EXPECT_EQ(call->status->message, "Somebody has this address.");
  google::rpc::Status rich;
  ASSERT_TRUE(rich.ParseFromString(call->status->details));
  EXPECT_EQ(rich.code(), 6);
  ASSERT_EQ(rich.details_size(), 3);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(rich.details(0).UnpackTo(&info));
  EXPECT_EQ(rich.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_EQ(info.reason(), "user.email.taken");
  EXPECT_EQ(info.domain(), "allauth");
  EXPECT_EQ(info.metadata().at("request_id"), "id-1");
  EXPECT_EQ(info.metadata().at("field"), "email");
  google::rpc::BadRequest wrong;
  ASSERT_TRUE(rich.details(1).UnpackTo(&wrong));
  EXPECT_EQ(wrong.field_violations(0).field(), "email");
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(rich.details(2).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 3);

  error = {.code = Code::bug, .reason = "row.broken", .message = "Row 7 of table users.", .field = "x"};
  call = rig.send(kCreateUser, v1::CreateUserRequest());
  EXPECT_EQ(code_of(*call), StatusCode::internal);
  EXPECT_EQ(call->status->message.find("Row 7"), std::string::npos);
  EXPECT_EQ(call->status->details.find("Row 7"), std::string::npos);
  EXPECT_EQ(reason_of(*call), "row.broken");
  EXPECT_NE(rig.logged().find("Row 7"), std::string::npos);
}

TEST(RpcFace, AnswersForHandlersThatDoNot) {
  RpcRig rig;
  int how = 0;
  bind<v1::GetUserRequest, v1::User>(rig.methods, "allauth.v1.UserService.GetUser", v1::KIND_READ,
                                     [&](const Call&, const v1::GetUserRequest&, Reply<v1::User>) {
                                       if (how == 1) throw std::runtime_error("thrown");
                                     });
  rig.ready();
  EXPECT_EQ(reason_of(*rig.send(kGetUser, get_user("u"))), "method.unanswered");
  how = 1;
  EXPECT_EQ(reason_of(*rig.send(kGetUser, get_user("u"))), "method.exception");
}

TEST(RpcFace, TellsAHandlerThatItsCallerHasGone) {
  RpcRig rig;
  Reply<v1::User> later;
  const Call* seen = nullptr;
  bind<v1::GetUserRequest, v1::User>(rig.methods, "allauth.v1.UserService.GetUser", v1::KIND_READ,
                                     [&](const Call& call, const v1::GetUserRequest&, Reply<v1::User> reply) {
                                       later = std::move(reply);
                                       seen = &call;
                                     });
  rig.ready();
  const auto call = rig.send(kGetUser, get_user("u"));
  ASSERT_TRUE(seen != nullptr && seen->gone != nullptr);
  EXPECT_FALSE(*seen->gone);
  call->cancel();
  EXPECT_TRUE(*seen->gone);
  later(fail(Code::unavailable, "test.stopped", "Nobody waits."));
  EXPECT_EQ(member(rig.logged(), "reason"), "test.stopped");
}

TEST(RpcFace, WaitsForTheRevisionThatACallAsksFor) {
  RpcRig rig;
  bind_get_user(rig);
  const auto metadata = RpcRig::with_token({{"allauth-at-least", "9"}});
  rig.ready();
  EXPECT_EQ(reason_of(*rig.send(kGetUser, get_user("u"), metadata)), "at_least.unsupported");
  std::move_only_function<void(Result<void>)> then;
  rig.at_least = [&](std::uint64_t revision, std::move_only_function<void(Result<void>)> when) {
    EXPECT_EQ(revision, 9u);
    then = std::move(when);
  };
  rig.ready();
  const auto call = rig.send(kGetUser, get_user("u"), metadata);
  EXPECT_FALSE(call->status);
  then({});
  EXPECT_EQ(code_of(*call), StatusCode::ok);
  EXPECT_EQ(reason_of(*rig.send(kGetUser, get_user("u"), RpcRig::with_token({{"allauth-at-least", "x"}}))),
            "precondition.at_least");
}

TEST(RpcFace, TellsEveryCodeByItsNumber) {
  const std::vector<std::pair<Error, StatusCode>> table = {
      {{Code::invalid, "a.b", ""}, StatusCode::invalid_argument},
      {{Code::unauthenticated, "a.b", ""}, StatusCode::unauthenticated},
      {{Code::denied, "a.b", ""}, StatusCode::permission_denied},
      {{Code::not_found, "a.b", ""}, StatusCode::not_found},
      {{Code::conflict, "a.taken", ""}, StatusCode::already_exists},
      {{Code::conflict, "row.exists", ""}, StatusCode::already_exists},
      {{Code::conflict, "domain.last_owner", ""}, StatusCode::failed_precondition},
      {{Code::stale, "a.b", ""}, StatusCode::aborted},
      {{Code::exhausted, "a.b", ""}, StatusCode::resource_exhausted},
      {{Code::unavailable, "a.b", ""}, StatusCode::unavailable},
      {{Code::unsupported, "a.b", ""}, StatusCode::unimplemented},
      {{Code::bug, "a.b", ""}, StatusCode::internal}};
  for (const auto& [error, code] : table) EXPECT_EQ(status_code(error), code) << error.reason.slug();
}

TEST(RpcFace, LimitsAnAddressAndSaysWhenToComeBack) {
  RpcRig rig;
  Limits limits;
  limits.source[static_cast<std::size_t>(WorkKind::read)] = {.count = 1, .burst = 1};
  Limiter limiter(rig.clock, rig.metrics, 1, limits);
  rig.limiter = &limiter;
  bind_get_user(rig);
  rig.ready();
  EXPECT_EQ(code_of(*rig.send(kGetUser, get_user("u1"))), StatusCode::ok);
  const auto refused = rig.send(kGetUser, get_user("u1"));
  EXPECT_EQ(code_of(*refused), StatusCode::resource_exhausted);
  EXPECT_EQ(reason_of(*refused), "limit.source");
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(refused->status->details));
  google::rpc::RetryInfo retry;
  bool told = false;
  for (const auto& detail : details.details())
    told |= detail.Is<google::rpc::RetryInfo>() && detail.UnpackTo(&retry);
  EXPECT_TRUE(told);
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
}

}  // namespace
}  // namespace allauth::wire
