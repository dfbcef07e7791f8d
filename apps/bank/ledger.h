#ifndef POLYMUX_APPS_BANK_LEDGER_H_
#define POLYMUX_APPS_BANK_LEDGER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/bank/database.h"
#include "apps/bank/money.h"
#include "reactor/mutex.h"

namespace polymux {

enum class LedgerStatus {
  kDone,
  kWrongPassword,  // or no such customer: nobody shall learn which
  kNoSuchCard,     // or not the customer's own, likewise
  kSameCard,
  kBadAmount,  // zero or negative
  kNotEnoughMoney,
  kTooMuchMoney,  // more than the receiving card can hold
  kBusy,          // another process holds the database
  kFailed,        // the database failed, which has been logged
};

// A sentence for the customer.
std::string_view ToString(LedgerStatus status);

// Customers, their cards and the money on them, in an SQLite database.
//
// Every operation is all or nothing. A transfer is one transaction; once it has
// returned kDone it survives kill -9 of the process and the loss of power:
// the write-ahead log is synced before it returns (journal_mode=WAL,
// synchronous=FULL).
//
// There is one connection behind one lock. SQLite has one writer at a time in
// any case. With a connection for each of 8 threads just as many transfers got
// done (7,400 a second behind the lock, 7,700 without), but the others waited
// in SQLite's busy handler, which sleeps and looks again, instead of in a
// queue: for up to 2.2 s, compared with 0.12 s. The dear part of a login, the
// hashing, is done outside the lock.
//
// Thread: any. All operations may block: not for an event loop.
class Ledger {
 public:
  struct Card {
    std::string id;
    Cents balance;
  };
  struct Customer {
    std::string name;
    std::string password;
    std::vector<Card> cards;
  };
  struct Totals {
    std::int64_t customers;
    std::int64_t cards;
    Cents money;
  };

  // Creates the file with these customers, readable by its owner alone. Throws
  // std::system_error when the file exists or cannot be written, DatabaseError
  // when SQLite refuses; there is no file then that was not there before.
  static void Create(const std::string& path,
                     const std::vector<Customer>& customers);

  // Opens what Create made. Throws DatabaseError, which names the file and says
  // why it is not a ledger.
  explicit Ledger(const std::string& path);

  // Whether that is the customer's password: kDone or kWrongPassword. Takes
  // some tens of milliseconds, and as long for a customer that there is not.
  LedgerStatus CheckPassword(std::string_view customer,
                             std::string_view password);

  // What is on the customer's own card.
  LedgerStatus Balance(std::string_view customer, std::string_view card,
                       Cents* balance);

  // Moves `amount` from the customer's own card to any other card.
  LedgerStatus Transfer(std::string_view customer, std::string_view from,
                        std::string_view to, Cents amount);

  // Empty when the database fails, which is logged.
  std::optional<Totals> Count();

 private:
  // The part of Transfer between BEGIN and COMMIT.
  LedgerStatus Move(std::string_view customer, std::string_view from,
                    std::string_view to, Cents amount) POLYMUX_REQUIRES(mutex_);
  struct Found {
    std::string owner;
    Cents balance;
  };
  LedgerStatus Find(std::string_view card, Found* found)
      POLYMUX_REQUIRES(mutex_);
  LedgerStatus FindOwn(std::string_view customer, std::string_view card,
                       Cents* balance) POLYMUX_REQUIRES(mutex_);
  // Executes a statement that gives no rows.
  template <typename... Values>
  LedgerStatus Run(Statement& statement, const Values&... values)
      POLYMUX_REQUIRES(mutex_);
  // Of a step that should have gone well; logs when it has not.
  LedgerStatus Failure(Execution::Step step) POLYMUX_REQUIRES(mutex_);

  // Verified against when there is no such customer, so that this takes as
  // long.
  const std::string nobody_;

  Mutex mutex_;
  Database database_ POLYMUX_GUARDED_BY(mutex_);
  Statement begin_ POLYMUX_GUARDED_BY(mutex_);
  Statement commit_ POLYMUX_GUARDED_BY(mutex_);
  Statement roll_back_ POLYMUX_GUARDED_BY(mutex_);
  Statement find_password_ POLYMUX_GUARDED_BY(mutex_);
  Statement find_card_ POLYMUX_GUARDED_BY(mutex_);
  Statement set_balance_ POLYMUX_GUARDED_BY(mutex_);
  Statement count_ POLYMUX_GUARDED_BY(mutex_);
};

}  // namespace polymux

#endif  // POLYMUX_APPS_BANK_LEDGER_H_
