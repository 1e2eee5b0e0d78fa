// Certificates made on the spot, for the tests of this folder.
#pragma once

#include <stdexcept>
#include <string>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/ssl_util.h"

namespace allauth::net {

struct TestCert {
  X509Ptr certificate;
  KeyPtr key;

  std::string pem() const {
    const BioPtr out(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(out.get(), certificate.get());
    return text(out.get());
  }
  std::string key_pem() const {
    const BioPtr out(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return text(out.get());
  }
  std::string der() const {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(certificate.get(), &bytes);
    std::string out(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return out;
  }

 private:
  static std::string text(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return std::string(data, static_cast<std::size_t>(size));
  }
};

inline void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  if (!extension || X509_add_ext(certificate, extension, -1) != 1) throw std::runtime_error("bad extension");
  X509_EXTENSION_free(extension);
}

// Signed by `issuer`; by itself, and an authority, when there is none. `names` as in
// "IP:127.0.0.1,DNS:localhost".
inline TestCert make_cert(const std::string& name, const TestCert* issuer = nullptr,
                          const char* names = nullptr) {
  static long serial = 1;
  TestCert made{X509Ptr(X509_new()), KeyPtr(EVP_EC_gen("P-256"))};
  X509* x = made.certificate.get();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x), 3600);
  X509_set_pubkey(x, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* by = issuer ? issuer->certificate.get() : x;
  X509_set_issuer_name(x, X509_get_subject_name(by));
  add_extension(x, by, NID_basic_constraints, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
  if (names) add_extension(x, by, NID_subject_alt_name, names);
  if (X509_sign(x, issuer ? issuer->key.get() : made.key.get(), EVP_sha256()) == 0)
    throw std::runtime_error("cannot sign");
  return made;
}

}  // namespace allauth::net
