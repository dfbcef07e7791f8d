#include "apps/bank/database.h"

#include <sqlite3.h>

#include <new>

#include "poller/check.h"

namespace polymux {

Database::Database(const std::string& path) : path_(path) {
  // NOMUTEX: the user keeps threads apart. Not created when it is missing.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  // SQLite would take ":memory:" and the empty name for no file at all.
  const std::string name = path.starts_with('/') ? path : "./" + path;
  sqlite3* handle = nullptr;
  const int result = ::sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
  // To be closed in either case.
  handle_.reset(handle);
  if (result != SQLITE_OK) throw DatabaseError(error());
}

void Database::Close::operator()(sqlite3* handle) const {
  ::sqlite3_close(handle);
}

void Database::Execute(const std::string& sql) {
  if (::sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) !=
      SQLITE_OK) {
    throw DatabaseError(error());
  }
}

std::int64_t Database::QueryInteger(const std::string& sql) {
  Statement statement(*this, sql);
  Execution execution(statement);
  if (execution.Next() != Execution::Step::kRow) throw DatabaseError(error());
  return execution.Integer(0);
}

std::string Database::QueryText(const std::string& sql) {
  Statement statement(*this, sql);
  Execution execution(statement);
  if (execution.Next() != Execution::Step::kRow) throw DatabaseError(error());
  return execution.Text(0);
}

std::string Database::real_path() const {
  return ::sqlite3_db_filename(handle_.get(), "main");
}

bool Database::read_only() const {
  return ::sqlite3_db_readonly(handle_.get(), "main") != 0;
}

bool Database::in_transaction() const {
  return ::sqlite3_get_autocommit(handle_.get()) == 0;
}

void Database::SetBusyTimeout(std::chrono::milliseconds timeout) {
  ::sqlite3_busy_timeout(handle_.get(), static_cast<int>(timeout.count()));
}

std::string Database::error() const {
  return path_ + ": " + ::sqlite3_errmsg(handle_.get());
}

Statement::Statement(const Database& database, std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  if (::sqlite3_prepare_v3(
          database.handle_.get(), sql.data(), static_cast<int>(sql.size()),
          SQLITE_PREPARE_PERSISTENT, &handle, nullptr) != SQLITE_OK) {
    throw DatabaseError(database.error());
  }
  handle_.reset(handle);
}

void Statement::Finalize::operator()(sqlite3_stmt* handle) const {
  ::sqlite3_finalize(handle);
}

Execution::~Execution() {
  ::sqlite3_reset(handle_);
  ::sqlite3_clear_bindings(handle_);
}

Execution::Step Execution::Next() {
  switch (::sqlite3_step(handle_)) {
    case SQLITE_ROW:
      return Step::kRow;
    case SQLITE_DONE:
      return Step::kDone;
    case SQLITE_BUSY:
      return Step::kBusy;
    default:
      return Step::kError;
  }
}

std::int64_t Execution::Integer(int column) const {
  return ::sqlite3_column_int64(handle_, column);
}

std::string Execution::Text(int column) const {
  if (::sqlite3_column_type(handle_, column) == SQLITE_NULL) return {};
  const unsigned char* const text = ::sqlite3_column_text(handle_, column);
  if (text == nullptr) throw std::bad_alloc();
  const int size = ::sqlite3_column_bytes(handle_, column);
  return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)};
}

void Execution::Bind(int index, std::int64_t value) {
  const int result = ::sqlite3_bind_int64(handle_, index, value);
  POLYMUX_CHECK(result == SQLITE_OK, "no such parameter, or in execution");
}

void Execution::Bind(int index, std::string_view value) {
  // Never null, which would bind NULL.
  const int result =
      ::sqlite3_bind_text(handle_, index, value.empty() ? "" : value.data(),
                          static_cast<int>(value.size()), SQLITE_STATIC);
  POLYMUX_CHECK(result == SQLITE_OK, "no such parameter, or in execution");
}

}  // namespace polymux
