#include "apps/bank/ledger.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "apps/bank/database.h"
#include "tests/apps/bank/scratch_file.h"

namespace polymux {
namespace {

// What SQLite asks of the kernel, from the n-th call on (0: the next) or only
// then. It is a shared library, so its calls come here.
struct Fault {
  std::atomic<int> calls_left{-1};
  std::atomic<bool> lasts{false};

  void Arm(int calls, bool for_ever) {
    lasts = for_ever;
    calls_left = calls;
  }
  void Disarm() { calls_left = -1; }
  // Whether this call fails.
  bool Strikes() {
    if (calls_left < 0) return false;
    if (calls_left > 0) {
      --calls_left;
      return false;
    }
    if (!lasts) calls_left = -1;
    return true;
  }
};
Fault syncs;
Fault writes;
// The end of the names of files that this process must not write to; empty:
// none. (A test may be root, to whom that does not happen.)
std::string unwritable;

constexpr Cents kMost = std::numeric_limits<Cents>::max();

std::vector<Ledger::Customer> Customers() {
  return {
      {.name = "ann",
       .password = "ann's",
       .cards = {{.id = "a1", .balance = 100'00}, {.id = "a2", .balance = 0}}},
      {.name = "ben",
       .password = "ben's",
       .cards = {{.id = "b1", .balance = 50'00}}}};
}

// A ledger with these customers; a copy, for hashing takes long.
void CreateLedger(const std::string& path) {
  static const ScratchFile made;
  if (!std::filesystem::exists(made.path())) {
    Ledger::Create(made.path(), Customers());
  }
  std::filesystem::copy_file(made.path(), path);
}

class LedgerTest : public testing::Test {
 protected:
  // Gone before the file is.
  LedgerTest() { CreateLedger(file_.path()); }

  void SetUp() override { Reopen(); }
  void Reopen() {
    ledger_.reset();
    ledger_.emplace(file_.path());
  }

  Ledger& ledger() { return *ledger_; }
  std::string path() const { return file_.path(); }

  Cents BalanceOf(const std::string& customer, const std::string& card) {
    Cents balance = -1;
    EXPECT_EQ(ledger().Balance(customer, card, &balance), LedgerStatus::kDone);
    return balance;
  }
  // What a refused transfer must have left alone.
  void ExpectUntouched() {
    EXPECT_EQ(BalanceOf("ann", "a1"), 100'00);
    EXPECT_EQ(BalanceOf("ann", "a2"), 0);
    EXPECT_EQ(BalanceOf("ben", "b1"), 50'00);
  }

 private:
  ScratchFile file_;
  std::optional<Ledger> ledger_;
};

TEST_F(LedgerTest, Passwords) {
  EXPECT_EQ(ledger().CheckPassword("ann", "ann's"), LedgerStatus::kDone);
  for (const auto& [name, password] : {std::pair("ann", "ben's"),
                                       {"ann", ""},
                                       {"nobody", "ann's"},
                                       {"nobody", ""},
                                       {"ANN", "ann's"},
                                       {"ann' OR '1'='1", "ann's"}}) {
    EXPECT_EQ(ledger().CheckPassword(name, password),
              LedgerStatus::kWrongPassword)
        << name << " " << password;
  }
}

// Otherwise the time would tell who is a customer.
TEST_F(LedgerTest, AnUnknownCustomerTakesAsLongAsAWrongPassword) {
  const auto time = [this](const std::string& name) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(ledger().CheckPassword(name, "x"), LedgerStatus::kWrongPassword);
    return std::chrono::steady_clock::now() - start;
  };
  // The fastest of some: the machine may be busy.
  auto known = time("ann");
  auto unknown = time("nobody");
  for (int i = 0; i < 4; ++i) {
    known = std::min(known, time("ann"));
    unknown = std::min(unknown, time("nobody"));
  }
  EXPECT_GT(unknown, known / 4);
}

TEST_F(LedgerTest, OnlyTheOwnerSeesACard) {
  Cents balance = 0;
  EXPECT_EQ(ledger().Balance("ann", "a1", &balance), LedgerStatus::kDone);
  EXPECT_EQ(balance, 100'00);
  for (const auto& [name, card] :
       {std::pair("ben", "a1"), {"ann", "b1"}, {"ann", "none"}, {"", "a1"}}) {
    EXPECT_EQ(ledger().Balance(name, card, &balance), LedgerStatus::kNoSuchCard)
        << name << " " << card;
  }
}

TEST_F(LedgerTest, Transfers) {
  EXPECT_EQ(ledger().Transfer("ann", "a1", "b1", 12'30), LedgerStatus::kDone);
  EXPECT_EQ(BalanceOf("ann", "a1"), 87'70);
  EXPECT_EQ(BalanceOf("ben", "b1"), 62'30);
  EXPECT_EQ(ledger().Transfer("ann", "a1", "a2", 87'70), LedgerStatus::kDone)
      << "all there is";
  EXPECT_EQ(BalanceOf("ann", "a1"), 0);
  Reopen();
  EXPECT_EQ(BalanceOf("ann", "a2"), 87'70);
  EXPECT_EQ(BalanceOf("ben", "b1"), 62'30);
}

TEST_F(LedgerTest, RefusesATransferAsAWhole) {
  const auto refused = [this](const char* customer, const char* from,
                              const char* to, Cents amount) {
    const LedgerStatus status = ledger().Transfer(customer, from, to, amount);
    ExpectUntouched();
    return status;
  };
  EXPECT_EQ(refused("ann", "a1", "b1", 0), LedgerStatus::kBadAmount);
  EXPECT_EQ(refused("ann", "a1", "b1", -1), LedgerStatus::kBadAmount);
  EXPECT_EQ(refused("ann", "a1", "b1", std::numeric_limits<Cents>::min()),
            LedgerStatus::kBadAmount);
  EXPECT_EQ(refused("ann", "a1", "a1", 1), LedgerStatus::kSameCard);
  EXPECT_EQ(refused("ann", "a1", "none", 1), LedgerStatus::kNoSuchCard);
  EXPECT_EQ(refused("ann", "none", "a1", 1), LedgerStatus::kNoSuchCard);
  EXPECT_EQ(refused("ann", "b1", "a1", 1), LedgerStatus::kNoSuchCard)
      << "somebody else's";
  EXPECT_EQ(refused("ann", "a1", "b1", 100'01), LedgerStatus::kNotEnoughMoney);
  EXPECT_EQ(refused("ann", "a2", "b1", 1), LedgerStatus::kNotEnoughMoney);
  EXPECT_EQ(refused("ann", "a1", "b1", kMost), LedgerStatus::kNotEnoughMoney);
}

TEST_F(LedgerTest, CountsEverything) {
  ASSERT_EQ(ledger().Transfer("ann", "a1", "b1", 1), LedgerStatus::kDone);
  const std::optional<Ledger::Totals> totals = ledger().Count();
  ASSERT_TRUE(totals.has_value());
  EXPECT_EQ(totals->customers, 2);
  EXPECT_EQ(totals->cards, 3);
  EXPECT_EQ(totals->money, 150'00);
}

TEST_F(LedgerTest, RandomTransfersLeaveTheSumAndFollowAModel) {
  std::mt19937 random(1);
  struct ModelCard {
    std::string id, owner;
    Cents balance;
  };
  std::vector<ModelCard> model = {
      {"a1", "ann", 100'00}, {"a2", "ann", 0}, {"b1", "ben", 50'00}};
  const auto any = [&random](std::size_t count) { return random() % count; };
  for (int i = 0; i < 300; ++i) {
    ModelCard& from = model[any(3)];
    ModelCard& to = model[any(3)];
    const std::string customer = any(2) == 0 ? "ann" : "ben";
    const Cents amount = static_cast<Cents>(any(80'00)) - 1'00;
    const bool expected = amount > 0 && &from != &to &&
                          from.owner == customer && from.balance >= amount;
    const LedgerStatus status =
        ledger().Transfer(customer, from.id, to.id, amount);
    ASSERT_EQ(status == LedgerStatus::kDone, expected)
        << customer << " " << from.id << " " << to.id << " " << amount;
    if (!expected) continue;
    from.balance -= amount;
    to.balance += amount;
  }
  Reopen();
  for (const ModelCard& card : model) {
    EXPECT_EQ(BalanceOf(card.owner, card.id), card.balance);
  }
  EXPECT_EQ(ledger().Count()->money, 150'00);
}

TEST_F(LedgerTest, ManyThreads) {
  constexpr int kThreads = 8;
  constexpr int kTransfers = 50;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this, i] {
      for (int j = 0; j < kTransfers; ++j) {
        const LedgerStatus status =
            i % 2 == 0 ? ledger().Transfer("ann", "a1", "b1", 1)
                       : ledger().Transfer("ben", "b1", "a1", 2);
        EXPECT_EQ(status, LedgerStatus::kDone);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  constexpr Cents kMoved = kThreads / 2 * kTransfers;
  EXPECT_EQ(BalanceOf("ann", "a1"), 100'00 + kMoved);
  EXPECT_EQ(BalanceOf("ben", "b1"), 50'00 - kMoved);
}

TEST_F(LedgerTest, IsBusyWhileAnotherProcessWrites) {
  Database other(path());
  other.Execute("BEGIN IMMEDIATE");
  EXPECT_EQ(ledger().Transfer("ann", "a1", "b1", 1), LedgerStatus::kBusy);
  ExpectUntouched();
  other.Execute("ROLLBACK");
  EXPECT_EQ(ledger().Transfer("ann", "a1", "b1", 1), LedgerStatus::kDone);
}

TEST_F(LedgerTest, ADatabaseThatFailsInTheMiddleLeavesNothingBehind) {
  // The second of the two updates of a transfer.
  Database(path()).Execute(
      "CREATE TRIGGER broken BEFORE UPDATE ON cards WHEN new.id = 'b1' "
      "BEGIN SELECT RAISE(ABORT, 'broken'); END");
  EXPECT_EQ(ledger().Transfer("ann", "a1", "b1", 1), LedgerStatus::kFailed);
  ExpectUntouched();
  Database(path()).Execute("DROP TRIGGER broken");
  EXPECT_EQ(ledger().Transfer("ann", "a1", "b1", 1), LedgerStatus::kDone);
}

// What a machine that stops now would leave: opening it carries out what is in
// the log.
Cents AfterACrash(const std::string& path, const std::string& card) {
  const ScratchFile copy;
  for (const char* const suffix : {"", "-wal"}) {
    if (!std::filesystem::exists(path + suffix)) continue;
    std::filesystem::copy_file(path + suffix, copy.path() + suffix);
  }
  Database database(copy.path());
  EXPECT_EQ(database.QueryInteger("SELECT sum(cents) FROM cards"), 150'00);
  return database.QueryInteger("SELECT cents FROM cards WHERE id = '" + card +
                               "'");
}

// Whichever of the calls fails: what is told is true now and after a crash.
TEST_F(LedgerTest, AnAnswerIsTrueWhateverFails) {
  Cents before = BalanceOf("ann", "a1");
  int failed = 0;
  int unknown = 0;
  for (Fault* const fault : {&syncs, &writes}) {
    for (const bool lasts : {false, true}) {
      for (int call = 0; call < 8; ++call) {
        SCOPED_TRACE(std::string(fault == &syncs ? "sync " : "write ") +
                     std::to_string(call) + (lasts ? " and later" : ""));
        fault->Arm(call, lasts);
        const LedgerStatus status = ledger().Transfer("ann", "a1", "b1", 1);
        const bool struck = fault->calls_left <= 0;
        if (status == LedgerStatus::kUnknown) {
          ++unknown;
          Cents balance = 0;
          EXPECT_EQ(ledger().Balance("ann", "a1", &balance),
                    LedgerStatus::kFailed)
              << "before anybody knows";
        }
        fault->Disarm();
        const Cents left = AfterACrash(path(), "a1");
        EXPECT_EQ(BalanceOf("ann", "a1"), left);
        if (status == LedgerStatus::kDone) {
          EXPECT_EQ(left, before - 1);
        } else if (status == LedgerStatus::kFailed) {
          ++failed;
          EXPECT_EQ(left, before);
        } else {
          EXPECT_EQ(status, LedgerStatus::kUnknown);
          EXPECT_TRUE(left == before || left == before - 1) << left;
        }
        EXPECT_TRUE(struck || status == LedgerStatus::kDone);
        before = left;
      }
    }
  }
  EXPECT_GT(failed, 0);
  EXPECT_GT(unknown, 0);
  EXPECT_EQ(ledger().Transfer("ann", "a1", "b1", 1), LedgerStatus::kDone);
}

TEST_F(LedgerTest, AFileThatIsRemovedIsNoticed) {
  for (const std::string& file : {path(), path() + "-wal"}) {
    SCOPED_TRACE(file);
    std::filesystem::rename(file, file + ".away");
    EXPECT_EQ(ledger().Transfer("ann", "a1", "b1", 1), LedgerStatus::kFailed);
    EXPECT_EQ(ledger().CheckPassword("ann", "ann's"), LedgerStatus::kFailed);
    std::ofstream(file) << "another one";
    EXPECT_EQ(ledger().Transfer("ann", "a1", "b1", 1), LedgerStatus::kFailed);
    std::filesystem::rename(file + ".away", file);
    EXPECT_EQ(ledger().CheckPassword("ann", "ann's"), LedgerStatus::kDone);
  }
  ExpectUntouched();
}

// SQLite puts its log beside the file itself.
TEST_F(LedgerTest, AFileMayBeASymbolicLink) {
  const ScratchFile link;
  std::filesystem::create_symlink(path(), link.path());
  Ledger linked(link.path());
  EXPECT_EQ(linked.Transfer("ann", "a1", "b1", 1), LedgerStatus::kDone);
  EXPECT_EQ(BalanceOf("ann", "a1"), 99'99);
  std::filesystem::remove(link.path());
  EXPECT_EQ(linked.Transfer("ann", "a1", "b1", 1), LedgerStatus::kFailed);
}

// Such rows do not come from the ledger.
TEST_F(LedgerTest, ARowThatBreaksARuleEndsNothingButTheRequest) {
  Database(path()).Execute(
      "PRAGMA ignore_check_constraints = 1;"
      "UPDATE cards SET cents = -1 WHERE id = 'a2';"
      "UPDATE customers SET password = 'nonsense' WHERE name = 'ben'");
  Cents balance = 0;
  EXPECT_EQ(ledger().Balance("ann", "a2", &balance), LedgerStatus::kFailed);
  EXPECT_EQ(ledger().Transfer("ann", "a1", "a2", 1), LedgerStatus::kFailed);
  EXPECT_EQ(ledger().Transfer("ann", "a2", "a1", 1), LedgerStatus::kFailed);
  EXPECT_EQ(ledger().CheckPassword("ben", "nonsense"), LedgerStatus::kFailed);
  EXPECT_EQ(BalanceOf("ann", "a1"), 100'00);
  Database(path()).Execute(
      "PRAGMA ignore_check_constraints = 1; UPDATE cards SET cents = -1");
  EXPECT_FALSE(ledger().Count().has_value());
  EXPECT_THROW(Reopen(), DatabaseError);
}

TEST_F(LedgerTest, IsReadableByItsOwnerAlone) {
  struct stat status {};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(LedgerTest, HoldsNoPasswords) {
  std::ifstream file(path(), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  EXPECT_NE(bytes.find("ann"), std::string::npos);
  EXPECT_EQ(bytes.find("ann's"), std::string::npos);
}

TEST_F(LedgerTest, IsNotCreatedOverAnother) {
  EXPECT_THROW(Ledger::Create(path(), {}), std::system_error);
  ExpectUntouched();
}

TEST(LedgerFileTest, ACardThatIsFullTakesNoMore) {
  const ScratchFile file;
  Ledger::Create(file.path(), {{.name = "ann",
                                .password = "x",
                                .cards = {{.id = "full", .balance = kMost - 5},
                                          {.id = "other", .balance = 10}}}});
  Ledger ledger(file.path());
  EXPECT_EQ(ledger.Transfer("ann", "other", "full", 6),
            LedgerStatus::kTooMuchMoney);
  EXPECT_EQ(ledger.Transfer("ann", "other", "full", 5), LedgerStatus::kDone);
  Cents balance = 0;
  EXPECT_EQ(ledger.Balance("ann", "full", &balance), LedgerStatus::kDone);
  EXPECT_EQ(balance, kMost);
}

TEST(LedgerFileTest, AFailedCreationLeavesNoFile) {
  const ScratchFile file;
  const std::vector<Ledger::Customer> twice(
      2, {.name = "ann", .password = "x", .cards = {}});
  EXPECT_THROW(Ledger::Create(file.path(), twice), DatabaseError);
  EXPECT_FALSE(std::filesystem::exists(file.path()));
  EXPECT_THROW(Ledger::Create("/nonexistent/bank.db", {}), std::system_error);
}

// The message of what opening a file throws.
std::string WhyNot(const std::string& path) {
  try {
    const Ledger ledger(path);
  } catch (const DatabaseError& error) {
    return error.what();
  }
  return "";
}

TEST(LedgerFileTest, OpensNothingButALedger) {
  const ScratchFile file;
  EXPECT_TRUE(WhyNot(file.path()).starts_with(file.path() + ": unable"))
      << WhyNot(file.path());
  EXPECT_FALSE(std::filesystem::exists(file.path())) << "created by looking";

  std::ofstream(file.path()) << "";
  EXPECT_NE(WhyNot(file.path()).find("not a ledger"), std::string::npos);
  std::ofstream(file.path()) << std::string(4096, 'x');
  EXPECT_NE(WhyNot(file.path()).find("not a database"), std::string::npos);
  for (const char* const special : {"", ":memory:", "file:x?mode=memory"}) {
    EXPECT_NE(WhyNot(special).find("unable to open"), std::string::npos)
        << special;
  }
}

// What is not to be relied on is not opened.
class DamagedLedgerTest : public testing::Test {
 protected:
  DamagedLedgerTest() { CreateLedger(file_.path()); }

  std::string WhyNotAfter(const std::string& sql) {
    Database(file_.path()).Execute(sql);
    return WhyNot(file_.path());
  }

  const ScratchFile file_;
};

TEST_F(DamagedLedgerTest, RowsThatBreakARule) {
  EXPECT_NE(WhyNotAfter("PRAGMA ignore_check_constraints = 1;"
                        "UPDATE cards SET cents = -1 WHERE id = 'a1'")
                .find("damaged: CHECK"),
            std::string::npos);
  EXPECT_NE(WhyNotAfter("UPDATE cards SET cents = 1 WHERE id = 'a1';"
                        "UPDATE cards SET owner = 'nobody' WHERE id = 'a1'")
                .find("nobody's"),
            std::string::npos);
}

TEST_F(DamagedLedgerTest, AnotherVersion) {
  EXPECT_NE(WhyNotAfter("PRAGMA user_version = 2").find("another version"),
            std::string::npos);
}

TEST_F(DamagedLedgerTest, Pages) {
  std::fstream file(file_.path(), std::ios::in | std::ios::out);
  file.seekp(4096) << std::string(4096, '\x55');
  file.close();
  EXPECT_NE(WhyNot(file_.path()), "");
}

// As a backup may be.
TEST_F(DamagedLedgerTest, AnotherJournalIsPutRight) {
  EXPECT_EQ(WhyNotAfter("PRAGMA journal_mode = DELETE"), "");
  EXPECT_EQ(Database(file_.path()).QueryText("PRAGMA journal_mode"), "wal");
}

// SQLite opens it all the same, for reading.
TEST_F(DamagedLedgerTest, ReadOnly) {
  for (const char* const files : {".db", "-wal", "-shm"}) {
    unwritable = files;
    const std::string why = WhyNot(file_.path());
    unwritable = "";
    EXPECT_TRUE(why.starts_with(file_.path() + ": ")) << files << " " << why;
  }
  EXPECT_EQ(WhyNot(file_.path()), "");
}

}  // namespace

extern "C" {

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  const bool refused = !unwritable.empty() && (flags & O_ACCMODE) != O_RDONLY &&
                       std::string_view(path).ends_with(unwritable);
  if (!refused) {
    return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
  }
  errno = EACCES;
  return -1;
}

int fdatasync(int fd) {
  if (!syncs.Strikes()) return static_cast<int>(::syscall(SYS_fdatasync, fd));
  errno = EIO;
  return -1;
}

int fsync(int fd) {
  if (!syncs.Strikes()) return static_cast<int>(::syscall(SYS_fsync, fd));
  errno = EIO;
  return -1;
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  if (!writes.Strikes())
    return ::syscall(SYS_pwrite64, fd, bytes, size, offset);
  errno = ENOSPC;
  return -1;
}

}  // extern "C"

}  // namespace polymux
