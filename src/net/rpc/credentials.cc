#include "net/rpc/credentials.h"

#include <utility>

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <openssl/pem.h>

#include "net/ssl_util.h"
#include "net/tls.h"

namespace allauth::net {
namespace {

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string certificates_of(SSL_CTX& context) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (X509* leaf = SSL_CTX_get0_certificate(&context)) PEM_write_bio_X509(out.get(), leaf);
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(&context, &chain);
  for (int i = 0; i < sk_X509_num(chain); ++i) PEM_write_bio_X509(out.get(), sk_X509_value(chain, i));
  return text_of(out.get());
}

std::string key_of(SSL_CTX& context) {
  EVP_PKEY* key = SSL_CTX_get0_privatekey(&context);
  if (!key) return {};
  const BioPtr out(BIO_new(BIO_s_secmem()));
  PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(out.get());
}

std::string authorities_of(SSL_CTX& context) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  const auto* all = X509_STORE_get0_objects(SSL_CTX_get_cert_store(&context));
  for (int i = 0; i < sk_X509_OBJECT_num(all); ++i)
    if (X509* one = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i))) PEM_write_bio_X509(out.get(), one);
  return text_of(out.get());
}

grpc_ssl_client_certificate_request_type wanted(ClientCerts certs) {
  switch (certs) {
    case ClientCerts::none:
      return GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
    case ClientCerts::optional:
      return GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
    case ClientCerts::required:
      return GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
  }
  return GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
}

// The library asks at each handshake whether there is something newer.
class ReloadedCredentials final : public grpc::ServerCredentials {
 public:
  explicit ReloadedCredentials(std::shared_ptr<ServerTls> tls) : tls_(std::move(tls)) {
    auto* options = grpc_ssl_server_credentials_create_options_using_config_fetcher(
        wanted(tls_->options().client_certs), fetch, this);
    inner_ = grpc_ssl_server_credentials_create_with_options(options);
  }
  ~ReloadedCredentials() override { grpc_server_credentials_release(inner_); }

 private:
  static grpc_ssl_certificate_config_reload_status fetch(void* self,
                                                         grpc_ssl_server_certificate_config** config) {
    return static_cast<ReloadedCredentials*>(self)->fetch(config);
  }
  grpc_ssl_certificate_config_reload_status fetch(grpc_ssl_server_certificate_config** config) {
    auto newest = tls_->context();
    std::lock_guard lock(mutex_);
    if (newest == given_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const TlsPem pem(*newest);
    const grpc_ssl_pem_key_cert_pair pair{pem.key.c_str(), pem.certificates.c_str()};
    // It wants authorities also where it asks for no client certificate, and then does not look at them.
    const auto& roots = pem.authorities.empty() ? pem.certificates : pem.authorities;
    *config = grpc_ssl_server_certificate_config_create(roots.c_str(), &pair, 1);
    given_ = std::move(newest);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), inner_);
  }
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

  const std::shared_ptr<ServerTls> tls_;
  std::mutex mutex_;
  std::shared_ptr<ssl_ctx_st> given_;
  grpc_server_credentials* inner_ = nullptr;
};

}  // namespace

TlsPem::TlsPem(SSL_CTX& context)
    : certificates(certificates_of(context)), key(key_of(context)), authorities(authorities_of(context)) {}

TlsPem::~TlsPem() { OPENSSL_cleanse(key.data(), key.size()); }

std::shared_ptr<grpc::ServerCredentials> server_credentials(std::shared_ptr<ServerTls> tls) {
  if (!tls) return grpc::InsecureServerCredentials();
  return std::make_shared<ReloadedCredentials>(std::move(tls));
}

Result<std::shared_ptr<grpc::ChannelCredentials>> client_credentials(const RpcClientOptions& options) {
  if (!options.tls) return grpc::InsecureChannelCredentials();
  ClientTlsOptions files;
  files.ca_file = options.tls->ca_file;
  files.certificate_file = options.tls->certificate_file;
  files.key_file = options.tls->key_file;
  TRY(const auto tls, ClientTls::load(files));
  const TlsPem pem(*tls->context());
  // Without authorities of ours the library takes those of the system.
  grpc::SslCredentialsOptions ssl;
  if (!options.tls->ca_file.empty()) ssl.pem_root_certs = pem.authorities;
  ssl.pem_cert_chain = pem.certificates;
  ssl.pem_private_key = pem.key;
  auto credentials = grpc::SslCredentials(ssl);
  OPENSSL_cleanse(ssl.pem_private_key.data(), ssl.pem_private_key.size());
  return credentials;
}

}  // namespace allauth::net
