#include "net/rpc/peer.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>
#include <openssl/pem.h>

#include "net/ssl_util.h"

namespace allauth::net {

std::string certificate_der(const grpc::ServerContextBase& context) {
  const auto known = context.auth_context();
  if (!known || !known->IsPeerAuthenticated()) return {};
  const auto found = known->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (found.empty()) return {};
  const BioPtr pem(BIO_new_mem_buf(found.front().data(), static_cast<int>(found.front().size())));
  const X509Ptr certificate(PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr));
  unsigned char* bytes = nullptr;
  const int size = certificate ? i2d_X509(certificate.get(), &bytes) : 0;
  if (size <= 0) return {};
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

}  // namespace allauth::net
