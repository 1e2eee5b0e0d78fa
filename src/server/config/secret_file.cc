#include "server/config/secret_file.h"

#include <fstream>

#include <fmt/format.h>

namespace allauth::server {
namespace {

constexpr std::size_t kMaxSecretFile = 4096;

}  // namespace

Result<Secret> read_secret_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in || text.empty())
    return fail(Code::invalid, "config.file", fmt::format("{} cannot be read or is empty.", path));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.size() > kMaxSecretFile)
    return fail(Code::invalid, "config.file",
                fmt::format("{} has more than {} bytes.", path, kMaxSecretFile));
  return Secret::take(text);
}

}  // namespace allauth::server
