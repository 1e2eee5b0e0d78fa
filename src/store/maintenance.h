// The thread that looks after the database: it reports this node and keeps the log to its size. It has a
// session of its own, and gives way to writers between its steps.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/node_list.h"
#include "store/retention.h"

namespace allauth::store {

// How to report this node: asked for each time.
using ReportOfNode = std::function<NodeReport()>;

class Maintenance {
 public:
  // Clock, Log and Metrics are borrowed. `report` is called on the thread; empty: this node is not listed.
  Maintenance(std::unique_ptr<sql::Session>, Clock&, Log&, Metrics&, const Retention&, ReportOfNode report);
  ~Maintenance() { close(); }
  Maintenance(const Maintenance&) = delete;
  Maintenance& operator=(const Maintenance&) = delete;

  // Ends the thread after the step that it is at, and takes the node off the list. Idempotent.
  void close();

 private:
  void loop();
  bool pause(Millis);  // false: it is over
  void look_after();
  Result<void> look();
  void leave();
  Result<void> keep_to_size();
  Result<LogAge> look_at_log();
  // Runs the step until there is no more, giving way in between. The rows that it took.
  Result<std::size_t> repeat(const std::function<Result<Taken>()>& step);

  std::unique_ptr<sql::Session> session_;
  Clock& clock_;
  Log& log_;
  const Retention retention_;
  const ReportOfNode report_;
  Gauge &images_age_, &acts_age_;
  Counter &images_dropped_, &acts_dropped_;
  bool failing_ = false;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool closed_ = false;
  std::mutex joining_;
  std::thread thread_;  // after all that it uses
};

}  // namespace allauth::store
