#include "net/tls.h"

#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/ssl_util.h"

namespace allauth::net {
namespace {

constexpr off_t kMaxPemBytes = 4 << 20;
constexpr const char* kCiphers12 = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* kGroups = "X25519:P-256:P-384";

// What goes wrong with a file, by its role.
struct FileReasons {
  std::string_view role;
  Reason unreadable;
  Reason invalid;
};
constexpr FileReasons kCertificate{"certificate", "tls.cert.unreadable", "tls.cert.invalid"};
constexpr FileReasons kKey{"private key", "tls.key.unreadable", "tls.key.invalid"};
constexpr FileReasons kAuthorities{"CA", "tls.ca.unreadable", "tls.ca.invalid"};

std::unexpected<Error> unreadable(const FileReasons& reasons, const std::string& file, int error) {
  return fail(
      Code::invalid, reasons.unreadable,
      fmt::format("The {} file \"{}\" cannot be read: {}.", reasons.role, file, std::strerror(error)));
}

std::unexpected<Error> invalid(const FileReasons& reasons, const std::string& file, std::string cause) {
  if (cause.empty()) cause = "it holds no PEM block of that kind";
  return fail(Code::invalid, reasons.invalid,
              fmt::format("The {} file \"{}\" is not valid: {}.", reasons.role, file, cause));
}

struct Descriptor {
  explicit Descriptor(int n) : fd(n) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd;
};

// The file's bytes. The permissions are those of what is read, not of what the name meant before.
Result<BioPtr> read_file(const FileReasons& reasons, const std::string& file, bool secret) {
  const Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (in.fd < 0 || ::fstat(in.fd, &status) != 0) return unreadable(reasons, file, errno);
  if (!S_ISREG(status.st_mode)) return invalid(reasons, file, "it is not a regular file");
  if (status.st_size > kMaxPemBytes) return invalid(reasons, file, "it is too large");
  if (secret && (status.st_mode & S_IRWXO) != 0)
    return fail(
        Code::invalid, "tls.key.permissions",
        fmt::format("The private key file \"{}\" is accessible to everybody: remove the permissions of "
                    "\"others\" (chmod o= file).",
                    file));
  BioPtr memory(secret ? BIO_new(BIO_s_secmem()) : BIO_new(BIO_s_mem()));
  char block[4096];
  for (;;) {
    const auto n = ::read(in.fd, block, sizeof block);
    if (n < 0) return unreadable(reasons, file, errno);
    if (n == 0) break;
    BIO_write(memory.get(), block, static_cast<int>(n));
  }
  OPENSSL_cleanse(block, sizeof block);
  return memory;
}

// An encrypted key must fail instead of asking at the terminal.
int no_password(char*, int, int, void*) { return 0; }

Result<void> use_certificates(SSL_CTX* context, const std::string& file) {
  TRY(const auto pem, read_file(kCertificate, file, false));
  const X509Ptr leaf(PEM_read_bio_X509_AUX(pem.get(), nullptr, no_password, nullptr));
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1)
    return invalid(kCertificate, file, ssl_errors());
  SSL_CTX_clear_chain_certs(context);
  while (X509Ptr next{PEM_read_bio_X509(pem.get(), nullptr, no_password, nullptr)})
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1) return invalid(kCertificate, file, ssl_errors());
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
    return invalid(kCertificate, file, ssl_errors());
  ERR_clear_error();
  return {};
}

Result<void> use_key(SSL_CTX* context, const std::string& file) {
  TRY(const auto pem, read_file(kKey, file, true));
  const KeyPtr key(PEM_read_bio_PrivateKey(pem.get(), nullptr, no_password, nullptr));
  if (!key) return invalid(kKey, file, ssl_errors());
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return fail(Code::invalid, "tls.key.mismatch",
                fmt::format("The private key in \"{}\" does not belong to the certificate.", file));
  }
  return {};
}

Result<void> use_authorities(SSL_CTX* context, const std::string& file, bool announce) {
  TRY(const auto pem, read_file(kAuthorities, file, false));
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  std::size_t count = 0;
  while (X509Ptr next{PEM_read_bio_X509_AUX(pem.get(), nullptr, no_password, nullptr)}) {
    if (X509_STORE_add_cert(store, next.get()) != 1 ||
        (announce && SSL_CTX_add_client_CA(context, next.get()) != 1))
      return invalid(kAuthorities, file, ssl_errors());
    ++count;
  }
  const bool clean = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const auto cause = ssl_errors();
  if (count == 0 || !clean) return invalid(kAuthorities, file, clean ? "" : cause);
  return {};
}

Result<std::string> alpn_wire(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const auto& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255)
      return fail(Code::invalid, "tls.alpn.invalid", "An ALPN protocol name has 1 to 255 characters.");
    wire += static_cast<char>(protocol.size());
    wire += protocol;
  }
  return wire;
}

Result<std::shared_ptr<SSL_CTX>> make_context(const SSL_METHOD* method) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(method), [](SSL_CTX* c) { SSL_CTX_free(c); });
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context.get(), kCiphers12) != 1 ||
      SSL_CTX_set1_groups_list(context.get(), kGroups) != 1)
    return fail(Code::bug, "tls.context", "A TLS context could not be made.", {}, ssl_errors());
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  return context;
}

// ALPN: the first of ours that the client offers too (RFC 7301 §3.2).
int select_alpn(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
                unsigned int offered_size, void* ours) {
  const auto& wire = static_cast<const ServerTls*>(ours)->alpn_wire();
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, size, reinterpret_cast<const unsigned char*>(wire.data()),
                                          static_cast<unsigned>(wire.size()), offered, offered_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

Result<std::shared_ptr<ServerTls>> ServerTls::load(ServerTlsOptions options) {
  std::shared_ptr<ServerTls> tls(new ServerTls(std::move(options)));
  TRY(tls->alpn_wire_, allauth::net::alpn_wire(tls->options_.alpn));
  TRY(tls->reload());
  return tls;
}

Result<std::shared_ptr<SSL_CTX>> ServerTls::make() const {
  ERR_clear_error();
  TRY(auto context, make_context(TLS_server_method()));
  TRY(use_certificates(context.get(), options_.certificate_file));
  TRY(use_key(context.get(), options_.key_file));
  if (options_.client_certs != ClientCerts::none) {
    TRY(use_authorities(context.get(), options_.client_ca_file, true));
    const int strict = options_.client_certs == ClientCerts::required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | strict, nullptr);
    // A session may be resumed only where its certificate was verified.
    constexpr unsigned char kSessions[] = "allauth";
    SSL_CTX_set_session_id_context(context.get(), kSessions, sizeof kSessions - 1);
  }
  if (!alpn_wire_.empty())
    SSL_CTX_set_alpn_select_cb(context.get(), select_alpn, const_cast<ServerTls*>(this));
  return context;
}

std::string ServerTls::fingerprint() const {
  std::string out;
  for (const auto* file : {&options_.certificate_file, &options_.key_file, &options_.client_ca_file}) {
    struct stat s{};
    if (file->empty() || ::stat(file->c_str(), &s) != 0) {
      out += "-;";
      continue;
    }
    out +=
        fmt::format("{}.{} {} {} {};", s.st_mtim.tv_sec, s.st_mtim.tv_nsec, s.st_size, s.st_ino, s.st_mode);
  }
  return out;
}

Result<void> ServerTls::reload() {
  std::lock_guard one(reloading_);
  return reload_now(fingerprint());
}

Result<bool> ServerTls::reload_if_changed() {
  std::lock_guard one(reloading_);
  auto now = fingerprint();
  if (now == seen_) return false;
  TRY(reload_now(std::move(now)));
  return true;
}

Result<void> ServerTls::reload_now(std::string fingerprint) {
  seen_ = std::move(fingerprint);
  TRY(auto fresh, make());
  std::lock_guard lock(mutex_);
  context_ = std::move(fresh);
  return {};
}

std::shared_ptr<ssl_ctx_st> ServerTls::context() const {
  std::lock_guard lock(mutex_);
  return context_;
}

Result<std::shared_ptr<ClientTls>> ClientTls::load(const ClientTlsOptions& options) {
  ERR_clear_error();
  TRY(auto context, make_context(TLS_client_method()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (options.ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context.get()) != 1)
      return fail(Code::invalid, "tls.ca.invalid", "The system's trust store cannot be used.", {},
                  ssl_errors());
  } else {
    TRY(use_authorities(context.get(), options.ca_file, false));
  }
  if (!options.certificate_file.empty()) {
    TRY(use_certificates(context.get(), options.certificate_file));
    TRY(use_key(context.get(), options.key_file));
  }
  TRY(const auto alpn, alpn_wire(options.alpn));
  if (!alpn.empty())
    SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                            static_cast<unsigned>(alpn.size()));
  return std::shared_ptr<ClientTls>(new ClientTls(std::move(context)));
}

}  // namespace allauth::net
