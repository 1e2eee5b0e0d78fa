// How a database on a server is found and entered, and what is said when it is not.
#include <filesystem>
#include <fstream>

#include "store/testing/postgres_test_base.h"
#include "store/testing/tcp_relay.h"

namespace allauth::sql {
namespace {

using store::testing::PostgresTest;
using store::testing::TcpRelay;
using store::testing::TempFolder;

constexpr const char* kPassword = "hunter2!";

class PostgresConnect : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (IsSkipped()) return;
    cluster().run("DROP ROLE IF EXISTS guarded");
    cluster().run(fmt::format("CREATE ROLE guarded LOGIN SUPERUSER PASSWORD '{}'", kPassword));
    cluster().run("DROP ROLE IF EXISTS sealed");
    cluster().run("CREATE ROLE sealed LOGIN SUPERUSER");
  }
  Error refusal(const std::string& url, DatabaseOptions options = {}) {
    options.connect_timeout = Millis(2000);
    const auto opened = try_open(url, options);
    EXPECT_FALSE(opened) << url;
    if (opened) return Error{Code::bug, "test.opened", ""};
    const auto& error = opened.error();
    for (const auto& said : {error.message, error.detail, logged_.read()}) {
      EXPECT_EQ(said.find("hunter2"), std::string::npos) << said;
      EXPECT_EQ(said.find("s3cret"), std::string::npos) << said;
    }
    EXPECT_TRUE(error.message.ends_with('.')) << error.message;
    return error;
  }
  bool opens(const std::string& url, const DatabaseOptions& options = {}) {
    const auto opened = try_open(url, options);
    EXPECT_TRUE(opened) << url << ": " << opened.error().message << " " << opened.error().detail;
    return opened.has_value();
  }
  std::string put(const std::string& name, const std::string& content) {
    const auto path = folder_.path() + "/" + name;
    std::ofstream(path) << content;
    return path;
  }

  TempFolder folder_;
};

TEST_F(PostgresConnect, TakesThePasswordOfTheUrlOrOfAFile) {
  EXPECT_TRUE(opens(cluster().tcp_url("guarded:hunter2%21")));
  const auto file = put("password", std::string(kPassword) + "\n");
  EXPECT_TRUE(opens(cluster().tcp_url("guarded"), {.password_file = file}));
  EXPECT_TRUE(opens(cluster().tcp_url("guarded:old"), {.password_file = file})) << "the file counts";
  put("password", "changed");
  EXPECT_EQ(refusal(cluster().tcp_url("guarded"), {.password_file = file}).reason, Reason("store.login"));
  put("password", "\n");
  EXPECT_EQ(refusal(cluster().tcp_url("guarded"), {.password_file = file}).reason,
            Reason("store.password_file"));
  const auto gone = refusal(cluster().tcp_url("guarded"), {.password_file = file + ".gone"});
  EXPECT_EQ(gone.reason, Reason("store.password_file"));
  EXPECT_NE(gone.message.find(file + ".gone"), std::string::npos);
}

TEST_F(PostgresConnect, SaysWhyItIsNotLetIn) {
  struct Case {
    std::string url;
    Reason reason;
    std::string detail;
  };
  for (const auto& c : std::vector<Case>{
           {cluster().tcp_url("guarded:s3cret"), "store.login", "password authentication failed"},
           {cluster().tcp_url("guarded"), "store.login", "no password supplied"},
           {cluster().tcp_url("nobody"), "store.login", "role \"nobody\" does not exist"},
           {cluster().url("nowhere"), "store.no_database", "database \"nowhere\" does not exist"},
           {"postgresql://me:s3cret@127.0.0.1:1/db", "store.unreachable", "Connection refused"},
           {"postgresql://me:s3cret@/db?host=/no/such/folder", "store.unreachable", "No such file"},
           {"postgresql://me:s3cret@no-such-host.invalid/db", "store.unreachable", "no-such-host.invalid"},
       }) {
    const auto error = refusal(c.url);
    EXPECT_EQ(error.reason, c.reason) << c.url << ": " << error.detail;
    EXPECT_EQ(error.code, Code::unavailable);
    EXPECT_NE(error.detail.find(c.detail), std::string::npos) << error.detail;
  }
}

TEST_F(PostgresConnect, RefusesUrlsThatItDoesNotUnderstandWithoutShowingThem) {
  for (const auto& url : {
           "postgresql://me:s3cret%zz@host/db",
           "postgresql://me:s3cret@host@other/db",
           "postgresql://me:s3cr/s3cret@host/db",
           "postgresql://me:s3cret",
           "postgresql://me:s3cret@host:port/db",
           "postgresql://me:s3cret@host/db?no_such_parameter=s3cret",
           "postgresql://me:s3cret@[::1/db",
           "postgresql://host1:1,host2:2,host3:3/db?hostaddr=127.0.0.1,127.0.0.2",
       }) {
    const auto error = refusal(url);
    EXPECT_EQ(error.code, Code::invalid) << url;
    EXPECT_EQ(error.reason, Reason("store.url")) << url;
  }
}

TEST_F(PostgresConnect, RefusesDatabasesThatAreNotForIt) {
  cluster().run("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
  const auto latin = refusal(cluster().url("latin"));
  EXPECT_EQ(latin.reason, Reason("store.encoding"));
  EXPECT_NE(latin.message.find("LATIN1"), std::string::npos);
  cluster().run("CREATE DATABASE others");
  EXPECT_TRUE(opens(cluster().url("others")));
  cluster().run("CREATE TABLE users (id INT)", "others");
  EXPECT_EQ(refusal(cluster().url("others")).reason, Reason("store.foreign"));
  cluster().run("CREATE DATABASE frozen");
  cluster().run("ALTER DATABASE frozen SET default_transaction_read_only = on");
  const auto frozen = refusal(cluster().url("frozen"));
  EXPECT_EQ(frozen.reason, Reason("store.read_only")) << frozen.detail;
  EXPECT_TRUE(opens(cluster().url("frozen", "&target_session_attrs=any"))) << "as the URL says";
}

TEST_F(PostgresConnect, SaysThatItLacksARight) {
  cluster().run("CREATE ROLE poor LOGIN");
  cluster().run("CREATE DATABASE rich");
  cluster().run("REVOKE CREATE ON SCHEMA public FROM PUBLIC", "rich");
  const auto store = store::Store::open(store_options(cluster().tcp_url("poor", "rich")));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().reason, Reason("store.privileges")) << store.error().detail;
}

TEST_F(PostgresConnect, ChecksTheServersCertificate) {
  const auto authority = cluster().offer_tls();
  // The server's key belongs to the server's user; its certificate is for everybody.
  const auto trusted = put("authority.pem", [&] {
    std::ifstream in(authority);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }());
  const auto url = [&](const std::string& more) { return cluster().tcp_url("sealed", "postgres", more); };
  const auto named = [&](const std::string& more) {
    return fmt::format("postgresql://sealed@localhost:{}/postgres?hostaddr=127.0.0.1&{}", cluster().port(),
                       more);
  };
  EXPECT_TRUE(opens(named("sslmode=verify-full&sslrootcert=" + trusted)));
  EXPECT_TRUE(opens(url("sslmode=require")));
  EXPECT_EQ(refusal(url("sslmode=disable")).reason, Reason("store.login")) << "the server wants TLS";
  const auto other_name = refusal(url("sslmode=verify-full&sslrootcert=" + trusted));
  EXPECT_EQ(other_name.reason, Reason("store.tls")) << other_name.detail;
  const auto system = refusal(named("sslmode=verify-full&sslrootcert=" + folder_.path() + "/none.pem"));
  EXPECT_EQ(system.reason, Reason("store.tls")) << system.detail;
}

TEST_F(PostgresConnect, TriesAllHostsEachWithItsTime) {
  TcpRelay silent(cluster().port());
  silent.freeze();
  const auto hosts = fmt::format("127.0.0.1:1,127.0.0.1:{},127.0.0.1:{}", silent.port(), cluster().port());
  EXPECT_TRUE(
      opens(fmt::format("postgresql://allauth@{}/postgres", hosts), {.connect_timeout = Millis(300)}));
  EXPECT_EQ(silent.connections(), 1U);
  const auto error = refusal(fmt::format("postgresql://allauth@127.0.0.1:1,127.0.0.1:2/postgres"));
  EXPECT_EQ(error.reason, Reason("store.unreachable"));
  EXPECT_NE(error.detail.find("port 1 "), std::string::npos) << error.detail;
  EXPECT_NE(error.detail.find("port 2 "), std::string::npos) << error.detail;
}

}  // namespace
}  // namespace allauth::sql
