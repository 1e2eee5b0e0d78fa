// Passwords and tokens are needed no more once they were read or sent.
#pragma once

#include <string>

#include <google/protobuf/message.h>

namespace allauth::wire {

// Overwrites the fields marked `secret`, at any depth. For generated messages: where to look in one is worked
// out once per type and thread.
void wipe_secrets(google::protobuf::Message& message);

// Overwrites all of it.
void wipe(std::string& bytes);

}  // namespace allauth::wire
