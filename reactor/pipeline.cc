#include "reactor/pipeline.h"

namespace polymux {
namespace {

void Count(std::atomic<std::uint64_t>& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Pipeline::Pipeline(WorkerPool* pool, Counters* counters, Connection* connection,
                   Send send)
    : connection_(connection),
      send_(send),
      counters_(counters),
      strand_(pool, [tasks = connection->tasks(),
                     weak = connection->weak_from_this()] {
        tasks->Post([weak] {
          if (const Kept kept = weak.lock()) kept->ResumeReading();
        });
      }) {}

void Pipeline::BeforeOffer() {
  Count(counters_->accepted);
  connection_->BeginWork();
}

bool Pipeline::AfterOffer(Offered offered) {
  if (offered == Offered::kTaken) return true;
  connection_->PauseReading();
  if (offered == Offered::kRefused) Fail();
  return false;
}

void Pipeline::Answer(const std::string& reply) {
  if (connection_->accepts_output()) {
    // In this order, so that who has the reply finds it counted.
    Count(counters_->answered);
    (connection_->*send_)(reply);
  } else {
    CountUnanswered();
  }
  connection_->EndWork();
}

void Pipeline::Fail() {
  CountUnanswered();
  connection_->Close();
  connection_->EndWork();
}

void Pipeline::CountLost() { Count(counters_->lost); }

void Pipeline::CountUnanswered() {
  Count(connection_->broken() ? counters_->dropped : counters_->lost);
}

}  // namespace polymux
