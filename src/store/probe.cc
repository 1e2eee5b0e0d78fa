#include "store/probe.h"

#include <algorithm>
#include <chrono>

namespace allauth::store {
namespace {

Counter& writes(Metrics& metrics, std::string labels) {
  return metrics.counter("allauth_store_writes_total", "Writes by result.", std::move(labels));
}

Counter* batches(Metrics& metrics, std::string labels) {
  return &metrics.counter("allauth_store_batches_total", "Commits by the number of writes in them.",
                          std::move(labels));
}

Counter& resyncs(Metrics& metrics, std::string labels) {
  return metrics.counter("allauth_log_resyncs_total",
                         "Times that the state was read anew, because the log could not be followed.",
                         std::move(labels));
}

double seconds(Tick from, Tick to) { return std::chrono::duration<double>(to - from).count(); }

}  // namespace

Probe::Probe(Metrics& metrics, Clock& clock)
    : clock_(clock),
      committed_(writes(metrics, R"(result="committed")")),
      refused_(writes(metrics, R"(result="refused")")),
      lost_(writes(metrics, R"(result="lost")")),
      busy_(writes(metrics, R"(result="busy")")),
      given_up_(metrics.counter("allauth_store_given_up_total",
                                "Transactions that the database gave up and that were run again.")),
      replaced_(resyncs(metrics, R"(cause="replaced")")),
      compacted_(resyncs(metrics, R"(cause="compacted")")),
      hints_(metrics.counter("allauth_hints_received_total",
                             "Times that somebody said of a change before it was looked for.",
                             R"(by="database")")),
      batches_{batches(metrics, R"(writes="1")"), batches(metrics, R"(writes="2-15")"),
               batches(metrics, R"(writes="16-127")"), batches(metrics, R"(writes="128+")")},
      queue_(metrics.gauge("allauth_store_queued_writes", "Writes waiting for the writer.")),
      revision_(metrics.gauge("allauth_store_revision", "The newest revision that is applied here.")),
      listening_(
          metrics.gauge("allauth_hints_connected", "1 while hints of changes can come.", R"(by="database")")),
      commit_(
          metrics.latency("allauth_store_batch_seconds", "From a batch's first statement to its commit.")),
      read_(
          metrics.latency("allauth_store_read_seconds", "Read transactions, waiting for a reader included.")),
      lag_(metrics.latency("allauth_log_lag_seconds",
                           "From the making of an entry by another process to its application here.")) {}

void Probe::committed(std::size_t writes, Tick since) {
  committed_.add(writes);
  batches_[writes < 2 ? 0 : writes < 16 ? 1 : writes < 128 ? 2 : 3]->add();
  commit_.observe(seconds(since, clock_.tick()));
}

void Probe::followed(Millis after) {
  lag_.observe(std::max(0.0, std::chrono::duration<double>(after).count()));
}

void Probe::read_done(Tick since) { read_.observe(seconds(since, clock_.tick())); }

}  // namespace allauth::store
