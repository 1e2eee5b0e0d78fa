// URLs as an operator writes them, made fit to be shown.
#pragma once

#include <string>
#include <string_view>

namespace allauth {

// The URL with "***" for its password: the one before '@', and the values of all parameters whose name
// speaks of one ("password", "sslpassword", or a name that hides itself behind '%'). Where it cannot be
// told what belongs to the password, more is hidden rather than less. Never fails; what is no URL comes
// back as it is.
std::string without_password(std::string_view url);

}  // namespace allauth
