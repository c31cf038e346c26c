// table_output.h - one table file on its way from nothing to "may be named in the manifest".
//
// THREADS    one at a time.
// OWNS       the file until finish(); an unfinished one is removed, since no edit can name it.
#pragma once

#include <memory>

#include "engine/context.h"
#include "lsm/version.h"
#include "table/table_builder.h"

namespace nacre::engine {

class TableOutput {
 public:
  /// `last_level` chooses the compression.
  static Result<std::unique_ptr<TableOutput>> create(Context& context, FileNumber number,
                                                     bool last_level);
  TableOutput(const TableOutput&) = delete;
  TableOutput& operator=(const TableOutput&) = delete;
  ~TableOutput();

  /// In internal order.
  Status add(const Entry& entry);
  std::uint64_t bytes() const;
  /// Writes the rest, syncs file and directory, and opens the table.
  Result<TablePtr> finish();

 private:
  TableOutput(Context& context, FileNumber number) : context_(context), number_(number) {}

  Context& context_;
  const FileNumber number_;
  std::unique_ptr<WritableFile> file_;
  std::unique_ptr<TableBuilder> builder_;
  bool finished_ = false;
};

/// Opens the file of a table that the manifest names, and checks that it is the one it names.
Result<TablePtr> open_table(Context& context, const TableMeta& meta);

}  // namespace nacre::engine
