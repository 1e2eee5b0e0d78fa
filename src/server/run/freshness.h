// Waits until the state is as fresh as a call asks for (Allauth-At-Least), without holding a thread.
#pragma once

#include "server/run/ground.h"
#include "wire/native/backend.h"
#include "wire/rest/face.h"

namespace allauth::server {

// Who had to wait goes on through `resume`: the thread that feeds the hub must not be held up. The ground
// outlives what is answered here.
wire::AtLeast freshness(Ground& ground, wire::native::Submit resume);

}  // namespace allauth::server
