#include "reactor/worker_pool.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/reactor/support.h"

// Group K of docs/conformance.md, as far as it concerns the pool alone.

namespace polymux {
namespace {

WorkerPool::Options WithThreads(int threads) {
  WorkerPool::Options options;
  options.threads = threads;
  options.on_exception = [](std::exception_ptr) {
    ADD_FAILURE() << "a job has thrown";
  };
  return options;
}

// Jobs that wait until the gate is opened.
class Gate {
 public:
  // Returns when the job runs.
  void Block(Strand& strand) {
    std::promise<void> running;
    EXPECT_NE(strand.Offer([this, &running] {
      running.set_value();
      opened_.wait();
    }),
              Offered::kRefused);
    running.get_future().get();
  }
  void Open() { open_.set_value(); }

 private:
  std::promise<void> open_;
  std::shared_future<void> opened_ = open_.get_future().share();
};

TEST(WorkerPoolTest, RunsAJob) {
  WorkerPool pool(WithThreads(1));
  Strand strand(&pool);
  std::promise<std::thread::id> ran_in;
  EXPECT_EQ(strand.Offer([&] { ran_in.set_value(std::this_thread::get_id()); }),
            Offered::kTaken);
  EXPECT_NE(ran_in.get_future().get(), std::this_thread::get_id());
}

TEST(WorkerPoolTest, K01_StopWhileWorkersIdle) {
  // A lost notification hangs here, and the test times out.
  for (int i = 0; i < 5'000; ++i) {
    WorkerPool pool(WithThreads(2));
    if (i % 2 == 0) pool.Stop();
  }
}

TEST(WorkerPoolTest, K01_StopRightAfterAnOffer) {
  std::atomic<int> ran{0};
  for (int i = 0; i < 5'000; ++i) {
    WorkerPool pool(WithThreads(2));
    Strand(&pool).Offer([&ran] { ++ran; });
  }
  EXPECT_EQ(ran, 5'000);
}

TEST(WorkerPoolTest, K01_NoOfferIsSleptThrough) {
  WorkerPool pool(WithThreads(3));
  Strand strand(&pool);
  for (int i = 0; i < 20'000; ++i) {
    std::atomic<bool> ran{false};
    strand.Offer([&ran] {
      ran = true;
      ran.notify_one();
    });
    ran.wait(false);
  }
}

TEST(WorkerPoolTest, K02_StopRunsQueuedJobsAndRefusesLaterOnes) {
  WorkerPool pool(WithThreads(2));
  Strand slow(&pool);
  Strand other(&pool);
  Gate gate;
  gate.Block(slow);
  std::atomic<int> ran{0};
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(slow.Offer([&ran] { ++ran; }), Offered::kTaken);
    EXPECT_EQ(other.Offer([&ran] { ++ran; }), Offered::kTaken);
  }
  pool.Stop();
  const auto destroyed = std::make_shared<int>(0);
  EXPECT_EQ(slow.Offer([destroyed] { FAIL() << "offered after Stop"; }),
            Offered::kRefused);
  EXPECT_EQ(other.Offer([destroyed] { FAIL() << "offered after Stop"; }),
            Offered::kRefused);
  EXPECT_EQ(destroyed.use_count(), 1);
  gate.Open();
  pool.Join();
  EXPECT_EQ(ran, 200);
  EXPECT_EQ(pool.queued(), 0U);
  EXPECT_EQ(pool.counters().run, 201U);
  EXPECT_EQ(pool.counters().refused, 2U);
}

TEST(WorkerPoolTest, K03_ThrowingJob) {
  std::vector<std::string> told;
  WorkerPool::Options options = WithThreads(1);
  options.on_exception = [&told](const std::exception_ptr& exception) {
    try {
      std::rethrow_exception(exception);
    } catch (const std::exception& error) {
      told.emplace_back(error.what());
    } catch (int) {
      told.emplace_back("int");
    }
  };
  WorkerPool pool(options);
  Strand strand(&pool);
  bool ran = false;
  strand.Offer([] { throw std::runtime_error("wrong"); });
  strand.Offer([] { throw 7; });
  strand.Offer([&ran] { ran = true; });
  pool.Join();
  EXPECT_TRUE(ran) << "the pool, or the strand, died of it";
  EXPECT_EQ(told, (std::vector<std::string>{"wrong", "int"}));
  EXPECT_EQ(pool.counters().run, 3U);
  EXPECT_EQ(pool.counters().thrown, 2U);
}

TEST(WorkerPoolTest, K04_StopFromInsideAWorker) {
  WorkerPool pool(WithThreads(2));
  Strand strand(&pool);
  std::promise<Offered> later;
  strand.Offer([&] {
    pool.Stop();
    later.set_value(strand.Offer([] {}));
  });
  EXPECT_EQ(later.get_future().get(), Offered::kRefused);
  pool.Join();
}

TEST(WorkerPoolDeathTest, K04_JoinFromInsideAWorkerAborts) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        WorkerPool pool(WithThreads(1));
        Strand(&pool).Offer([&pool] { pool.Join(); });
        pool.Join();
      },
      "a job joins its own worker pool");
}

TEST(WorkerPoolTest, TheJobsOfAStrandRunInOrderOneAtATime) {
  constexpr int kStrands = 20;
  constexpr int kJobs = 1'000;
  WorkerPool::Options options = WithThreads(8);
  options.max_jobs = kStrands * kJobs + 1;
  WorkerPool pool(options);
  struct Line {
    explicit Line(WorkerPool* pool) : strand(pool) {}
    Strand strand;
    int next = 0;  // unguarded: the strand itself has to order the accesses
    int wrong = 0;
  };
  std::vector<std::unique_ptr<Line>> lines;
  for (int i = 0; i < kStrands; ++i) {
    lines.push_back(std::make_unique<Line>(&pool));
  }
  // Two producers, each with strands of its own.
  std::array<std::thread, 2> producers;
  for (std::size_t p = 0; p < producers.size(); ++p) {
    producers[p] = std::thread([&lines, p] {
      for (int job = 0; job < kJobs; ++job) {
        for (std::size_t i = p; i < lines.size(); i += 2) {
          lines[i]->strand.Offer([line = lines[i].get(), job] {
            if (line->next != job) ++line->wrong;
            line->next = job + 1;
            if (job % 100 == 0) std::this_thread::yield();
          });
        }
      }
    });
  }
  for (std::thread& producer : producers) producer.join();
  pool.Join();
  for (const auto& line : lines) {
    EXPECT_EQ(line->next, kJobs);
    EXPECT_EQ(line->wrong, 0);
  }
}

TEST(WorkerPoolTest, F17_ASlowJobDelaysNoOtherStrand) {
  WorkerPool pool(WithThreads(2));
  Strand slow(&pool);
  Strand other(&pool);
  Gate gate;
  gate.Block(slow);
  std::atomic<int> behind{0};
  // Queued before the others, and yet not in their way.
  for (int i = 0; i < 10; ++i) slow.Offer([&behind] { ++behind; });
  for (int i = 0; i < 100; ++i) {
    std::promise<void> done;
    other.Offer([&done] { done.set_value(); });
    done.get_future().get();
  }
  EXPECT_EQ(behind, 0) << "overtook the job in front of it";
  gate.Open();
  pool.Join();
  EXPECT_EQ(behind, 10);
}

TEST(WorkerPoolTest, StrandsTakeTurns) {
  WorkerPool pool(WithThreads(1));
  Strand first(&pool);
  Strand second(&pool);
  Gate gate;
  Strand blocked(&pool);
  gate.Block(blocked);
  std::string order;
  for (int i = 0; i < 3; ++i) first.Offer([&order] { order += 'a'; });
  for (int i = 0; i < 3; ++i) second.Offer([&order] { order += 'b'; });
  gate.Open();
  pool.Join();
  EXPECT_EQ(order, "ababab");
}

TEST(WorkerPoolTest, AFullQueueTellsItsProducersAndTellsThemAgain) {
  constexpr std::size_t kBound = 10;
  WorkerPool::Options options = WithThreads(1);
  options.max_jobs = kBound;
  WorkerPool pool(options);
  Strand blocked(&pool);
  Gate gate;
  gate.Block(blocked);

  std::atomic<int> room{0};
  std::atomic<std::size_t> queued_then{0};
  std::atomic<int> ran{0};
  Strand producer(&pool, [&] {
    ++room;
    queued_then = pool.queued();
  });
  Strand silent(&pool);  // without on_room
  for (std::size_t i = 0; i + 1 < kBound; ++i) {
    EXPECT_EQ(producer.Offer([&ran] { ++ran; }), Offered::kTaken);
  }
  EXPECT_EQ(producer.Offer([&ran] { ++ran; }), Offered::kTakenFull);
  EXPECT_EQ(producer.Offer([&ran] { ++ran; }), Offered::kTakenFull);
  EXPECT_EQ(silent.Offer([&ran] { ++ran; }), Offered::kTakenFull);
  EXPECT_EQ(pool.queued(), kBound + 2);
  EXPECT_EQ(room, 0);
  EXPECT_EQ(pool.counters().full, 2U) << "producers, not jobs";
  gate.Open();
  EXPECT_TRUE(Eventually([&] { return ran == kBound + 2; }));
  EXPECT_EQ(room, 1) << "told once";
  EXPECT_LE(queued_then, kBound / 2);

  // And the next time.
  Gate again;
  again.Block(blocked);
  for (std::size_t i = 0; i < kBound; ++i) producer.Offer([] {});
  again.Open();
  pool.Join();
  EXPECT_EQ(room, 2);
}

// Who has filled the queue is served in turn with the others, and no more.
TEST(WorkerPoolTest, AFullQueueKeepsNobodyFromItsTurn) {
  constexpr int kBound = 100;
  WorkerPool::Options options = WithThreads(1);
  options.max_jobs = kBound;
  WorkerPool pool(options);
  Strand blocked(&pool);
  Gate gate;
  gate.Block(blocked);
  Strand greedy(&pool);
  for (int i = 0; i < 2 * kBound; ++i) greedy.Offer([] {});

  std::size_t queued_then = 0;
  int served = 0;
  Strand modest(&pool, [&] { queued_then = pool.queued(); });
  EXPECT_EQ(modest.Offer([&served] { ++served; }), Offered::kTakenFull);
  gate.Open();
  pool.Join();
  EXPECT_EQ(served, 1);
  EXPECT_GE(queued_then, kBound) << "not before others had done with theirs";
}

TEST(WorkerPoolTest, ProducersThatWaitWhenToldNeverExceedTheBound) {
  constexpr int kProducers = 4;
  constexpr int kJobs = 5'000;
  constexpr std::size_t kBound = 16;
  WorkerPool::Options options = WithThreads(2);
  options.max_jobs = kBound;
  WorkerPool pool(options);
  std::atomic<int> ran{0};
  std::atomic<std::size_t> most{0};
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&] {
      // Shared, for the last call may come after this thread's end.
      const auto room = std::make_shared<std::atomic<int>>(0);
      Strand strand(&pool, [room] {
        ++*room;
        room->notify_one();
      });
      int waited = 0;
      for (int i = 0; i < kJobs; ++i) {
        const Offered offered = strand.Offer([&ran] { ++ran; });
        const std::size_t queued = pool.queued();
        if (queued > most) most = queued;
        if (offered == Offered::kTakenFull) room->wait(waited++);
      }
    });
  }
  for (std::thread& producer : producers) producer.join();
  pool.Join();
  EXPECT_EQ(ran, kProducers * kJobs) << "dropped";
  EXPECT_LE(most, kBound + kProducers);
}

TEST(WorkerPoolTest, AStrandMayGoBeforeItsJobs) {
  WorkerPool pool(WithThreads(1));
  Strand blocked(&pool);
  Gate gate;
  gate.Block(blocked);
  int ran = 0;
  {
    Strand strand(&pool);
    for (int i = 0; i < 5; ++i) strand.Offer([&ran] { ++ran; });
  }
  gate.Open();
  pool.Join();
  EXPECT_EQ(ran, 5);
}

TEST(WorkerPoolTest, AnIdleWorkerKeepsNothingAlive) {
  WorkerPool pool(WithThreads(2));
  const auto object = std::make_shared<int>(0);
  {
    Strand strand(&pool, [object] {});
    strand.Offer([object] {});
  }
  EXPECT_TRUE(Eventually([&] { return object.use_count() == 1; }));
}

TEST(WorkerPoolTest, WhatAJobHasCapturedGoesBeforeTheNextOneOfItsStrand) {
  struct Owner {
    explicit Owner(int* count) : gone_(count) {}
    ~Owner() { ++*gone_; }
    int* gone_;
  };
  WorkerPool pool(WithThreads(4));
  Strand strand(&pool);
  int gone = 0;
  int wrong = 0;
  for (int i = 0; i < 500; ++i) {
    // Cannot be copied.
    strand.Offer([&, i, owner = std::make_unique<Owner>(&gone)] {
      if (gone != i) ++wrong;
    });
  }
  pool.Join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(gone, 500);
}

TEST(WorkerPoolTest, F05_ItsThreadsHaveNames) {
  WorkerPool pool(WithThreads(3));
  std::set<std::string> names;
  Mutex mutex;
  std::vector<std::unique_ptr<Strand>> strands;
  std::atomic<int> running{0};
  for (int i = 0; i < 3; ++i) {
    strands.push_back(std::make_unique<Strand>(&pool));
    strands.back()->Offer([&] {
      std::array<char, 16> name{};
      ::pthread_getname_np(::pthread_self(), name.data(), name.size());
      {
        const MutexLock lock(mutex);
        names.insert(name.data());
      }
      // Each thread has to take one of them.
      ++running;
      Eventually([&running] { return running == 3; });
    });
  }
  pool.Join();
  EXPECT_EQ(names, (std::set<std::string>{"work-0", "work-1", "work-2"}));
}

}  // namespace
}  // namespace polymux
