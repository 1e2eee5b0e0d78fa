// Starts a coroutine on a loop. It must own what it uses (parameters by value, no capturing lambda
// coroutines); an exception that escapes it is logged and counted by the pool.
#pragma once

#include <cstddef>

#include <boost/asio/awaitable.hpp>

namespace allauth::net {

class IoPool;

// Thread-safe; the coroutine starts later, on loop `index`.
void spawn(IoPool& pool, std::size_t index, boost::asio::awaitable<void> work);

}  // namespace allauth::net
