// Memory for the millions of small blocks behind edge sets, which a general allocator rounds up by half.
// Internal to edge_block. Any thread may take, and any other give back.
#pragma once

#include <cstddef>

namespace allauth::policy::edge_block {

// Aligned to 8 bytes. Pools keep what is given back, by its size, for the next of that size.
void* take_block_memory(std::size_t bytes);
// `bytes` as when it was taken.
void give_back_block_memory(void* memory, std::size_t bytes);

}  // namespace allauth::policy::edge_block
