// A real PostgreSQL server of a test program's own, in a temporary folder. It is stopped with the program,
// also when that crashes.
#pragma once

#include <string>

#include <sys/types.h>

namespace allauth::store::testing {

class PostgresCluster {
 public:
  // Why there can be none; empty if there can.
  static std::string missing();
  // The one that contract tests share, started when it is first asked for. From the main thread.
  static PostgresCluster& shared();

  enum class Durable : bool { no, yes };            // whether what is committed survives the machine; slower
  explicit PostgresCluster(Durable = Durable::no);  // ends the program if it cannot be started
  ~PostgresCluster();
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  void start();
  void stop();  // as an administrator would: sessions are ended
  void kill();  // SIGKILL

  // As superuser "allauth", through a Unix socket. `more` is added to the parameters: "&a=b".
  std::string url(const std::string& database = "postgres", const std::string& more = {}) const;
  // Through the loopback interface. Its access rules: "guarded" needs a password, "sealed" needs TLS.
  std::string tcp_url(const std::string& login, const std::string& database = "postgres",
                      const std::string& more = {}) const;
  // Where a fresh, empty schema is: as good as a database of its own, and much faster made.
  std::string fresh_schema();
  // Statements as superuser, each on its own.
  void run(const std::string& statement, const std::string& database = "postgres") const;
  // Makes certificates: afterwards the server offers TLS as "localhost". The authority's PEM file.
  std::string offer_tls();

  const std::string& folder() const { return folder_; }
  int port() const { return port_; }

 private:
  bool try_start();
  void end(int signal);

  Durable durable_;
  std::string folder_;
  int port_ = 0;
  pid_t server_ = -1;
  int schemas_ = 0;
};

}  // namespace allauth::store::testing
