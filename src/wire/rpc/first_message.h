// A call of which the first message has been read already, as if it had not.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "codec/rpc.h"

namespace allauth::wire {

std::shared_ptr<rpc::ServerCall> with_first_message(std::shared_ptr<rpc::ServerCall> call,
                                                    std::optional<std::string> first);

}  // namespace allauth::wire
