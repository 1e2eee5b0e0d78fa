// The types of a server as its reflection tells them, for who calls it by name and with JSON. Bytes in and
// bytes out; whoever uses this carries them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace allauth::wire {

// Not thread-safe.
class RemoteSchema {
 public:
  RemoteSchema();
  ~RemoteSchema();
  RemoteSchema(RemoteSchema&&) noexcept;

  // The method of reflection, and requests to it.
  static std::string method();
  static std::string ask_services();
  static std::string ask_symbol(std::string_view full_name);

  // What came back. Errors: not_found rpc.unknown, with the server's words; unavailable rpc.reflection for
  // what cannot be read.
  static Result<std::vector<std::string>> read_services(std::string_view answer);
  Result<void> add_files(std::string_view answer);

  // "allauth.v1.UserService/GetUser", a '.' or '/' before the method. Error: not_found rpc.unknown.
  struct Operation {
    std::string path;  // "/allauth.v1.UserService/GetUser"
    bool takes_several = false;
    bool answers_several = false;
  };
  Result<Operation> find(std::string_view name) const;

  // The request of that method from JSON, and the JSON of its answer: as REST has it where the types allow
  // (wire/rest/json_write.h), else protobuf's own. Errors: json.*, message.malformed.
  Result<std::string> to_bytes(const Operation& operation, std::string_view json) const;
  Result<std::string> to_json(const Operation& operation, std::string_view bytes) const;

  // A service, method, message or enumeration in protobuf's language. Error: not_found rpc.unknown.
  Result<std::string> describe(std::string_view full_name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace allauth::wire
