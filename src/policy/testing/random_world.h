// For tests: schemas and relationships by chance, with everything that the language has: operators, arrows,
// wildcards, usersets, self, grants; recursion and cycles, also through what is excluded.
#pragma once

#include <random>
#include <string>

#include "policy/testing/world.h"

namespace allauth::policy {

// A schema that keeps the rules of the language; two to six definitions. `open`: few of them; every rel0
// takes everyone and no rel1 does, and much is taken away from the one by the other.
enum class Flavour { any, open };
std::string random_schema(std::mt19937& random, Flavour flavour = Flavour::any);

// Some relationships and grants of few objects.
void fill(World& world, std::mt19937& random);

}  // namespace allauth::policy
