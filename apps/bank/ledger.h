#ifndef POLYMUX_APPS_BANK_LEDGER_H_
#define POLYMUX_APPS_BANK_LEDGER_H_

#include <cstdint>
#include <memory>
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
  kFailed,        // the database failed, which is logged; nothing was done
  kUnknown,       // likewise, but perhaps it was done
};

// A sentence for the customer.
std::string_view ToString(LedgerStatus status);

// Customers, their cards and the money on them, in an SQLite database.
//
// Every operation is all or nothing. A transfer is one transaction; once it has
// returned kDone it survives kill -9 of the process and the loss of power:
// the write-ahead log is synced before it returns (journal_mode=WAL,
// synchronous=FULL). Where the end of a transaction fails (a sync, a full
// disk), the transaction may be in the log all the same, to be carried out by
// whoever opens the file next. So the ledger closes the file, opens it, and
// looks: what it then sees is told, and is on disk. Where that fails too, the
// answer is kUnknown, and nothing is answered but kFailed until it succeeds.
//
// A file that is removed or replaced is noticed before whatever is asked, and
// before a transfer is called done.
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

  // Removes what Create made, as far as it can be. REQUIRES: nobody has it
  // open.
  static void Remove(const std::string& path);

  // Opens what Create made. Throws DatabaseError, which names the file and says
  // why it cannot be relied on (LedgerFile).
  explicit Ledger(const std::string& path);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // Whether that is the customer's password: kDone or kWrongPassword; kFailed
  // when there is no memory to check it. Takes some tens of milliseconds, and
  // as long for a customer that there is not.
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
  struct Found {
    std::string owner;
    Cents balance;
  };
  // What a transfer makes of two cards.
  struct Movement {
    std::string from;
    std::string to;
    Cents amount;
    Cents from_before;
    Cents to_before;
  };
  // The open file and what can be asked of it.
  struct Books;

  // Calls `operation`, which gives a status, with the books open, if they can
  // be. What it throws (for want of memory, say) is logged: kFailed.
  template <typename Operation>
  LedgerStatus WithBooks(Operation operation);
  // The part of Transfer that knows the cards: reads and checks them.
  LedgerStatus Plan(std::string_view customer, Movement* movement)
      POLYMUX_REQUIRES(mutex_);
  // The transaction. `ending`: it came to its COMMIT; if that has failed, the
  // status says nothing of what was done.
  LedgerStatus Move(std::string_view customer, Movement* movement, bool* ending)
      POLYMUX_REQUIRES(mutex_);
  // Opens the books anew and sees in them what became of the movement.
  LedgerStatus OutcomeOf(const Movement& movement) POLYMUX_REQUIRES(mutex_);
  LedgerStatus FindPassword(std::string_view customer, bool* exists,
                            std::string* hash) POLYMUX_REQUIRES(mutex_);
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

  const std::string path_;
  // Verified against when there is no such customer, so that this takes as
  // long.
  const std::string nobody_;

  Mutex mutex_;
  // Null: to be opened before anything else is done.
  std::unique_ptr<Books> books_ POLYMUX_GUARDED_BY(mutex_);
};

}  // namespace polymux

#endif  // POLYMUX_APPS_BANK_LEDGER_H_
