#include "reactor/task_queue.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "tests/reactor/support.h"

namespace polymux {
namespace {

bool Signalled(const TaskQueue& queue) {
  pollfd ready{.fd = queue.wake_fd(), .events = POLLIN, .revents = 0};
  return Must(::poll(&ready, 1, 0)) == 1;
}

// As the loop does; how many there were.
std::size_t RunPending(TaskQueue& queue) {
  std::size_t count = 0;
  for (JobList tasks = queue.Take(); !tasks.empty(); ++count) {
    tasks.Pop()->Run();
  }
  return count;
}

// From a thread that is not the loop's.
void PostElsewhere(TaskQueue& queue) {
  std::thread([&queue] { EXPECT_TRUE(queue.Post([] {})); }).join();
}

TEST(TaskQueueTest, RunsTasksInOrder) {
  TaskQueue queue;
  std::vector<int> ran;
  for (int i = 0; i < 5; ++i) {
    queue.Post([&ran, i] { ran.push_back(i); });
  }
  EXPECT_TRUE(ran.empty()) << "a task has run within Push";
  EXPECT_EQ(RunPending(queue), 5U);
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(RunPending(queue), 0U);
}

TEST(TaskQueueTest, PendingTellsWhetherThereAreTasks) {
  TaskQueue queue;
  EXPECT_FALSE(queue.pending());
  queue.Post([] {});
  EXPECT_TRUE(queue.pending());
  RunPending(queue);
  EXPECT_FALSE(queue.pending());
}

TEST(TaskQueueTest, ATaskPushedByATaskWaitsForTheNextRound) {
  TaskQueue queue;
  int rounds = 0;
  std::function<void()> again = [&] {
    ++rounds;
    queue.Post(again);
  };
  queue.Post(again);
  EXPECT_EQ(RunPending(queue), 1U);
  EXPECT_EQ(rounds, 1);
  EXPECT_TRUE(queue.pending());
  EXPECT_EQ(RunPending(queue), 1U);
  EXPECT_EQ(rounds, 2);
  again = nullptr;
}

TEST(TaskQueueTest, ManyPushesAreOneWakeUp) {
  TaskQueue queue;
  std::thread([&queue] {
    for (int i = 0; i < 100; ++i) queue.Post([] {});
  }).join();
  EXPECT_TRUE(Signalled(queue));
  EXPECT_EQ(queue.wakes(), 1U);
  queue.Acknowledge();
  EXPECT_FALSE(Signalled(queue));
  RunPending(queue);
  PostElsewhere(queue);
  EXPECT_TRUE(Signalled(queue));
  EXPECT_EQ(queue.wakes(), 2U);
}

TEST(TaskQueueTest, TheLoopsOwnPushWakesNobody) {
  TaskQueue queue;
  queue.Post([] {});
  EXPECT_FALSE(Signalled(queue));
  EXPECT_EQ(queue.wakes(), 0U);
}

TEST(TaskQueueTest, AcknowledgeWithoutAWakeUpDoesNotBlock) {
  TaskQueue queue;
  queue.Acknowledge();
  EXPECT_FALSE(Signalled(queue));
}

TEST(TaskQueueTest, E09_EventfdSaturated) {
  TaskQueue queue;
  // One below the maximum: the next write would block.
  const std::uint64_t full = ~std::uint64_t{0} - 1;
  ASSERT_EQ(::write(queue.wake_fd(), &full, sizeof(full)),
            static_cast<ssize_t>(sizeof(full)));
  PostElsewhere(queue);
  EXPECT_TRUE(Signalled(queue));
  queue.Acknowledge();
  EXPECT_FALSE(Signalled(queue));
  RunPending(queue);
  PostElsewhere(queue);
  EXPECT_TRUE(Signalled(queue));
}

TEST(TaskQueueTest, E06_NoLockWhileRunning) {
  TaskQueue queue;
  bool second = false;
  queue.Post([&] {
    // From this thread, and from another while this one is in a task.
    queue.Post([&second] { second = true; });
    PostElsewhere(queue);
  });
  EXPECT_EQ(RunPending(queue), 1U);
  EXPECT_EQ(RunPending(queue), 2U);
  EXPECT_TRUE(second);
}

TEST(TaskQueueTest, E11_WhatComesAfterCloseIsDropped) {
  TaskQueue queue;
  const auto captured = std::make_shared<int>(1);
  queue.Post([captured] { ADD_FAILURE() << "run after Close"; });
  // What goes with a dropped task may post as well.
  queue.Post([last = std::shared_ptr<void>(nullptr, [&queue](void*) {
                EXPECT_FALSE(queue.Post([] {}));
              })] {});
  queue.Close();
  EXPECT_EQ(captured.use_count(), 1);
  std::thread([&] { EXPECT_FALSE(queue.Post([captured] {})); }).join();
  EXPECT_EQ(captured.use_count(), 1);
  EXPECT_FALSE(queue.pending());
  EXPECT_EQ(RunPending(queue), 0U);
}

TEST(TaskQueueTest, WhatATaskCapturedDiesBeforeTheNextRuns) {
  TaskQueue queue;
  auto captured = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = captured;
  bool gone = false;
  queue.Post([captured = std::move(captured)] {});
  queue.Post([&] { gone = watch.expired(); });
  RunPending(queue);
  EXPECT_TRUE(gone);
}

TEST(TaskQueueTest, TasksThatNeverRanAreDestroyedWithTheQueue) {
  const auto captured = std::make_shared<int>(1);
  {
    TaskQueue queue;
    queue.Post([captured] {});
  }
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(TaskQueueTest, E03_ManyThreadsKeepTheirOrder) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 20'000;
  TaskQueue queue;
  std::vector<int> next(kThreads);  // touched by tasks alone
  bool in_order = true;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kTasks; ++i) {
        queue.Post([&, t, i] {
          in_order = in_order && next[t] == i;
          ++next[t];
        });
      }
    });
  }
  std::size_t ran = 0;
  while (ran < std::size_t{kThreads} * kTasks) {
    // Sleeping in poll(2) proves that no wake-up is lost.
    pollfd ready{.fd = queue.wake_fd(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(Must(::poll(&ready, 1, 1000 * int{kPatience.count()})), 1)
        << "a wake-up was lost after " << ran << " tasks";
    queue.Acknowledge();
    ran += RunPending(queue);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(next, std::vector<int>(kThreads, kTasks));
}

}  // namespace
}  // namespace polymux
