#include "wire/rest/stream_answer.h"

#include <deque>
#include <mutex>

#include "allauth/v1/watch.pb.h"
#include "wire/rest/testing/rig.h"

namespace allauth::wire {
namespace {

const std::string kWatch = "allauth.v1.WatchService.Watch";

// Hands out what it is given, at once if it is there.
class Source {
 public:
  using Item = Result<std::unique_ptr<Message>>;

  void put(Item item) {
    MessageStream::Then then;
    {
      const std::lock_guard lock(mutex_);
      if (!waiting_) return items_.push_back(std::move(item));
      then = std::exchange(waiting_, nullptr);
    }
    then(std::move(item));
  }
  void put_cursor(std::string cursor) {
    auto message = std::make_unique<v1::WatchResponse>();
    message->set_cursor(std::move(cursor));
    put(Item(std::move(message)));
  }
  void next(MessageStream::Then then) {
    ++asked;
    MessageStream::Then replaced;  // goes after the lock: it may hold a stream of this
    std::unique_lock lock(mutex_);
    if (items_.empty()) {
      replaced = std::exchange(waiting_, std::move(then));
      return;
    }
    auto item = std::move(items_.front());
    items_.pop_front();
    lock.unlock();
    then(std::move(item));
  }
  void leave() {
    left = true;
    MessageStream::Then replaced;
    const std::lock_guard lock(mutex_);
    replaced = std::exchange(waiting_, nullptr);
  }

  std::atomic<int> asked{0};
  std::atomic<bool> left{false};

 private:
  std::mutex mutex_;
  std::deque<Item> items_;
  MessageStream::Then waiting_;
};

class Stream final : public MessageStream {
 public:
  explicit Stream(std::shared_ptr<Source> source) : source_(std::move(source)) {}
  ~Stream() override { source_->leave(); }
  void next(Then then) override { source_->next(std::move(then)); }

 private:
  std::shared_ptr<Source> source_;
};

class Streams : public ::testing::Test {
 protected:
  Streams() {
    bind_stream<v1::WatchRequest, v1::WatchResponse>(
        rig.methods, kWatch, v1::KIND_READ,
        [this](const Call&, const v1::WatchRequest& request, Opened opened) {
          if (request.from() == "bad") return opened(fail(Code::stale, "log.compacted", "Gone."));
          opened(std::make_unique<Stream>(source));
        });
    rig.ready();
  }
  void TearDown() override { source->leave(); }  // who waits holds the stream, and that the source
  http::Response open(http::Headers headers = {}) {
    return rig.send(Rig::authorized("GET", "/api/v1/watch", {}, std::move(headers)));
  }
  static std::string all(const http::Response& response) { return response.stream->take().bytes; }

  std::shared_ptr<Source> source = std::make_shared<Source>();
  Rig rig;
};

TEST_F(Streams, AreWrittenAsLinesAsTheyCome) {
  const auto response = open();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header(response, "Content-Type"), "application/x-ndjson");
  source->put_cursor("1.a");
  source->put_cursor("2.b");
  EXPECT_EQ(all(response), "{\"cursor\":\"1.a\"}\n{\"cursor\":\"2.b\"}\n");
  source->put(Source::Item(nullptr));
  EXPECT_TRUE(response.stream->take().last);
}

TEST_F(Streams, AreServerSentEventsForWhoeverAsksForThem) {
  const auto response = open({{"Accept", "text/event-stream"}});
  EXPECT_EQ(header(response, "Content-Type"), "text/event-stream");
  source->put_cursor("1.a");
  source->put(fail(Code::denied, "watch.ended", "Gone."));
  const auto text = all(response);
  EXPECT_TRUE(text.starts_with("data: {\"cursor\":\"1.a\"}\n\nevent: error\ndata: {")) << text;
}

TEST_F(Streams, AreRefusedWhereNeitherIsAcceptable) {
  EXPECT_EQ(open({{"Accept", "image/png"}}).status, 406);
  EXPECT_EQ(open({{"Accept", "application/json"}}).status, 200);
  EXPECT_EQ(open({{"Accept", "*/*"}}).status, 200);
  EXPECT_EQ(header(open({{"Accept", "application/x-ndjson"}}), "Content-Type"), "application/x-ndjson");
}

TEST_F(Streams, EndWithTheReasonAsTheirLastLine) {
  const auto response = open();
  source->put(fail(Code::exhausted, "watch.slow", "Too slow."));
  const auto taken = response.stream->take();
  EXPECT_TRUE(taken.bytes.starts_with("{\"error\":{")) << taken.bytes;
  EXPECT_EQ(member(taken.bytes, "reason"), "watch.slow");
  EXPECT_EQ(member(taken.bytes, "status"), "429");
  EXPECT_TRUE(taken.bytes.ends_with("}}\n"));
  EXPECT_TRUE(taken.last || response.stream->take().last);
}

TEST_F(Streams, ThatCannotBeOpenedAreOrdinaryErrors) {
  const auto response = rig.send(Rig::authorized("GET", "/api/v1/watch?from=bad"));
  EXPECT_EQ(response.status, 412);
  EXPECT_EQ(response.stream, nullptr);
  EXPECT_EQ(member(response.body, "reason"), "log.compacted");
}

TEST_F(Streams, AskForNoMoreThanIsTaken) {
  for (int i = 0; i < 10'000; ++i) source->put_cursor(std::string(100, 'x'));
  const auto response = open();
  const int asked = source->asked;
  EXPECT_LT(asked, 1000) << "the pipe is full, so nothing more is asked for";
  std::size_t bytes = 0;
  for (auto taken = response.stream->take(); !taken.bytes.empty(); taken = response.stream->take())
    bytes += taken.bytes.size();
  EXPECT_EQ(bytes, 10'000U * (100 + std::string_view("{\"cursor\":\"\"}\n").size()));
}

TEST_F(Streams, AreLeftWhenTheOtherEndGoes) {
  for (int i = 0; i < 10'000; ++i) source->put_cursor(std::string(100, 'x'));
  auto response = open();
  EXPECT_FALSE(source->left);
  response.stream.reset();
  EXPECT_TRUE(source->left);
}

}  // namespace
}  // namespace allauth::wire
