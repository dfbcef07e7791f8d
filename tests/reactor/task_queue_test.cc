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

TEST(TaskQueueTest, RunsTasksInOrder) {
  TaskQueue queue;
  std::vector<int> ran;
  for (int i = 0; i < 5; ++i) {
    queue.Push([&ran, i] { ran.push_back(i); }, false);
  }
  EXPECT_TRUE(ran.empty()) << "a task has run within Push";
  EXPECT_EQ(queue.RunPending(), 5U);
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(queue.RunPending(), 0U);
}

TEST(TaskQueueTest, PendingTellsWhetherThereAreTasks) {
  TaskQueue queue;
  EXPECT_FALSE(queue.pending());
  queue.Push([] {}, false);
  EXPECT_TRUE(queue.pending());
  queue.RunPending();
  EXPECT_FALSE(queue.pending());
}

TEST(TaskQueueTest, ATaskPushedByATaskWaitsForTheNextRound) {
  TaskQueue queue;
  int rounds = 0;
  std::function<void()> again = [&] {
    ++rounds;
    queue.Push(again, false);
  };
  queue.Push(again, false);
  EXPECT_EQ(queue.RunPending(), 1U);
  EXPECT_EQ(rounds, 1);
  EXPECT_TRUE(queue.pending());
  EXPECT_EQ(queue.RunPending(), 1U);
  EXPECT_EQ(rounds, 2);
  again = nullptr;
}

TEST(TaskQueueTest, ManyPushesAreOneWakeUp) {
  TaskQueue queue;
  for (int i = 0; i < 100; ++i) queue.Push([] {}, true);
  EXPECT_TRUE(Signalled(queue));
  EXPECT_EQ(queue.wakes(), 1U);
  queue.Acknowledge();
  EXPECT_FALSE(Signalled(queue));
  queue.RunPending();
  queue.Push([] {}, true);
  EXPECT_TRUE(Signalled(queue));
  EXPECT_EQ(queue.wakes(), 2U);
}

TEST(TaskQueueTest, TheLoopsOwnPushWakesNobody) {
  TaskQueue queue;
  queue.Push([] {}, false);
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
  queue.Wake();
  queue.Push([] {}, true);
  EXPECT_TRUE(Signalled(queue));
  queue.Acknowledge();
  EXPECT_FALSE(Signalled(queue));
  queue.Wake();
  EXPECT_TRUE(Signalled(queue));
}

TEST(TaskQueueTest, E06_NoLockWhileRunning) {
  TaskQueue queue;
  bool second = false;
  queue.Push(
      [&] {
        // From this thread, and from another while this one is in a task.
        queue.Push([&second] { second = true; }, false);
        std::async(std::launch::async, [&queue] {
          queue.Push([] {}, true);
          queue.Wake();
        }).get();
      },
      false);
  EXPECT_EQ(queue.RunPending(), 1U);
  EXPECT_EQ(queue.RunPending(), 2U);
  EXPECT_TRUE(second);
}

TEST(TaskQueueTest, WhatATaskCapturedDiesBeforeTheNextRuns) {
  TaskQueue queue;
  auto captured = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = captured;
  bool gone = false;
  queue.Push([captured = std::move(captured)] {}, false);
  queue.Push([&] { gone = watch.expired(); }, false);
  queue.RunPending();
  EXPECT_TRUE(gone);
}

TEST(TaskQueueTest, TasksThatNeverRanAreDestroyedWithTheQueue) {
  const auto captured = std::make_shared<int>(1);
  {
    TaskQueue queue;
    queue.Push([captured] {}, true);
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
        queue.Push(
            [&, t, i] {
              in_order = in_order && next[t] == i;
              ++next[t];
            },
            true);
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
    ran += queue.RunPending();
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(next, std::vector<int>(kThreads, kTasks));
}

}  // namespace
}  // namespace polymux
