// The secrets of an installation: the master key in a file, and what it seals in the database. The
// first start makes them; later ones find them or refuse to go on.
#pragma once

#include <string>

#include "app/identity/digests.h"
#include "base/clock.h"
#include "crypto/key.h"
#include "crypto/key_set.h"
#include "crypto/master_key.h"
#include "store/store.h"

namespace allauth::server {

struct Keys {
  Secret digest_key;  // what client keys are digested under
  app::TokenDigests tokens;
  crypto::SigningKey signing;
  crypto::KeySet trusted;
};

// A first signing key is made for `algorithm`; one that is there stays what it is.
// Errors: those of crypto/master_key_file.h and crypto::open; keys.master_lost when the database holds
// sealed secrets and the file is gone.
Result<Keys> open_keys(const std::string& master_key_file, store::Store& store, Entropy& entropy,
                       crypto::Algorithm algorithm = crypto::Algorithm::es256);

}  // namespace allauth::server
