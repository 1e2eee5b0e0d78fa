// The file of the master keys, for its owner only. It appears and changes complete or not at all, and is
// on disk when these return.
#pragma once

#include <functional>
#include <string>

#include "crypto/master_key.h"

namespace allauth::crypto {

// Errors: not_found seal.key.missing; denied seal.key.permissions (group or others may read or write it);
// seal.key.invalid, seal.key.unreadable.
Result<MasterKeys> load_master_keys(const std::string& path);

// Makes one key and the file for it. Never overwrites: conflict seal.key.exists. Error:
// seal.key.unwritable.
Result<MasterKeys> create_master_keys(const std::string& path, Entropy&);

// Replaces the keys in the file by what `change` makes of them. One process does so at a time: conflict
// seal.key.busy. Errors: those of load, of `change`, and seal.key.unwritable.
Result<MasterKeys> change_master_keys(const std::string& path, Entropy&,
                                      const std::function<Result<MasterKeys>(const MasterKeys&)>& change);

}  // namespace allauth::crypto
