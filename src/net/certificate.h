// What a client certificate calls its owner.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace allauth::net {

// The DNS names and URIs among its alternative names and the common names of its subject, as they are
// written (RFC 5280 §4.1.2.6, §4.2.1.6). Nothing for what is no certificate; a name that holds a NUL or
// is not UTF-8 is left out. Says nothing about whether the certificate is to be trusted.
std::vector<std::string> certificate_names(std::string_view der);

// When the first certificate in a PEM file ends (RFC 5280 §4.1.2.5); nothing if there is none.
std::optional<Instant> certificate_end(const std::string& pem_file);

}  // namespace allauth::net
