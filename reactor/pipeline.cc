#include "reactor/pipeline.h"

namespace polymux {
namespace {

void Count(std::atomic<std::uint64_t>& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Pipeline::Pipeline(WorkerPool* pool, Counters* counters, Connection* connection)
    : connection_(connection),
      counters_(counters),
      strand_(pool,
              [loop = connection->loop(), weak = connection->weak_from_this()] {
                loop->QueueInLoop([weak] {
                  if (const Kept kept = weak.lock()) kept->ResumeReading();
                });
              }) {}

void Pipeline::BeforeOffer() {
  Count(counters_->accepted);
  connection_->Hold();
}

bool Pipeline::AfterOffer(Offered offered) {
  if (offered == Offered::kTaken) return true;
  connection_->PauseReading();
  if (offered == Offered::kRefused) Fail();
  return false;
}

void Pipeline::Answer(const std::string& reply) {
  if (connection_->takes_output()) {
    // In this order, so that who has the reply finds it counted.
    Count(counters_->answered);
    connection_->Send(reply);
  } else {
    CountUnanswered();
  }
  connection_->LetGo();
}

void Pipeline::Fail() {
  CountUnanswered();
  connection_->Close();
  connection_->LetGo();
}

void Pipeline::CountUnanswered() {
  Count(connection_->peer_gone() ? counters_->dropped : counters_->lost);
}

}  // namespace polymux
