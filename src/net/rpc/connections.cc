#include "net/rpc/connections.h"

#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/rpc/received_bytes.h"
#include "net/stream_impl.h"

namespace allauth::net {
namespace asio = boost::asio;

namespace {

constexpr std::uint64_t kExcusedPerSecond = 1024;
constexpr std::size_t kThrownAwayAtOnce = 1024 * 1024;

ino_t socket_of(int fd) {
  struct stat status{};
  return ::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

}  // namespace

RpcConnection::RpcConnection(const Accepted& accepted, std::shared_ptr<void> lease,
                             std::shared_ptr<RpcSource> source, bool tls)
    : fd_(accepted.fd()),
      socket_(socket_of(accepted.fd())),
      lease_(std::move(lease)),
      source_(std::move(source)) {
  describe_peer(accepted.from(), peer_);
  peer_.tls = tls;
}

bool RpcConnection::is_open() const { return socket_of(fd_) == socket_; }

std::uint64_t RpcConnection::unheard_bytes(std::uint64_t excused) {
  const auto received = received_bytes(fd_);
  accounted_ += heard_.exchange(0, std::memory_order_relaxed) + excused;
  accounted_ = std::min(accounted_, received);
  return received - accounted_;
}

void RpcConnection::cut() const {
  // Of its own descriptor, since the library may close the first one while this looks.
  const int fd = ::fcntl(fd_, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return;
  if (socket_of(fd) == socket_) {
    ::shutdown(fd, SHUT_RDWR);
    // What has come and was not read would be: it is thrown away.
    while (::recv(fd, nullptr, kThrownAwayAtOnce, MSG_TRUNC | MSG_DONTWAIT) > 0) {
    }
  }
  ::close(fd);
}

std::string library_name(const asio::ip::tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  if (address.is_v4()) return fmt::format("ipv4:{}:{}", address.to_string(), endpoint.port());
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped())
    return fmt::format("ipv4:{}:{}", asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string(),
                       endpoint.port());
  // The brackets and the sign before a scope are escaped, as in a URI.
  const auto scope = v6.scope_id() == 0 ? "" : fmt::format("%25{}", v6.scope_id());
  const asio::ip::address_v6 bare(v6.to_bytes());
  return fmt::format("ipv6:%5B{}{}%5D:{}", bare.to_string(), scope, endpoint.port());
}

void RpcConnections::add(Accepted& accepted, bool tls) {
  auto connection = std::make_shared<RpcConnection>(accepted, accepted.take_lease(),
                                                    source(source_of(accepted.from().address())), tls);
  auto name = library_name(accepted.from());
  Part& part = parts_[part_of(name)];
  std::lock_guard lock(part.mutex);
  part.open.insert_or_assign(std::move(name), std::move(connection));
}

std::shared_ptr<const RpcConnection> RpcConnections::find(std::string_view peer) const {
  const Part& part = parts_[part_of(peer)];
  std::lock_guard lock(part.mutex);
  const auto found = part.open.find(peer);
  return found == part.open.end() ? nullptr : found->second;
}

std::shared_ptr<RpcSource> RpcConnections::source(std::uint64_t address) {
  std::lock_guard lock(sources_mutex_);
  auto& known = sources_[address];
  auto source = known.lock();
  if (!source) known = source = std::make_shared<RpcSource>();
  return source;
}

void RpcConnections::clear() {
  for (Part& part : parts_) {
    std::lock_guard lock(part.mutex);
    part.open.clear();
  }
}

std::vector<std::shared_ptr<RpcConnection>> RpcConnections::Part::all() const {
  std::lock_guard lock(mutex);
  std::vector<std::shared_ptr<RpcConnection>> connections;
  connections.reserve(open.size());
  for (const auto& [name, connection] : open) connections.push_back(connection);
  return connections;
}

// The system is asked without the locks, for which calls wait.
std::size_t RpcConnections::sweep(Tick now, std::size_t unheard) {
  const bool next_second = now >= counted_from_ + Seconds(1);
  if (next_second) counted_from_ = now;
  std::size_t cut = 0;
  for (Part& part : parts_) {
    for (const auto& connection : part.all()) {
      connection->closed_ = !connection->is_open();
      if (connection->closed_) continue;
      if (next_second) connection->resets_ = connection->refused_ = 0;
      if (connection->unheard_bytes(next_second ? kExcusedPerSecond : 0) <= unheard) continue;
      connection->cut();
      ++cut;
    }
    std::lock_guard lock(part.mutex);
    std::erase_if(part.open, [](const auto& entry) { return entry.second->closed_; });
  }
  std::lock_guard lock(sources_mutex_);
  std::erase_if(sources_, [](const auto& entry) { return entry.second.expired(); });
  return cut;
}

}  // namespace allauth::net
