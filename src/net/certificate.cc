#include "net/certificate.h"

#include <ctime>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "net/ssl_util.h"

namespace allauth::net {
namespace {

using NamesPtr = std::unique_ptr<GENERAL_NAMES, SslFree<GENERAL_NAMES_free>>;

void add(std::vector<std::string>& names, std::string_view name) {
  if (!name.empty() && name.find('\0') == std::string_view::npos && is_utf8(name)) names.emplace_back(name);
}

void add_alternatives(std::vector<std::string>& names, X509* certificate) {
  const NamesPtr found(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; found && i < sk_GENERAL_NAME_num(found.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(found.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_URI) continue;
    const ASN1_IA5STRING* text = name->d.ia5;
    add(names, std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                static_cast<std::size_t>(ASN1_STRING_length(text))));
  }
}

void add_common_names(std::vector<std::string>& names, X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) {
    unsigned char* utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (size > 0)
      add(names, std::string_view(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size)));
    OPENSSL_free(utf8);
  }
}

}  // namespace

std::vector<std::string> certificate_names(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  std::vector<std::string> names;
  if (certificate) {
    add_alternatives(names, certificate.get());
    add_common_names(names, certificate.get());
  }
  ssl_errors();
  return names;
}

std::optional<Instant> certificate_end(const std::string& pem_file) {
  const BioPtr file(BIO_new_file(pem_file.c_str(), "r"));
  const X509Ptr certificate(file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr);
  std::tm end{};
  const bool known = certificate && ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) == 1;
  ssl_errors();
  if (!known) return std::nullopt;
  return Instant(Seconds(::timegm(&end)));
}

}  // namespace allauth::net
