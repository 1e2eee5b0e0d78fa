#include "net/spawn.h"

#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "net/io.h"

namespace allauth::net {

void spawn(IoPool& pool, std::size_t index, boost::asio::awaitable<void> work) {
  boost::asio::co_spawn(pool.context(index), std::move(work), [&pool](std::exception_ptr error) {
    if (error) pool.failed(std::move(error));
  });
}

}  // namespace allauth::net
