// Methods that stream their answers, through the face.
#include <gtest/gtest.h>

#include "shelf.pb.h"
#include "wire/rpc/testing/rpc_rig.h"

namespace allauth::wire {
namespace {

using rpc::StatusCode;
using test::v1::Author;

// What a handler would do: messages are given by the test.
struct Source {
  MessageStream::Then waiting{};
  int asked = 0;
  bool gone = false;
  bool gives_at_once = false;
  int left = 0;  // with gives_at_once

  void give(const std::string& name) {
    auto author = std::make_unique<Author>();
    author->set_name(name);
    std::exchange(waiting, nullptr)(std::move(author));
  }
};

class TestStream final : public MessageStream {
 public:
  explicit TestStream(std::shared_ptr<Source> source) : source_(std::move(source)) {}
  ~TestStream() override {
    source_->gone = true;
    source_->waiting = nullptr;
  }
  void next(Then then) override {
    ++source_->asked;
    if (!source_->gives_at_once) {
      source_->waiting = std::move(then);
      return;
    }
    if (source_->left-- == 0) return then(std::unique_ptr<Message>());
    then(std::make_unique<Author>());
  }

 private:
  std::shared_ptr<Source> source_;
};

struct StreamRig : RpcRig {
  std::shared_ptr<Source> source = std::make_shared<Source>();
  std::optional<Error> refusal;

  StreamRig() {
    methods.add("allauth.test.v1.Streams.Get", {.kind = v1::KIND_UNSPECIFIED,
                                                .request = Author::descriptor(),
                                                .response = Author::descriptor(),
                                                .open = [this](const Call&, const Message&, Opened opened) {
                                                  if (refusal) return opened(std::unexpected(*refusal));
                                                  opened(std::make_unique<TestStream>(source));
                                                }});
    ready({test::v1::Book::descriptor()->file()->FindServiceByName("Streams")});
  }
  std::shared_ptr<FakeCall> watch(bool hold = false) {
    auto call = open("/allauth.test.v1.Streams/Get");
    call->hold_writes = hold;
    call->send(Author().SerializeAsString());
    call->half_close();
    return call;
  }
};

std::string name_in(const std::string& bytes) {
  Author author;
  EXPECT_TRUE(author.ParseFromString(bytes));
  return author.name();
}

TEST(RpcStream, SendsWhatComesUntilTheEnd) {
  StreamRig rig;
  const auto call = rig.watch();
  rig.source->give("a");
  rig.source->give("b");
  ASSERT_EQ(call->messages.size(), 2u);
  EXPECT_EQ(name_in(call->messages[1]), "b");
  EXPECT_FALSE(call->status);
  std::exchange(rig.source->waiting, nullptr)(std::unique_ptr<Message>());
  EXPECT_EQ(code_of(*call), StatusCode::ok);
  EXPECT_TRUE(rig.source->gone);
  EXPECT_EQ(member(rig.logged(), "route"), "/allauth.test.v1.Streams/Get");
  EXPECT_TRUE(rig.routes.streams("/allauth.test.v1.Streams/Get"));
  EXPECT_FALSE(rig.routes.streams("/allauth.v1.UserService/GetUser"));
}

TEST(RpcStream, AsksForNoMoreThanTheCallerReads) {
  StreamRig rig;
  const auto call = rig.watch(true);
  rig.source->give("a");
  EXPECT_EQ(rig.source->asked, 1);
  call->take_write();
  EXPECT_EQ(rig.source->asked, 2);
}

TEST(RpcStream, StopsWhenTheCallerGoesAway) {
  for (const bool while_writing : {false, true}) {
    StreamRig rig;
    const auto call = rig.watch(true);
    if (while_writing) rig.source->give("a");
    call->cancel();
    EXPECT_TRUE(rig.source->gone);
    EXPECT_EQ(member(rig.logged(), "status"), "1");
  }
}

TEST(RpcStream, EndsWithTheErrorThatComes) {
  StreamRig rig;
  const auto call = rig.watch();
  rig.source->give("a");
  std::exchange(rig.source->waiting, nullptr)(fail(Code::exhausted, "watch.slow", "Too slow."));
  EXPECT_EQ(code_of(*call), StatusCode::resource_exhausted);
  EXPECT_EQ(reason_of(*call), "watch.slow");
  rig.refusal = Error{.code = Code::denied, .reason = "watch.denied", .message = "No."};
  EXPECT_EQ(reason_of(*rig.watch()), "watch.denied");
}

TEST(RpcStream, OfManyMessagesNeedsNoStack) {
  StreamRig rig;
  rig.source->gives_at_once = true;
  rig.source->left = 200'000;
  const auto call = rig.watch();
  EXPECT_EQ(code_of(*call), StatusCode::ok);
  EXPECT_EQ(call->messages.size(), 200'000u);
}

TEST(RpcStream, EndsWhenTheServerStops) {
  StreamRig rig;
  const auto call = rig.watch();
  rig.routes.drain();
  EXPECT_EQ(reason_of(*call), "server.stopping");
  EXPECT_TRUE(rig.source->gone);
  rig.source = std::make_shared<Source>();
  EXPECT_EQ(reason_of(*rig.watch()), "server.stopping");
}

TEST(RpcStream, ForgottenByItsSourceIsABug) {
  StreamRig rig;
  const auto call = rig.watch();
  rig.source->waiting = nullptr;
  EXPECT_EQ(reason_of(*call), "method.unanswered");
}

}  // namespace
}  // namespace allauth::wire
