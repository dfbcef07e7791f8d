#include "apps/bank/ledger_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include "reactor/unique_fd.h"

namespace polymux {
namespace {

// "Plmx": tells a ledger from any other SQLite database.
constexpr std::int64_t kApplicationId = 0x506c6d78;
constexpr std::int64_t kSchemaVersion = 1;

// Only another process can hold the lock: a backup, somebody's sqlite3.
constexpr std::chrono::seconds kBusyTimeout(2);

// The checks repeat what the ledger's code assures: a mistake there shall fail
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

std::string SetVersion() {
  return "PRAGMA user_version = " + std::to_string(kSchemaVersion) + ";";
}

}  // namespace

void CreateLedgerFile(const std::string& path) {
  // Not as SQLite would, which takes one that exists.
  const UniqueFd file(
      ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
  if (!file) throw std::system_error(errno, std::system_category(), path);
}

void RemoveLedgerFile(const std::string& path) {
  for (const char* const suffix : {"", "-wal", "-shm", "-journal"}) {
    std::error_code ignored;
    std::filesystem::remove(path + suffix, ignored);
  }
}

void MakeLedger(Database& database, const std::function<void()>& fill) {
  database.Execute(
      "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; BEGIN");
  database.Execute(kSchema);
  fill();
  database.Execute("PRAGMA application_id = " + std::to_string(kApplicationId) +
                   ";" + SetVersion() + "COMMIT");
}

LedgerFile::LedgerFile(const std::string& path) : path_(path), database_(path) {
  database_.SetBusyTimeout(kBusyTimeout);
  CheckKind();
  Configure();
  CheckContent();
  Settle();
  file_identity_ = IdentityOf(path_);
  log_identity_ = IdentityOf(log());
  if (!file_identity_ || !log_identity_) {
    throw DatabaseError(path_ + ": removed while it was opened");
  }
}

void LedgerFile::CheckKind() {
  if (database_.read_only()) {
    throw DatabaseError(path_ + ": cannot be written");
  }
  if (database_.QueryInteger("PRAGMA application_id") != kApplicationId) {
    throw DatabaseError(path_ +
                        ": not a ledger, or its creation was cut short");
  }
  if (database_.QueryInteger("PRAGMA user_version") != kSchemaVersion) {
    throw DatabaseError(path_ + ": a ledger of another version");
  }
}

void LedgerFile::Configure() {
  // A copy by SQLite's VACUUM INTO, say, is in another mode.
  const std::string mode = database_.QueryText("PRAGMA journal_mode = WAL");
  if (mode != "wal") {
    throw DatabaseError(path_ + ": has no write-ahead log but the journal '" +
                        mode + "'");
  }
  database_.Execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  if (database_.QueryInteger("PRAGMA synchronous") != 2 ||
      database_.QueryInteger("PRAGMA foreign_keys") != 1) {
    throw DatabaseError(path_ + ": SQLite does not sync, or checks no keys");
  }
}

void LedgerFile::CheckContent() {
  const std::string found = database_.QueryText("PRAGMA integrity_check(1)");
  if (found != "ok") throw DatabaseError(path_ + ": damaged: " + found);
  Statement keys(database_, "PRAGMA foreign_key_check");
  if (Execution(keys).Next() != Execution::Step::kDone) {
    throw DatabaseError(path_ + ": damaged: a card that is nobody's");
  }
}

void LedgerFile::Settle() {
  database_.Execute("BEGIN IMMEDIATE;" + SetVersion() + "COMMIT");
  // Not only synced: after a sync that has failed, the kernel may take pages
  // for clean that are not on disk, and the next sync succeeds. This writes
  // them once more, to another place.
  if (database_.QueryInteger("PRAGMA wal_checkpoint(TRUNCATE)") != 0) {
    throw DatabaseError(path_ + ": another process keeps it busy");
  }
}

std::optional<LedgerFile::Identity> LedgerFile::IdentityOf(
    const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return Identity{.device = status.st_dev, .inode = status.st_ino};
}

std::optional<std::string> LedgerFile::WhatHappened() const {
  if (IdentityOf(path_) != file_identity_) {
    return path_ + ": has been removed or replaced";
  }
  if (IdentityOf(log()) != log_identity_) {
    return log() + ": has been removed or replaced";
  }
  return std::nullopt;
}

}  // namespace polymux
