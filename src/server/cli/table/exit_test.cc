#include "server/cli/table/exit.h"

#include <gtest/gtest.h>

#include "server/cli/table/hints.h"

namespace allauth::server::cli {
namespace {

Error refused(Code code, std::string detail = {}) {
  return {.code = code, .reason = "server.refused", .message = "No.", .detail = std::move(detail)};
}

TEST(ExitOf, SaysWhatKindOfFailureItWas) {
  EXPECT_EQ(exit_of({.code = Code::invalid, .reason = "usage", .message = "x"}), Exit::usage);
  EXPECT_EQ(exit_of({.code = Code::invalid, .reason = "usage.input", .message = "x"}), Exit::usage);
  EXPECT_EQ(exit_of(refused(Code::unauthenticated)), Exit::logged_out);
  EXPECT_EQ(exit_of({.code = Code::unauthenticated, .reason = "login.needed", .message = "x"}),
            Exit::logged_out);
  EXPECT_EQ(exit_of(refused(Code::not_found)), Exit::not_found);
  EXPECT_EQ(exit_of(refused(Code::denied)), Exit::failed);
  EXPECT_EQ(exit_of({.code = Code::not_found, .reason = "data_dir.empty", .message = "x"}), Exit::failed);
  EXPECT_EQ(exit_of({.code = Code::denied, .reason = "check.denied", .message = ""}), Exit::denied);
  EXPECT_EQ(exit_of({.code = Code::unavailable, .reason = "server.unreachable", .message = "x"}),
            Exit::unreachable);
}

TEST(HintFor, GoesByTheServersReason) {
  EXPECT_NE(hint_for(refused(Code::unauthenticated, "auth.missing, request 1")).find("allauth login"),
            std::string::npos);
  EXPECT_NE(hint_for(refused(Code::unavailable, "state.behind")).find("again"), std::string::npos);
  EXPECT_EQ(hint_for(refused(Code::conflict, "route.taken, request 1")), "");
}

TEST(Complain, TellsSentenceFieldReasonAndHint) {
  ::testing::internal::CaptureStderr();
  auto error = refused(Code::unavailable, "state.behind, request 7");
  error.field = "route";
  EXPECT_EQ(complain(error), 1);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "allauth: No. [route] (state.behind, request 7)\n  Try it again in a moment.\n");
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(complain({.code = Code::denied, .reason = "check.denied", .message = ""}), 5);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace allauth::server::cli
