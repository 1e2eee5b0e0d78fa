// Following the log of real servers that behave as the test says.
#include "server/stream/follower.h"

#include <gtest/gtest.h>

#include "net/test_support.h"
#include "policy/core_schema.h"
#include "store/rows.h"

namespace allauth::server {
namespace {

using net::must;

std::string hello() { return encode_frame(Hello{.issuer = "i", .audience = "a"}); }
std::string end(std::uint64_t revision) { return encode_frame(StateEnd{{Revision{revision}, 7}}); }
std::string state(const std::string& id, std::uint64_t revision) {
  return hello() + encode_frame(StateBegin{}) +
         encode_frame(*store::image_of(Domain{.id = DomainId::trusted(id), .name = id})) + end(revision);
}

// One after the other; they cannot be copied.
template <class... Targets>
std::vector<ApiTarget> targets(Targets... each) {
  std::vector<ApiTarget> made;
  (made.push_back(std::move(each)), ...);
  return made;
}

// An API node: tells of each request, and answers with a stream that the test writes, or a refusal.
class Upstream {
 public:
  struct Asked {
    std::string query;
    std::shared_ptr<PipeWriter> stream;  // nothing if it was refused
  };

  explicit Upstream(net::TestPool& pool)
      : server_(must(
            net::HttpServer::start(pool.pool, {}, {}, [this](http::Request request, http::Responder respond) {
              std::lock_guard lock(mutex_);
              Asked asked{.query = request.query, .stream = {}};
              http::Response response{.status = status_, .headers = {}, .body = {}, .stream = {}};
              if (status_ == 200) {
                auto [writer, reader] = make_pipe(64 * 1024);
                asked.stream = writer;
                response.stream = reader;
              }
              asked_.push_back(std::move(asked));
              came_.notify_all();
              respond(std::move(response));
            }))) {}

  ApiTarget target() const {
    return {.server = fmt::format("http://127.0.0.1:{}", server_->port()), .from_server = true};
  }
  void answer(int status) {
    std::lock_guard lock(mutex_);
    status_ = status;
  }
  Asked next() {
    std::unique_lock lock(mutex_);
    if (!came_.wait_for(lock, net::kPatience, [&] { return !asked_.empty(); }))
      throw std::runtime_error("nobody asked");
    auto asked = std::move(asked_.front());
    asked_.pop_front();
    return asked;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<Asked> asked_;
  int status_ = 200;
  std::unique_ptr<net::HttpServer> server_;
};

class Followers : public ::testing::Test {
 protected:
  StreamFollower& follow(std::vector<ApiTarget> servers, Millis dead_after = Seconds(20)) {
    follower_ = std::make_unique<StreamFollower>(
        StreamFollower::Deps{pool.clock, entropy, pool.log, pool.metrics},
        FollowerOptions{.targets = std::move(servers),
                        .connect_timeout = Millis(1000),
                        .dead_after = dead_after,
                        .first_pause = Millis(1),
                        .longest_pause = Millis(20)},
        hub, Intake::Events{.hello = [](Hello) -> Result<void> { return {}; }, .loaded = [] {}});
    follower_->start();
    return *follower_;
  }
  bool knows(const std::string& id) {
    return net::eventually([&] { return hub.view()->thing("domain", id).exists(); });
  }
  // A server notices when it has something to say.
  static bool has_hung_up(const Upstream::Asked& asked) {
    return net::eventually([&] { return asked.stream->write("x") == PipeWrite::closed; });
  }
  static ApiTarget nobody() { return {.server = "http://127.0.0.1:1", .from_server = true}; }

  net::TestPool pool;
  SystemEntropy entropy;
  store::SnapshotHub hub{policy::core_schema(), pool.clock, pool.log, pool.metrics};
  Upstream first{pool}, second{pool};
  std::unique_ptr<StreamFollower> follower_;
};

TEST_F(Followers, GoOnToTheNextServerUntilOneAnswers) {
  first.answer(503);
  auto& follower = follow(targets(nobody(), first.target(), second.target()));
  EXPECT_EQ(first.next().query, "view=node");
  const auto asked = second.next();
  EXPECT_EQ(asked.query, "view=node") << "nothing was known yet";
  asked.stream->write(state("d1", 4));
  EXPECT_TRUE(knows("d1"));
  EXPECT_TRUE(net::eventually([&] { return follower.connected(); }));
  EXPECT_GE(pool.metric("allauth_follow_losses_total"), 2);
}

TEST_F(Followers, GoOnAtAnotherServerWhereTheyWere) {
  follow(targets(first.target(), second.target()));
  auto asked = first.next();
  asked.stream->write(state("d1", 4));
  EXPECT_TRUE(knows("d1"));
  first.answer(401);
  asked.stream->end();
  EXPECT_EQ(second.next().query, "view=node&from=4.0000000000000007");
}

TEST_F(Followers, LeaveAServerThatFallsSilent) {
  follow(targets(first.target(), second.target()), Millis(200));
  const auto silent = first.next();
  silent.stream->write(state("d1", 4));
  const auto asked = second.next();
  EXPECT_EQ(asked.query, "view=node&from=4.0000000000000007");
  EXPECT_TRUE(has_hung_up(silent));
}

TEST_F(Followers, LeaveAServerThatTalksNonsense) {
  follow(targets(first.target(), second.target()));
  first.next().stream->write(hello() + "this is no frame at all, is it?");
  second.next().stream->write(state("d1", 4) + std::string(10, '\xFF'));
  EXPECT_EQ(first.next().query, "view=node&from=4.0000000000000007");
  EXPECT_TRUE(knows("d1"));
}

TEST_F(Followers, SayThatChangesWereLostWhenAServerKnowsLess) {
  follow(targets(first.target(), second.target()));
  const auto asked = first.next();
  asked.stream->write(state("d1", 9));
  EXPECT_TRUE(knows("d1"));
  EXPECT_EQ(pool.metric("allauth_follow_rewinds_total"), 0);
  asked.stream->end();
  second.next().stream->write(state("d2", 4));
  EXPECT_TRUE(knows("d2"));
  EXPECT_TRUE(net::eventually([&] { return pool.metric("allauth_follow_rewinds_total") == 1; }));
  EXPECT_EQ(pool.metric("allauth_follow_states_total"), 2);
  EXPECT_EQ(to_number(hub.view()->revision()), 4U);
}

TEST_F(Followers, StopAtOnceWhereverTheyAre) {
  auto& follower = follow(targets(first.target()));
  const auto asked = first.next();
  asked.stream->write(state("d1", 4).substr(0, 20));
  follower.stop();
  follower.stop();
  EXPECT_TRUE(has_hung_up(asked));
  EXPECT_FALSE(hub.view()->thing("domain", "d1").exists());
}

}  // namespace
}  // namespace allauth::server
