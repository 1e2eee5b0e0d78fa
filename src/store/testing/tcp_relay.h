// A relay before a server on loopback: a network that can be made to fail in chosen ways.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace allauth::store::testing {

// Thread-safe.
class TcpRelay {
 public:
  explicit TcpRelay(int server_port);
  ~TcpRelay();
  TcpRelay(const TcpRelay&) = delete;
  TcpRelay& operator=(const TcpRelay&) = delete;

  int port() const { return port_; }
  std::size_t connections() const { return accepted_; }

  // Nothing passes any more, and nobody is told; or all passes again, for new connections.
  void freeze() { frozen_ = true; }
  void thaw() { frozen_ = false; }
  // The next client that sends these bytes loses its connection: before the server gets them, or once the
  // server has answered.
  enum class Lose { request, answer };
  void lose(Lose what, std::string_view bytes);

 private:
  struct Pair {
    int client, server;
    bool frozen = false;
    bool losing_answer = false;
  };
  void loop();
  void accept_one();
  // False: the pair is over.
  bool pass_request(Pair& pair);
  bool pass_answer(Pair& pair);

  const int server_port_;
  int listener_ = -1;
  int port_ = 0;
  std::vector<Pair> pairs_;      // the thread's own
  std::string wanted_;           // set before losing_
  std::atomic<int> losing_ = 0;  // 1 + Lose
  std::atomic<bool> frozen_ = false, ending_ = false;
  std::atomic<std::size_t> accepted_ = 0;
  std::thread thread_;
};

}  // namespace allauth::store::testing
