#ifndef POLYMUX_APPS_BANK_DATABASE_H_
#define POLYMUX_APPS_BANK_DATABASE_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace polymux {

// What SQLite says when it cannot go on. Thrown while a database is set up;
// later, errors are values.
class DatabaseError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A connection to an SQLite database file.
//
// Thread: one at a time, as for all that is made from it.
class Database {
 public:
  // Opens a file that exists. Throws DatabaseError, which names it.
  explicit Database(const std::string& path);

  // Runs statements whose results are of no interest. Throws DatabaseError.
  void Execute(const std::string& sql);

  // The first column of the first row. Throws DatabaseError, also when there is
  // no row.
  std::int64_t QueryInteger(const std::string& sql);
  std::string QueryText(const std::string& sql);

  // The file without symbolic links, beside which SQLite puts its others.
  std::string real_path() const;

  // Whether SQLite could open the file for reading only, which it does without
  // a word.
  bool read_only() const;

  // Whether a transaction has been begun and not ended.
  bool in_transaction() const;

  // Another process may hold a lock for so long before it is kBusy.
  void SetBusyTimeout(std::chrono::milliseconds timeout);

  // The file and the last error in words.
  std::string error() const;

 private:
  friend class Statement;

  struct Close {
    void operator()(sqlite3* handle) const;
  };

  std::string path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

// A prepared statement, to be executed any number of times.
class Statement {
 public:
  // Throws DatabaseError. `database` must outlive the statement.
  Statement(const Database& database, std::string_view sql);

 private:
  friend class Execution;

  struct Finalize {
    void operator()(sqlite3_stmt* handle) const;
  };

  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

// One execution of a statement, with values for ?1, ?2 and so on. When it ends,
// the statement can be executed again, and gives up the lock that a SELECT
// holds.
//
// REQUIRES: one Execution of a statement at a time. Text must outlive it.
class Execution {
 public:
  enum class Step {
    kRow,   // a row is there to be read
    kDone,  // there are no more
    kBusy,  // another process holds the lock, and has for the busy timeout
    kError,
  };

  template <typename... Values>
  explicit Execution(Statement& statement, const Values&... values)
      : handle_(statement.handle_.get()) {
    int index = 0;
    (Bind(++index, values), ...);
  }
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;
  ~Execution();

  Step Next();

  // Of the current row; columns count from zero. Text throws std::bad_alloc
  // when there is no memory for it, rather than being empty.
  std::int64_t Integer(int column) const;
  std::string Text(int column) const;

 private:
  void Bind(int index, std::int64_t value);
  void Bind(int index, std::string_view value);

  sqlite3_stmt* const handle_;
};

}  // namespace polymux

#endif  // POLYMUX_APPS_BANK_DATABASE_H_
