// The sum of all balances, whatever happens to the server: many clients that
// transfer at the same time, kill -9, SIGTERM.
//
// POLYMUX_LONG=1 makes the kills 50 rather than 5 for each backend.

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "apps/bank/ledger.h"
#include "tests/apps/bank/bank_process.h"
#include "tests/apps/bank/scratch_file.h"

namespace polymux {
namespace {

constexpr int kClients = 8;
constexpr Cents kEach = 1'000'000'00;

std::string Number(int client) { return std::to_string(client % kClients); }

// Client i pays from the card out-i to the card in-(i+1), which nobody else
// pays to: its balance counts the transfers of client i.
std::vector<Ledger::Customer> Customers() {
  std::vector<Ledger::Customer> customers;
  for (int i = 0; i < kClients; ++i) {
    customers.push_back({.name = "customer-" + Number(i),
                         .password = "password-" + Number(i),
                         .cards = {{.id = "out-" + Number(i), .balance = kEach},
                                   {.id = "in-" + Number(i), .balance = 0}}});
  }
  return customers;
}

struct Count {
  Cents sent = 0;
  Cents answered = 0;
};

// Clients that transfer a cent at a time, some requests ahead of the replies,
// until they are stopped or the connection ends.
class Clients {
 public:
  explicit Clients(const InetAddress& bank) : counts_(kClients) {
    for (int i = 0; i < kClients; ++i) {
      threads_.emplace_back([this, i, bank] {
        try {
          Run(i, bank);
        } catch (const std::exception&) {
          // The connection has ended; what counts has been counted.
          ++ended_;
        }
      });
    }
  }

  Cents answered() const { return answered_; }

  // Ends them, with every reply received that will come.
  std::vector<Count> Join() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    return counts_;
  }
  // After Join: how many have seen the end of their connection.
  int ended() const { return ended_; }

 private:
  void Run(int i, const InetAddress& bank) {
    constexpr int kAhead = 4;
    const std::string name = "customer-" + Number(i);
    const std::string password = "password-" + Number(i);
    const std::string from = "out-" + Number(i);
    const std::string to = "in-" + Number(i + 1);
    const Request transfer = Transfer{from, to, 1};
    Count& count = counts_[static_cast<std::size_t>(i)];
    Teller teller(bank);
    if (teller.Ask(Login{name, password}) != "0 logged in") {
      ADD_FAILURE() << name << " cannot log in";
      return;
    }
    for (int ahead = 0; !stop_ || ahead > 0;) {
      while (!stop_ && ahead < kAhead) {
        ++count.sent;  // Before, for the bank may see it and we the end.
        teller.Send(transfer);
        ++ahead;
      }
      if (ahead == 0) break;
      EXPECT_EQ(teller.ReceiveResult(), "0 done");
      --ahead;
      ++count.answered;
      ++answered_;
    }
  }

  std::vector<Count> counts_;
  std::atomic<bool> stop_{false};
  std::atomic<Cents> answered_{0};
  std::atomic<int> ended_{0};
  std::vector<std::thread> threads_;
};

class BankLoadTest : public BackendTest {
 protected:
  // A copy, for hashing the passwords takes a while.
  BankLoadTest() {
    static const ScratchFile fresh;
    if (!std::filesystem::exists(fresh.path())) {
      Ledger::Create(fresh.path(), Customers());
    }
    std::filesystem::copy_file(fresh.path(), file_.path());
  }

  std::vector<std::string> Flags() const {
    return {"--backend=" + GetParam(), "--database=" + file_.path(),
            "--reactors=2", "--workers=8"};
  }

  // The accounts as they are in the file, compared with what the clients know.
  void ExpectSound(const std::vector<Count>& counts) {
    Ledger ledger(file_.path());
    const std::optional<Ledger::Totals> totals = ledger.Count();
    ASSERT_TRUE(totals.has_value());
    EXPECT_EQ(totals->money, kClients * kEach);
    for (int i = 0; i < kClients; ++i) {
      Cents received = 0;
      ASSERT_EQ(ledger.Balance("customer-" + Number(i + 1),
                               "in-" + Number(i + 1), &received),
                LedgerStatus::kDone);
      const Count& count = counts[static_cast<std::size_t>(i)];
      EXPECT_GE(received, count.answered) << "an answered transfer is gone";
      EXPECT_LE(received, count.sent) << "a transfer that nobody wanted";
    }
  }

  static int Kills() { return std::getenv("POLYMUX_LONG") == nullptr ? 5 : 50; }

 private:
  const ScratchFile file_;
};

TEST_P(BankLoadTest, ManyClientsAtTheSameTime) {
  BankProcess bank(Flags());
  Clients clients(bank.address());
  EXPECT_TRUE(Eventually([&] { return clients.answered() >= 1000; }));
  const std::vector<Count> counts = clients.Join();
  for (const Count& count : counts) EXPECT_EQ(count.answered, count.sent);
  EXPECT_EQ(clients.ended(), 0);
  EXPECT_EQ(bank.Stop(), 0) << bank.process().Errors();
  ExpectSound(counts);
}

TEST_P(BankLoadTest, KillInTheMiddleOfTransfers) {
  std::vector<Count> all(kClients);
  for (int kill = 0; kill < Kills(); ++kill) {
    SCOPED_TRACE(kill);
    ::alarm(2 * static_cast<unsigned>(kPatience.count()));
    BankProcess bank(Flags());
    Clients clients(bank.address());
    // At another moment each time.
    const Cents enough = 100 + 37 * (kill % 10);
    EXPECT_TRUE(Eventually([&] { return clients.answered() >= enough; }));
    EXPECT_EQ(bank.Stop(SIGKILL), 128 + SIGKILL);
    const std::vector<Count> counts = clients.Join();
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].sent += counts[i].sent;
      all[i].answered += counts[i].answered;
    }
    ExpectSound(all);
  }
}

TEST_P(BankLoadTest, SigtermUnderLoad) {
  BankProcess bank(Flags());
  Clients clients(bank.address());
  EXPECT_TRUE(Eventually([&] { return clients.answered() >= 200; }));
  EXPECT_EQ(bank.Stop(SIGTERM), 0) << bank.process().Errors();
  const std::vector<Count> counts = clients.Join();
  EXPECT_EQ(clients.ended(), kClients)
      << "each has been answered, or has been told by the end of its stream";
  EXPECT_NE(bank.process().Errors().find(" 0 lost"), std::string::npos)
      << bank.process().Errors();
  ExpectSound(counts);
}

INSTANTIATE_TEST_SUITE_P(Backends, BankLoadTest, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
