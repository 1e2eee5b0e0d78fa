// What the store tells about itself, as metrics.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "base/metrics.h"

namespace allauth::store {

class Probe {
 public:
  Probe(Metrics&, Clock&);

  Tick start() { return clock_.tick(); }
  void committed(std::size_t writes, Tick since);
  void refused(std::size_t writes) {
    refused_.add(writes);
  }  // by its own function, or by a rule of the schema
  void lost(std::size_t writes) { lost_.add(writes); }
  void busy() { busy_.add(); }
  void given_up() { given_up_.add(); }
  // An entry that another process wrote has arrived here, so long after it was made.
  void followed(Millis after);
  // The log could not be followed: it was replaced, or compacted too far.
  void adrift(bool replaced) { (replaced ? replaced_ : compacted_).add(); }
  void hinted() { hints_.add(); }
  void listening(bool connected) { listening_.set(connected ? 1 : 0); }
  void queued(std::size_t depth) { queue_.set(static_cast<std::int64_t>(depth)); }
  void revision(std::uint64_t revision) { revision_.set(static_cast<std::int64_t>(revision)); }
  void read_done(Tick since);

 private:
  Clock& clock_;
  Counter &committed_, &refused_, &lost_, &busy_, &given_up_;
  Counter &replaced_, &compacted_, &hints_;
  std::array<Counter*, 4> batches_;  // by size
  Gauge &queue_, &revision_, &listening_;
  Histogram &commit_, &read_, &lag_;
};

}  // namespace allauth::store
