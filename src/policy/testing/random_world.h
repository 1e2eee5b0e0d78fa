// For tests: schemas and relationships by chance, with everything that the language has: operators, arrows,
// wildcards, usersets, self, grants; recursion and cycles, also through what is excluded.
#pragma once

#include <random>
#include <string>

#include "policy/testing/world.h"

namespace allauth::policy {

// A schema that keeps the rules of the language; two to six definitions.
std::string random_schema(std::mt19937& random);

// Some relationships and grants of few objects.
void fill(World& world, std::mt19937& random);

}  // namespace allauth::policy
