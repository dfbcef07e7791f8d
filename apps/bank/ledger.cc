#include "apps/bank/ledger.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <limits>
#include <utility>

#include "apps/bank/ledger_file.h"
#include "apps/bank/password.h"

namespace polymux {
namespace {

using Step = Execution::Step;

void Insert(Database& database, Execution execution) {
  if (execution.Next() != Step::kDone) throw DatabaseError(database.error());
}

void Fill(Database& database, const std::vector<Ledger::Customer>& customers) {
  Statement add_customer(database, "INSERT INTO customers VALUES (?1, ?2)");
  Statement add_card(database, "INSERT INTO cards VALUES (?1, ?2, ?3)");
  for (const Ledger::Customer& customer : customers) {
    const std::string hash = HashPassword(customer.password);
    Insert(database, Execution(add_customer, customer.name, hash));
    for (const Ledger::Card& card : customer.cards) {
      Insert(database,
             Execution(add_card, card.id, customer.name, card.balance));
    }
  }
}

}  // namespace

struct Ledger::Books {
  explicit Books(const std::string& path)
      : file(path),
        begin(file.database(), "BEGIN IMMEDIATE"),
        commit(file.database(), "COMMIT"),
        roll_back(file.database(), "ROLLBACK"),
        find_password(file.database(),
                      "SELECT password FROM customers WHERE name = ?1"),
        find_card(file.database(),
                  "SELECT owner, cents FROM cards WHERE id = ?1"),
        set_balance(file.database(),
                    "UPDATE cards SET cents = ?2 WHERE id = ?1"),
        count(file.database(),
              "SELECT (SELECT count(*) FROM customers), count(*),"
              " coalesce(sum(cents), 0) FROM cards") {}

  LedgerFile file;
  Statement begin;
  Statement commit;
  Statement roll_back;
  Statement find_password;
  Statement find_card;
  Statement set_balance;
  Statement count;
};

std::string_view ToString(LedgerStatus status) {
  switch (status) {
    case LedgerStatus::kDone:
      return "done";
    case LedgerStatus::kWrongPassword:
      return "wrong user name or password";
    case LedgerStatus::kNoSuchCard:
      return "no such card";
    case LedgerStatus::kSameCard:
      return "from and to are the same card";
    case LedgerStatus::kBadAmount:
      return "the amount must be above zero";
    case LedgerStatus::kNotEnoughMoney:
      return "not enough money on the card";
    case LedgerStatus::kTooMuchMoney:
      return "more than the card can hold";
    case LedgerStatus::kBusy:
      return "the bank is busy, nothing was done";
    case LedgerStatus::kFailed:
      return "the bank is out of order, nothing was done";
    case LedgerStatus::kUnknown:
      return "the bank is out of order, look at the balance later: it is not "
             "known whether this was done";
  }
  return "unknown";
}

void Ledger::Create(const std::string& path,
                    const std::vector<Customer>& customers) {
  CreateLedgerFile(path);
  try {
    Database database(path);
    MakeLedger(database, [&] { Fill(database, customers); });
  } catch (...) {
    RemoveLedgerFile(path);
    throw;
  }
}

void Ledger::Remove(const std::string& path) { RemoveLedgerFile(path); }

Ledger::Ledger(const std::string& path)
    : path_(path),
      nobody_(HashPassword("")),
      books_(std::make_unique<Books>(path)) {}

Ledger::~Ledger() = default;

LedgerStatus Ledger::CheckPassword(std::string_view customer,
                                   std::string_view password) {
  bool exists = false;
  std::string hash = nobody_;
  const LedgerStatus found = WithBooks([&]() POLYMUX_REQUIRES(mutex_) {
    return FindPassword(customer, &exists, &hash);
  });
  if (found != LedgerStatus::kDone) return found;
  try {
    // Without the lock: it takes long.
    const bool matches = VerifyPassword(hash, password);
    return exists && matches ? LedgerStatus::kDone
                             : LedgerStatus::kWrongPassword;
  } catch (const std::exception& error) {
    spdlog::error("{}: a password cannot be checked: {}", path_, error.what());
    return LedgerStatus::kFailed;
  }
}

LedgerStatus Ledger::Balance(std::string_view customer, std::string_view card,
                             Cents* balance) {
  return WithBooks([&]() POLYMUX_REQUIRES(mutex_) {
    return FindOwn(customer, card, balance);
  });
}

LedgerStatus Ledger::Transfer(std::string_view customer, std::string_view from,
                              std::string_view to, Cents amount) {
  if (amount <= 0) return LedgerStatus::kBadAmount;
  if (from == to) return LedgerStatus::kSameCard;
  return WithBooks([&]() POLYMUX_REQUIRES(mutex_) {
    Movement movement{.from = std::string(from),
                      .to = std::string(to),
                      .amount = amount,
                      .from_before = 0,
                      .to_before = 0};
    bool ending = false;
    const LedgerStatus status = Move(customer, &movement, &ending);
    if (!ending) return status;
    if (status != LedgerStatus::kDone) return OutcomeOf(movement);
    const auto happened = books_->file.WhatHappened();
    if (happened) spdlog::error("{}", *happened);
    return happened ? LedgerStatus::kUnknown : LedgerStatus::kDone;
  });
}

template <typename Operation>
LedgerStatus Ledger::WithBooks(Operation operation) {
  const MutexLock lock(mutex_);
  try {
    if (!books_) books_ = std::make_unique<Books>(path_);
    if (const auto happened = books_->file.WhatHappened()) {
      // Not opened anew: another file may be there, beside the log of this one.
      throw DatabaseError(*happened);
    }
    return operation();
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    return LedgerStatus::kFailed;
  }
}

LedgerStatus Ledger::Plan(std::string_view customer, Movement* movement) {
  LedgerStatus status =
      FindOwn(customer, movement->from, &movement->from_before);
  if (status != LedgerStatus::kDone) return status;
  Found receiver;
  status = Find(movement->to, &receiver);
  if (status != LedgerStatus::kDone) return status;
  movement->to_before = receiver.balance;
  if (movement->from_before < movement->amount) {
    return LedgerStatus::kNotEnoughMoney;
  }
  if (receiver.balance > std::numeric_limits<Cents>::max() - movement->amount) {
    return LedgerStatus::kTooMuchMoney;
  }
  return LedgerStatus::kDone;
}

LedgerStatus Ledger::Move(std::string_view customer, Movement* movement,
                          bool* ending) {
  // Also when something throws.
  struct RollBack {
    ~RollBack() {
      if (!books.file.database().in_transaction()) return;
      Execution(books.roll_back).Next();
      unusable = books.file.database().in_transaction();
    }
    Books& books;
    bool& unusable;
  };
  bool unusable = false;
  LedgerStatus status = LedgerStatus::kDone;
  {
    const RollBack roll_back{.books = *books_, .unusable = unusable};
    status = Run(books_->begin);
    if (status == LedgerStatus::kDone) status = Plan(customer, movement);
    if (status == LedgerStatus::kDone) {
      status = Run(books_->set_balance, movement->from,
                   movement->from_before - movement->amount);
    }
    if (status == LedgerStatus::kDone) {
      status = Run(books_->set_balance, movement->to,
                   movement->to_before + movement->amount);
    }
    if (status == LedgerStatus::kDone) {
      *ending = true;
      status = Run(books_->commit);
    }
  }
  if (unusable) books_.reset();
  return status;
}

LedgerStatus Ledger::OutcomeOf(const Movement& movement) {
  try {
    spdlog::warn("{}: the end of a transaction has failed; looking again",
                 path_);
    books_.reset();
    books_ = std::make_unique<Books>(path_);
    Found from;
    Found to;
    if (Find(movement.from, &from) == LedgerStatus::kDone &&
        Find(movement.to, &to) == LedgerStatus::kDone) {
      if (from.balance == movement.from_before &&
          to.balance == movement.to_before) {
        return LedgerStatus::kFailed;
      }
      if (from.balance == movement.from_before - movement.amount &&
          to.balance == movement.to_before + movement.amount) {
        return LedgerStatus::kDone;
      }
    }
    spdlog::error("{}: what became of a transfer cannot be seen", path_);
  } catch (const std::exception& error) {
    spdlog::error("{}: what became of a transfer cannot be seen: {}", path_,
                  error.what());
  }
  return LedgerStatus::kUnknown;
}

LedgerStatus Ledger::FindPassword(std::string_view customer, bool* exists,
                                  std::string* hash) {
  Execution execution(books_->find_password, customer);
  const Step step = execution.Next();
  if (step == Step::kBusy || step == Step::kError) return Failure(step);
  *exists = step == Step::kRow;
  if (*exists) *hash = execution.Text(0);
  return LedgerStatus::kDone;
}

LedgerStatus Ledger::Find(std::string_view card, Found* found) {
  Execution execution(books_->find_card, card);
  const Step step = execution.Next();
  if (step == Step::kDone) return LedgerStatus::kNoSuchCard;
  if (step != Step::kRow) return Failure(step);
  *found = {.owner = execution.Text(0), .balance = execution.Integer(1)};
  if (found->balance < 0) {
    // The table's own check forbids it, but it can be turned off.
    spdlog::error("{}: less than nothing is on the card {}", path_, card);
    return LedgerStatus::kFailed;
  }
  return LedgerStatus::kDone;
}

LedgerStatus Ledger::FindOwn(std::string_view customer, std::string_view card,
                             Cents* balance) {
  Found found;
  const LedgerStatus status = Find(card, &found);
  if (status != LedgerStatus::kDone) return status;
  if (found.owner != customer) return LedgerStatus::kNoSuchCard;
  *balance = found.balance;
  return LedgerStatus::kDone;
}

std::optional<Ledger::Totals> Ledger::Count() {
  std::optional<Totals> totals;
  WithBooks([&]() POLYMUX_REQUIRES(mutex_) {
    Execution execution(books_->count);
    const Step step = execution.Next();
    if (step != Step::kRow) return Failure(step);
    const Totals found{.customers = execution.Integer(0),
                       .cards = execution.Integer(1),
                       .money = execution.Integer(2)};
    if (found.money < 0) {
      spdlog::error("{}: less than nothing is on all cards", path_);
      return LedgerStatus::kFailed;
    }
    totals = found;
    return LedgerStatus::kDone;
  });
  return totals;
}

template <typename... Values>
LedgerStatus Ledger::Run(Statement& statement, const Values&... values) {
  const Step step = Execution(statement, values...).Next();
  return step == Step::kDone ? LedgerStatus::kDone : Failure(step);
}

LedgerStatus Ledger::Failure(Step step) {
  spdlog::error("{}", books_->file.database().error());
  return step == Step::kBusy ? LedgerStatus::kBusy : LedgerStatus::kFailed;
}

}  // namespace polymux
