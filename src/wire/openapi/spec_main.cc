// Writes openapi.json and the descriptor set of the native API into a folder.
//   allauth_spec FOLDER
#include <cstdio>
#include <fstream>
#include <string>

#include "wire/method.h"
#include "wire/openapi/document.h"
#include "wire/openapi/embedded.h"

namespace {

bool write(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) std::fprintf(stderr, "%s could not be written.\n", path.c_str());
  return bool(file);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace allauth::wire;
  if (argc != 2) {
    std::fprintf(stderr, "allauth_spec FOLDER\n");
    return 2;
  }
  const std::string folder = argv[1];
  const auto document = openapi::make_document(native_services(), openapi::descriptor_set(),
                                               openapi::native_options(ALLAUTH_VERSION));
  if (!document) {
    std::fprintf(stderr, "%s\n", document.error().message.c_str());
    return 1;
  }
  const bool written = write(folder + "/openapi.json", *document) &&
                       write(folder + "/allauth.desc", openapi::descriptor_set());
  return written ? 0 : 1;
}
