// Every migration, one header each, in the order of their numbers.
#pragma once

#include "store/migrations/001_directory.h"  // IWYU pragma: export
