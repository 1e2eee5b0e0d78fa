#include "mqtt/pump.h"

#include <span>
#include <utility>

#include "net/spawn.h"

namespace allauth::mqtt {
namespace asio = boost::asio;

namespace {

constexpr std::size_t kReadSize = 16 * 1024;
constexpr std::size_t kWriteSize = 64 * 1024;
// A queue that has grown beyond is given back as soon as it is empty.
constexpr std::size_t kKeptQueue = 4 * 1024;
// Sweeps without a byte after which a connection is idle.
constexpr int kIdleSweeps = 10;

ClientPeer peer_of(const net::Stream& stream) {
  const auto& peer = stream.peer();
  return {.address = peer.address, .tls = peer.tls, .certificate_der = peer.certificate_der};
}

// Empties it and gives its memory back, which `text = {}` does not.
void release(std::string& text) { text = std::string(); }

// A read buffer that goes back to its loop.
class Buffer {
 public:
  explicit Buffer(Shard& shard) : shard_(shard) {
    if (shard.buffers.empty()) {
      bytes_ = std::make_unique<char[]>(kReadSize);
    } else {
      bytes_ = std::move(shard.buffers.back());
      shard.buffers.pop_back();
    }
  }
  ~Buffer() { shard_.buffers.push_back(std::move(bytes_)); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  std::span<char> span() const { return {bytes_.get(), kReadSize}; }

 private:
  Shard& shard_;
  std::unique_ptr<char[]> bytes_;
};

}  // namespace

Connection::Connection(std::shared_ptr<Gateway::Core> core, net::Stream client)
    : core_(std::move(core)),
      loop_(client.loop()),
      client_(core_->pool, loop_),
      broker_(core_->pool, loop_),
      session_(core_->options.session, core_->probe, peer_of(client), core_->pool.clock().tick()) {
  client_.stream.emplace(std::move(client));
  shard().connections.insert(this);
  ++core_->connections;
}

Connection::~Connection() {
  shard().connections.erase(this);
  --core_->connections;
}

void Connection::start() {
  if (core_->draining) drain();
  net::spawn(core_->pool, loop_, read(shared_from_this(), client_));
}

asio::awaitable<void> Connection::dial(std::shared_ptr<Connection> self) {
  const auto& options = self->core_->options;
  net::Dial target;
  target.host = options.broker_host;
  target.port = options.broker_port;
  target.tls = options.broker_tls;
  target.timeout = options.dial_timeout;
  auto stream = co_await net::dial(self->core_->pool, self->loop_, std::move(target));
  if (self->session_.closed()) co_return;
  if (!stream) {
    self->core_->pool.log().warn("the MQTT broker cannot be reached", {{"cause", stream.error().detail}});
    self->session_.broker_failed(self->actions_);
    self->execute();
    co_return;
  }
  self->broker_.stream.emplace(std::move(*stream));
  self->session_.broker_connected(self->now(), self->actions_);
  self->execute();
  net::spawn(self->core_->pool, self->loop_, read(self, self->broker_));
}

// An idle connection consists of two of these, waiting in readable(): they are kept small.
asio::awaitable<void> Connection::read(std::shared_ptr<Connection> self, Leg& leg) {
  for (bool more = true; more;) {
    while (!self->may_read(leg)) {
      leg.waits = true;
      co_await leg.resume.wait();
    }
    // No buffer is held while nothing comes.
    more = (co_await leg.stream->readable()).has_value();
    if (more) more = co_await read_once(*self, leg);
  }
  leg.stream->close();
  leg.finished = true;
  if (self->is_client(leg))
    self->session_.client_closed(self->actions_);
  else
    self->session_.broker_closed(self->actions_);
  self->execute();
}

// False at the end of the stream.
asio::awaitable<bool> Connection::read_once(Connection& self, Leg& leg) {
  const Buffer buffer(self.shard());
  const auto size = co_await leg.stream->read_some(buffer.span());
  if (!size || *size == 0) co_return false;
  // What comes after the end is thrown away, so that closing does not reset what was said last.
  if (self.session_.closed()) co_return true;
  self.idle_sweeps_ = 0;
  const std::string_view bytes(buffer.span().data(), *size);
  if (self.is_client(leg))
    self.session_.client_bytes(bytes, self.now(), self.actions_);
  else
    self.session_.broker_bytes(bytes, self.now(), self.actions_);
  self.execute();
  co_return true;
}

// Writes what did not go at once, and what is added meanwhile.
asio::awaitable<void> Connection::write(std::shared_ptr<Connection> self, Leg& leg) {
  auto& queue = self->queue(leg);
  std::string_view rest = leg.writing;
  while (!rest.empty()) {
    leg.since = self->now();
    const auto piece = rest.substr(0, kWriteSize);
    const auto written = co_await leg.stream->write(piece);
    if (!written) {
      leg.stream->close();  // the reader sees it and tells the session
      release(queue);
      break;
    }
    rest.remove_prefix(piece.size());
    if (!rest.empty()) continue;
    leg.writing = std::exchange(queue, {});
    rest = leg.writing;
  }
  release(leg.writing);
  leg.busy = false;
  self->execute();
}

std::size_t Connection::unwritten(const Leg& leg) const {
  return leg.writing.size() + (is_client(leg) ? actions_.to_client : actions_.to_broker).size();
}

// What is read from one leg may grow the queues of both: answers are made here, too.
bool Connection::may_read(const Leg& leg) const {
  if (session_.closed()) return true;
  const auto most = core_->options.max_unwritten;
  if (unwritten(client_) >= most || unwritten(broker_) >= most) return false;
  return !is_client(leg) || session_.wants_client_bytes();
}

void Connection::execute() {
  if (actions_.authenticate) authenticate();
  if (std::exchange(actions_.dial, false)) net::spawn(core_->pool, loop_, dial(shared_from_this()));
  flush(client_);
  flush(broker_);
  for (auto* leg : {&client_, &broker_}) {
    if (leg->waits && may_read(*leg)) {
      leg->waits = false;
      leg->resume.set();
    }
  }
}

void Connection::authenticate() {
  auto request = std::move(*actions_.authenticate);
  actions_.authenticate.reset();
  // The answer may come from any thread, and when the connection is gone.
  auto answer = [weak = weak_from_this(), core = core_, loop = loop_](ConnectOutcome outcome) {
    core->pool.post(loop, [weak, outcome = std::move(outcome)]() mutable {
      const auto self = weak.lock();
      if (!self) return;
      self->session_.connect_outcome(std::move(outcome), self->now(), self->actions_);
      self->execute();
    });
  };
  core_->authenticate(std::move(request), std::move(answer));
}

void Connection::flush(Leg& leg) {
  auto& bytes = queue(leg);
  if (!leg.stream || leg.finished) {
    release(bytes);
    return;
  }
  if (leg.busy) return;
  if (!bytes.empty()) {
    const auto written = leg.stream->try_write(bytes);
    if (!written) {
      leg.stream->close();
      release(bytes);
      return;
    }
    if (*written < bytes.size()) {
      // The rest keeps its bytes: a TLS record that was begun must go on with the same ones.
      leg.writing = bytes.substr(*written);
      release(bytes);
      leg.busy = true;
      leg.since = now();
      net::spawn(core_->pool, loop_, write(shared_from_this(), leg));
      return;
    }
    bytes.clear();
    if (bytes.capacity() > kKeptQueue) release(bytes);
  }
  if (wants_close(leg)) finish(leg);
}

// Says goodbye; the reader throws away what still comes, until the peer closes too or `linger` is over.
void Connection::finish(Leg& leg) {
  leg.finished = true;
  leg.since = now();
  leg.stream->shutdown();
}

void Connection::check(Leg& leg, Tick now) {
  if (!leg.stream || !leg.stream->is_open()) return;
  const auto& options = core_->options;
  const bool lingers = leg.finished && now - leg.since >= options.linger;
  const bool stuck = leg.busy && now - leg.since >= options.write_timeout;
  // A leg that shall close gets no longer than a lingering one to take its last bytes.
  const bool slow = leg.busy && wants_close(leg) && now - leg.since >= options.linger;
  if (lingers || stuck || slow) leg.stream->abort();
}

void Connection::sweep(Tick now) {
  if (!may_read(client_)) session_.excuse_client(now);
  if (!may_read(broker_)) session_.excuse_broker(now);
  session_.tick(now, actions_);
  check(client_, now);
  check(broker_, now);
  execute();
  if (++idle_sweeps_ != kIdleSweeps) return;
  session_.release_idle();
  for (auto* leg : {&client_, &broker_}) {
    if (queue(*leg).empty()) release(queue(*leg));
  }
}

void Connection::drain() {
  session_.drain(actions_);
  execute();
}

void Connection::kick(const std::string& broker_client_id) {
  if (session_.broker_client_id() != broker_client_id) return;
  session_.kick(actions_);
  execute();
}

}  // namespace allauth::mqtt
