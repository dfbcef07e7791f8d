#ifndef POLYMUX_APPS_BANK_LEDGER_FILE_H_
#define POLYMUX_APPS_BANK_LEDGER_FILE_H_

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "apps/bank/database.h"

namespace polymux {

// The file of a ledger: what must be true of it before money is entrusted to
// it, and whether it is still there.

// Creates an empty file, readable by its owner alone. Throws std::system_error
// when there is one, or it cannot be written.
void CreateLedgerFile(const std::string& path);

// Makes the tables in an empty database and calls `fill`, in one transaction
// that also marks the file as a ledger. Throws DatabaseError.
void MakeLedger(Database& database, const std::function<void()>& fill);

// Removes the file and those that SQLite puts beside it, as far as they can be.
void RemoveLedgerFile(const std::string& path);

// An open one.
//
// Thread: one at a time.
class LedgerFile {
 public:
  // Opens what MakeLedger made. Throws DatabaseError, which names the file and
  // says why it cannot be relied on: it is no ledger or one of another version;
  // it or its folder cannot be written; pages are damaged, or rows break a
  // rule; the write-ahead log cannot be had or synced.
  //
  // What an earlier process has left in the log is in the file afterwards, and
  // on disk: what is read from now on cannot be taken back.
  explicit LedgerFile(const std::string& path);

  Database& database() { return database_; }

  // Empty as long as the path leads to the file that was opened, and its log is
  // there; else what is wrong. Who writes to a file that has been removed is
  // told that all is well.
  std::optional<std::string> WhatHappened() const;

 private:
  struct Identity {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const Identity&) const = default;
  };

  static std::optional<Identity> IdentityOf(const std::string& path);
  std::string log() const { return database_.real_path() + "-wal"; }
  // Each throws DatabaseError.
  void CheckKind();
  void CheckContent();
  void Configure();
  // Has written, so that what cannot be written is found out now.
  void Settle();

  const std::string path_;
  Database database_;
  std::optional<Identity> file_identity_;
  std::optional<Identity> log_identity_;
};

}  // namespace polymux

#endif  // POLYMUX_APPS_BANK_LEDGER_FILE_H_
