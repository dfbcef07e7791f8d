#include "apps/bank/ledger.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <limits>
#include <system_error>

#include "apps/bank/password.h"
#include "reactor/unique_fd.h"

namespace polymux {
namespace {

using Step = Execution::Step;

// "Plmx": tells a ledger from any other SQLite database.
constexpr std::int64_t kApplicationId = 0x506c6d78;
constexpr std::int64_t kSchemaVersion = 1;

// Only another process can hold the lock: a backup, somebody's sqlite3.
constexpr std::chrono::seconds kBusyTimeout(2);

// The checks repeat what the code below assures: a mistake there shall fail
// and not make money.
constexpr const char* kSchema = R"(
  CREATE TABLE customers (
    name TEXT PRIMARY KEY,
    password TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE cards (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL REFERENCES customers (name),
    cents INTEGER NOT NULL CHECK (cents >= 0)
  ) STRICT, WITHOUT ROWID;
)";

// Creates an empty file; not as SQLite would, which takes one that exists.
void CreateFile(const std::string& path) {
  const UniqueFd file(
      ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
  if (!file) throw std::system_error(errno, std::system_category(), path);
}

void Insert(Database& database, Execution execution) {
  if (execution.Next() != Step::kDone) throw DatabaseError(database.error());
}

void Fill(const std::string& path,
          const std::vector<Ledger::Customer>& customers) {
  Database database(path);
  database.Execute(
      "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; BEGIN");
  database.Execute(kSchema);
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
  database.Execute("PRAGMA application_id = " + std::to_string(kApplicationId) +
                   "; PRAGMA user_version = " + std::to_string(kSchemaVersion) +
                   "; COMMIT");
}

Database Open(const std::string& path) {
  Database database(path);
  database.SetBusyTimeout(kBusyTimeout);
  if (database.QueryInteger("PRAGMA application_id") != kApplicationId) {
    throw DatabaseError(path + ": not a ledger, or its creation was cut short");
  }
  if (database.QueryInteger("PRAGMA user_version") != kSchemaVersion) {
    throw DatabaseError(path + ": a ledger of another version");
  }
  database.Execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  return database;
}

}  // namespace

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
  }
  return "unknown";
}

void Ledger::Create(const std::string& path,
                    const std::vector<Customer>& customers) {
  CreateFile(path);
  try {
    Fill(path, customers);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    throw;
  }
}

Ledger::Ledger(const std::string& path)
    : nobody_(HashPassword("")),
      database_(Open(path)),
      begin_(database_, "BEGIN IMMEDIATE"),
      commit_(database_, "COMMIT"),
      roll_back_(database_, "ROLLBACK"),
      find_password_(database_,
                     "SELECT password FROM customers WHERE name = ?1"),
      find_card_(database_, "SELECT owner, cents FROM cards WHERE id = ?1"),
      set_balance_(database_, "UPDATE cards SET cents = ?2 WHERE id = ?1"),
      count_(database_,
             "SELECT (SELECT count(*) FROM customers), count(*),"
             " coalesce(sum(cents), 0) FROM cards") {}

LedgerStatus Ledger::CheckPassword(std::string_view customer,
                                   std::string_view password) {
  bool exists = false;
  std::string hash = nobody_;
  {
    const MutexLock lock(mutex_);
    Execution execution(find_password_, customer);
    const Step step = execution.Next();
    if (step == Step::kBusy || step == Step::kError) return Failure(step);
    exists = step == Step::kRow;
    if (exists) hash = execution.Text(0);
  }
  const bool matches = VerifyPassword(hash, password);
  return exists && matches ? LedgerStatus::kDone : LedgerStatus::kWrongPassword;
}

LedgerStatus Ledger::Balance(std::string_view customer, std::string_view card,
                             Cents* balance) {
  const MutexLock lock(mutex_);
  return FindOwn(customer, card, balance);
}

LedgerStatus Ledger::Transfer(std::string_view customer, std::string_view from,
                              std::string_view to, Cents amount) {
  if (amount <= 0) return LedgerStatus::kBadAmount;
  if (from == to) return LedgerStatus::kSameCard;
  const MutexLock lock(mutex_);
  LedgerStatus status = Run(begin_);
  if (status != LedgerStatus::kDone) return status;
  status = Move(customer, from, to, amount);
  if (status == LedgerStatus::kDone) status = Run(commit_);
  // Some errors have rolled back already; then this one says so, and is of no
  // interest.
  if (status != LedgerStatus::kDone) Execution(roll_back_).Next();
  return status;
}

LedgerStatus Ledger::Move(std::string_view customer, std::string_view from,
                          std::string_view to, Cents amount) {
  Cents debit_from = 0;
  LedgerStatus status = FindOwn(customer, from, &debit_from);
  if (status != LedgerStatus::kDone) return status;
  Found receiver;
  status = Find(to, &receiver);
  if (status != LedgerStatus::kDone) return status;
  if (debit_from < amount) return LedgerStatus::kNotEnoughMoney;
  if (receiver.balance > std::numeric_limits<Cents>::max() - amount) {
    return LedgerStatus::kTooMuchMoney;
  }
  status = Run(set_balance_, from, debit_from - amount);
  if (status != LedgerStatus::kDone) return status;
  return Run(set_balance_, to, receiver.balance + amount);
}

LedgerStatus Ledger::Find(std::string_view card, Found* found) {
  Execution execution(find_card_, card);
  const Step step = execution.Next();
  if (step == Step::kDone) return LedgerStatus::kNoSuchCard;
  if (step != Step::kRow) return Failure(step);
  *found = {.owner = execution.Text(0), .balance = execution.Integer(1)};
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
  const MutexLock lock(mutex_);
  Execution execution(count_);
  const Step step = execution.Next();
  if (step != Step::kRow) {
    Failure(step);
    return std::nullopt;
  }
  return Totals{.customers = execution.Integer(0),
                .cards = execution.Integer(1),
                .money = execution.Integer(2)};
}

template <typename... Values>
LedgerStatus Ledger::Run(Statement& statement, const Values&... values) {
  const Step step = Execution(statement, values...).Next();
  return step == Step::kDone ? LedgerStatus::kDone : Failure(step);
}

LedgerStatus Ledger::Failure(Step step) {
  spdlog::error("{}", database_.error());
  return step == Step::kBusy ? LedgerStatus::kBusy : LedgerStatus::kFailed;
}

}  // namespace polymux
