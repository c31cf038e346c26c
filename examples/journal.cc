// A journal of events, newest first for each user: keys made of parts, batches, durability by name,
// a snapshot, a walk backwards. What goes wrong ends the program with a message.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "nacre/nacre.h"

namespace {

void must(const nacre::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "journal: %s\n", status.to_string().c_str());
  std::exit(1);
}

template <typename T>
T must(nacre::Result<T> result) {
  must(result.status());
  return std::move(result).value();
}

/// Sorts by user and then from the latest event to the earliest.
std::string event_key(std::uint32_t user, std::uint64_t time) {
  return nacre::encode_key("event", user, nacre::descending(time));
}

/// The event and a counter beside it: both are written or neither is.
void record(nacre::Db& db, std::uint32_t user, std::uint64_t time, const std::string& what) {
  const std::string counter = nacre::encode_key("count", user);
  std::uint64_t count = 0;
  if (auto found = must(db.get(counter))) {
    count = std::get<0>(must(nacre::decode_key<std::uint64_t>(found->view())));
  }
  nacre::Batch batch;
  must(batch.put(event_key(user, time), what));
  must(batch.put(counter, nacre::encode_key(count + 1)));
  // Survives the death of this program at once, a power cut after the sync below.
  must(db.write(batch, {.durability = nacre::Durability::kOs}));
}

void print_events(const nacre::Db& db, std::uint32_t user, const nacre::Snapshot* at) {
  nacre::Scan scan = db.scan({.range = nacre::Range::prefix(nacre::encode_key("event", user)),
                              .reverse = false,
                              .snapshot = at});
  for (auto [key, what] : scan) {
    const auto [kind, who, time] =
        must(nacre::decode_key<std::string, std::uint32_t, nacre::Descending<std::uint64_t>>(key));
    std::printf("%s %" PRIu32 " at %" PRIu64 ": %s\n", kind.c_str(), who, time.value,
                std::string(what).c_str());
  }
  must(scan.status());
}

}  // namespace

int main() {
  nacre::Options options;
  options.memory_bytes = 64 << 20;  // memtables, cache, indexes and filters together
  nacre::Db db = must(nacre::Db::open("journal", options));

  record(db, 7, 1000, "signed up");
  record(db, 7, 1060, "logged in");
  record(db, 8, 1065, "signed up");
  must(db.sync());  // what returned before is on stable storage now

  const nacre::Snapshot before = must(db.snapshot());
  must(db.remove(event_key(7, 1000)));
  std::puts("now:");
  print_events(db, 7, nullptr);
  std::puts("before the removal:");
  print_events(db, 7, &before);

  must(db.close());
  must(nacre::Db::destroy("journal"));
  return 0;
}
