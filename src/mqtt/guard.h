// What the MQTT session asks of the rest of the product: who is this, and may they do that? The
// session machine knows only these types; the server wires them to authentication and policy.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/secret.h"
#include "base/verdict.h"
#include "codec/mqtt/properties.h"

namespace allauth::mqtt {

// What a packet says besides its topic; borrowed for the time of a call.
struct Asked {
  std::uint8_t qos = 0;
  bool retain = false;
  PropertyView properties =
      {};  // of 5.0; of them user properties, at most SessionLimits::max_user_properties
};

// What of that an answer depended on. Whatever else is asked, the same answer holds.
struct DependsOn {
  bool qos = false;
  bool retain = false;
  bool properties = false;
};

// A verdict on a topic or filter, and the topic to use on the other side: clients may name domains
// and channels by route, the broker only sees ids. `topic` is empty when nothing needs rewriting.
struct TopicVerdict {
  Verdict verdict;
  std::string topic = {};
  std::uint8_t qos = 2;  // granted at most: subscriptions and deliveries are lowered to it
  DependsOn depends_on = {};
};

// The answers for one connection, after its CONNECT was accepted. Used by one thread at a time, must
// answer at once from memory. An answer may change at any time: revision() tells when.
class Guard {
 public:
  virtual ~Guard() = default;
  // May this connection publish to `topic`? The topic comes back as the broker shall see it.
  virtual TopicVerdict publish(std::string_view topic, const Asked& asked) = 0;
  // May it subscribe to `filter` (any $share/<group>/ prefix included)? Comes back as for publish. Asked
  // again for filters granted before, when the revision has moved.
  virtual TopicVerdict subscribe(std::string_view filter, const Asked& asked) = 0;
  // The filter as the broker knows it; unsubscribing is always allowed.
  virtual std::string unsubscribe(std::string_view filter) = 0;
  // May a message that the broker delivers on `topic` reach this connection now? Without a topic of its own.
  virtual TopicVerdict deliver(std::string_view topic, const Asked& asked) = 0;
  // May the connection live on? Denied once its credential, client or domain is gone or disabled.
  virtual Verdict alive() = 0;
  // Grows whenever any answer above may have changed; answers of one revision may be cached.
  virtual std::uint64_t revision() = 0;
};

using NamedValue = std::pair<std::string, std::string>;

// A CONNECT whose bytes are well-formed, before anything was decided about it.
struct ConnectRequest {
  int level = 4;  // protocol level: 4 = 3.1.1, 5 = 5.0
  std::string client_id;
  bool has_username = false;
  std::string username;
  Secret password;
  std::string peer_address;
  bool tls = false;
  std::string certificate_der;  // verified client certificate; empty when none was given
  // User properties of 5.0, at most SessionLimits::max_user_properties.
  std::vector<NamedValue> properties;
};

// Why a CONNECT is refused; the session turns it into the code of the client's protocol version.
enum class Refusal {
  bad_credentials,  // 3.1.1: 4, 5.0: 86
  not_authorized,   // 5 / 87
  bad_client_id,    // 2 / 85
  banned,           // 5 / 8A
  unavailable,      // 3 / 88
  busy,             // 3 / 89
  rate_limited,     // 3 / 9F
};

struct Accepted {
  std::unique_ptr<Guard> guard;
  std::string broker_client_id;  // how the broker shall know this client
  // For a CONNECT without client id: the id that the client shall use from now on (5.0 tells it).
  std::string assigned_client_id;
  // What a 5.0 broker shall know of this client, as user properties of its CONNECT; the client's own of the
  // same names do not reach it. Of at most 65 535 bytes each.
  std::vector<NamedValue> properties = {};
};

using ConnectOutcome = std::variant<Accepted, Refusal>;

// Decides a CONNECT; answers exactly once, at once or later, from any thread.
using Authenticator = std::function<void(ConnectRequest, std::move_only_function<void(ConnectOutcome)>)>;

}  // namespace allauth::mqtt
