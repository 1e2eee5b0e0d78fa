#include "app/caller.h"

namespace allauth::app {

std::string_view to_string(PrincipalKind kind) {
  switch (kind) {
    case PrincipalKind::user:
      return kind::user;
    case PrincipalKind::client:
      return kind::client;
    case PrincipalKind::system:
      return "system";
    case PrincipalKind::anonymous:
      return "anonymous";
  }
  return "anonymous";
}

}  // namespace allauth::app
