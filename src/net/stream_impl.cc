#include "net/stream_impl.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

namespace allauth::net {
namespace asio = boost::asio;
using asio::ip::tcp;

Stream::Impl::~Impl() { close(false); }

asio::awaitable<Result<void>> Stream::Impl::wait(tcp::socket::wait_type what) {
  const auto [error] = co_await socket.async_wait(what, asio::as_tuple(asio::use_awaitable));
  if (error) co_return fail(stream_error(error));
  co_return Result<void>();
}

Error Stream::Impl::tls_error(int code) {
  std::string cause = ssl_errors();
  if (code == SSL_ERROR_SYSCALL && cause.empty())
    return stream_error(asio::error::make_error_code(asio::error::connection_reset));
  broken_ = true;
  if (const long verify = SSL_get_verify_result(ssl.get()); verify != X509_V_OK)
    cause += std::string(": ") + X509_verify_cert_error_string(verify);
  return Error{.code = Code::unavailable,
               .reason = "net.tls",
               .message = "The TLS connection failed.",
               .detail = cause};
}

std::optional<Result<std::size_t>> Stream::Impl::try_read_tls(std::span<char> into) {
  ERR_clear_error();
  std::size_t n = 0;
  const int result = SSL_read_ex(ssl.get(), into.data(), into.size(), &n);
  if (result == 1) return n;
  const int code = SSL_get_error(ssl.get(), result);
  if (code == SSL_ERROR_ZERO_RETURN) return 0;
  if (code != SSL_ERROR_WANT_READ && code != SSL_ERROR_WANT_WRITE) return fail(tls_error(code));
  read_waits = code == SSL_ERROR_WANT_READ ? tcp::socket::wait_read : tcp::socket::wait_write;
  return std::nullopt;
}

std::optional<Result<std::size_t>> Stream::Impl::try_write_tls(std::string_view data) {
  ERR_clear_error();
  std::size_t n = 0;
  const int result = SSL_write_ex(ssl.get(), data.data(), data.size(), &n);
  if (result == 1) return n;
  const int code = SSL_get_error(ssl.get(), result);
  if (code != SSL_ERROR_WANT_READ && code != SSL_ERROR_WANT_WRITE) return fail(tls_error(code));
  write_waits = code == SSL_ERROR_WANT_READ ? tcp::socket::wait_read : tcp::socket::wait_write;
  return std::nullopt;
}

bool Stream::Impl::prepare(SSL_CTX* context, bool server, const std::string& host) {
  ssl.reset(SSL_new(context));
  BioPtr bio = make_socket_bio(socket.native_handle());
  if (!ssl || !bio) return false;
  BIO* owned_by_ssl = bio.release();
  SSL_set_bio(ssl.get(), owned_by_ssl, owned_by_ssl);
  if (server) {
    SSL_set_accept_state(ssl.get());
    return true;
  }
  SSL_set_connect_state(ssl.get());
  boost::system::error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  if (!not_an_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str()) == 1;
  SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl.get(), host.c_str()) == 1 &&
         SSL_set_tlsext_host_name(ssl.get(), host.c_str()) == 1;
}

// After the handshake: what the peer proved, and the protocol agreed on.
void Stream::Impl::remember_peer() {
  peer.tls = true;
  const X509Ptr certificate(SSL_get1_peer_certificate(ssl.get()));
  if (certificate && SSL_get_verify_result(ssl.get()) == X509_V_OK) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate.get(), &der);
    if (size > 0)
      peer.certificate_der.assign(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
  }
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl.get(), &name, &size);
  if (size > 0) alpn.assign(reinterpret_cast<const char*>(name), size);
}

asio::awaitable<Result<void>> Stream::Impl::handshake(std::shared_ptr<SSL_CTX> context, bool server,
                                                      std::string host) {
  if (!prepare(context.get(), server, host)) {
    Error error{.code = Code::unavailable,
                .reason = "net.tls",
                .message = "The TLS connection could not be set up.",
                .detail = ssl_errors()};
    ssl.reset();
    co_return fail(std::move(error));
  }
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl.get());
    if (result == 1) break;
    const int code = SSL_get_error(ssl.get(), result);
    if (code != SSL_ERROR_WANT_READ && code != SSL_ERROR_WANT_WRITE) co_return fail(tls_error(code));
    const auto what = code == SSL_ERROR_WANT_READ ? tcp::socket::wait_read : tcp::socket::wait_write;
    if (auto waited = co_await wait(what); !waited) co_return waited;
  }
  remember_peer();
  co_return Result<void>();
}

asio::awaitable<Result<void>> Stream::Impl::handshake_server(std::shared_ptr<SSL_CTX> context) {
  return handshake(std::move(context), true, {});
}

asio::awaitable<Result<void>> Stream::Impl::handshake_client(std::shared_ptr<SSL_CTX> context,
                                                             std::string host) {
  return handshake(std::move(context), false, std::move(host));
}

void Stream::Impl::shut() {
  if (ssl && !broken_ && SSL_is_init_finished(ssl.get())) {
    ERR_clear_error();
    SSL_shutdown(ssl.get());
    ERR_clear_error();
  }
  boost::system::error_code ignored;
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void Stream::Impl::close(bool reset) {
  if (!socket.is_open()) return;
  boost::system::error_code ignored;
  if (reset) socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

}  // namespace allauth::net
