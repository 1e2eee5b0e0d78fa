#include <cstdlib>
#include <string_view>

#include <gtest/gtest.h>

#include "store/testing/crash_child.h"

int main(int argc, char** argv) {
  using namespace allauth::store::testing;
  if (argc == 6 && std::string_view(argv[1]) == kCrashChildFlag)
    return run_crash_child(argv[2], std::atoi(argv[3]), std::atoi(argv[4]), std::atoi(argv[5]));
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
