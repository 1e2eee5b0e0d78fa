// OpenSSL objects as owning pointers, and its error queue as text. Only for .cc files of this folder.
#pragma once

#include <memory>
#include <string>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace allauth::net {

template <auto Free>
struct SslFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using SslPtr = std::unique_ptr<SSL, SslFree<SSL_free>>;
using BioPtr = std::unique_ptr<BIO, SslFree<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, SslFree<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, SslFree<EVP_PKEY_free>>;

// The causes in this thread's error queue, oldest first; empties it.
std::string ssl_errors();

// A BIO over a socket it does not own: never blocks, never raises SIGPIPE.
BioPtr make_socket_bio(int descriptor);

}  // namespace allauth::net
