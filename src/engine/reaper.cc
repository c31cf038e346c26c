#include "engine/reaper.h"

#include <algorithm>

namespace nacre::engine {

void Reaper::condemn(const TablePtr& table) {
  auto condemned = condemned_.lock();
  condemned->push_back({table->meta.number, table});
  count_.store(condemned->size(), std::memory_order_relaxed);
}

void Reaper::remove(FileType type, FileNumber number) {
  fs_.remove(dir_ + "/" + file_name(type, number)).ignore();  // an orphan: removed at the next open
}

void Reaper::sweep() {
  std::vector<FileNumber> dead;
  {
    auto condemned = condemned_.lock();
    std::erase_if(*condemned, [&](const Condemned& entry) {
      if (!entry.table.expired()) return false;
      dead.push_back(entry.number);
      return true;
    });
    count_.store(condemned->size(), std::memory_order_relaxed);
  }
  for (const FileNumber number : dead) remove(FileType::kTable, number);
}

}  // namespace nacre::engine
