#include "net/certificate.h"

#include <gmock/gmock.h>

#include "net/test_certs.h"

namespace allauth::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CertificateNames, AreAlternativesAndCommonNames) {
  const auto ca = make_cert("authority");
  const auto both = make_cert("edge-1", &ca, "DNS:edge-1.plant,URI:spiffe://plant/edge-1,IP:127.0.0.1");
  EXPECT_THAT(certificate_names(both.der()), ElementsAre("edge-1.plant", "spiffe://plant/edge-1", "edge-1"));
  EXPECT_THAT(certificate_names(make_cert("gateway \xC3\xA4", &ca).der()), ElementsAre("gateway \xC3\xA4"));
}

TEST(CertificateNames, AreNoneOfWhatIsNoCertificate) {
  EXPECT_THAT(certificate_names(""), IsEmpty());
  EXPECT_THAT(certificate_names("not a certificate"), IsEmpty());
  auto cut = make_cert("edge-1").der();
  cut.resize(cut.size() / 2);
  EXPECT_THAT(certificate_names(cut), IsEmpty());
}

TEST(CertificateNames, WithANulAreLeftOut) {
  auto made = make_cert("edge-1");
  X509_NAME_add_entry_by_NID(X509_get_subject_name(made.certificate.get()), NID_commonName, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>("edge-2\0.evil"), 12, -1, 0);
  X509_sign(made.certificate.get(), made.key.get(), EVP_sha256());
  EXPECT_THAT(certificate_names(made.der()), ElementsAre("edge-1"));
}

}  // namespace
}  // namespace allauth::net
