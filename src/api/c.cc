// The C binding: each function turns its arguments into those of nacre/db.h and forwards.

#include "nacre/c.h"

#include <new>
#include <string>
#include <utility>
#include <vector>

#include "api/option_text.h"
#include "nacre/db.h"

struct nacre_status {
  nacre::Status status;
  std::string message;  // zero-terminated
};
struct nacre_options {
  nacre::Options options;
};
struct nacre_db {
  nacre::Db db;
};
struct nacre_batch {
  nacre::Batch batch;
};
struct nacre_value {
  nacre::Value value;
};
struct nacre_snapshot {
  nacre::Snapshot snapshot;
};
struct nacre_cursor {
  nacre::Cursor cursor;
  std::string copies;  // what next_many() handed out last
};

namespace {

nacre_status* to_c(nacre::Status status) {
  if (status.ok()) return nullptr;
  std::string message(status.message());
  return new nacre_status{std::move(status), std::move(message)};
}

std::string_view view(nacre_str text) { return {text.data, text.size}; }
nacre_str to_c(std::string_view text) { return {text.data(), text.size()}; }

nacre::WriteOptions write_options(nacre_durability durability) {
  switch (durability) {
    case NACRE_DEFAULT:
      return {};
    case NACRE_DISK:
      return {.durability = nacre::Durability::kDisk};
    case NACRE_OS:
      return {.durability = nacre::Durability::kOs};
    case NACRE_MEMORY:
      return {.durability = nacre::Durability::kMemory};
  }
  return {.durability = nacre::Durability::kDisk};
}

nacre::ReadOptions read_options(const nacre_snapshot* snapshot) {
  return {.snapshot = snapshot == nullptr ? nullptr : &snapshot->snapshot};
}

nacre::Range range(nacre_str lower, nacre_str upper) {
  nacre::Range bounds;
  if (lower.data != nullptr) bounds.lower = std::string(view(lower));
  if (upper.data != nullptr) bounds.upper = std::string(view(upper));
  return bounds;
}

nacre_value* to_c(std::optional<nacre::Value> value) {
  return value.has_value() ? new nacre_value{std::move(*value)} : nullptr;
}

}  // namespace

extern "C" {

nacre_code nacre_status_code(const nacre_status* status) {
  return status == nullptr ? NACRE_OK : static_cast<nacre_code>(status->status.code());
}
const char* nacre_status_message(const nacre_status* status) {
  return status == nullptr ? "" : status->message.c_str();
}
void nacre_status_free(nacre_status* status) { delete status; }

nacre_options* nacre_options_new(void) { return new nacre_options; }
nacre_status* nacre_options_set(nacre_options* options, const char* name, const char* value) {
  return to_c(nacre::set_option(options->options, name, value));
}
void nacre_options_free(nacre_options* options) { delete options; }

nacre_status* nacre_open(const char* path, const nacre_options* options, nacre_db** db) {
  auto opened = nacre::Db::open(path, options == nullptr ? nacre::Options() : options->options);
  if (!opened.ok()) return to_c(std::move(opened).error());
  *db = new nacre_db{std::move(*opened)};
  return nullptr;
}
nacre_status* nacre_close(nacre_db* db) {
  if (db == nullptr) return nullptr;
  nacre::Status status = db->db.close();
  delete db;
  return to_c(std::move(status));
}
nacre_status* nacre_destroy(const char* path) { return to_c(nacre::Db::destroy(path)); }

nacre_status* nacre_put(nacre_db* db, nacre_str key, nacre_str value, nacre_durability durability) {
  return to_c(db->db.put(view(key), view(value), write_options(durability)));
}
nacre_status* nacre_remove(nacre_db* db, nacre_str key, nacre_durability durability) {
  return to_c(db->db.remove(view(key), write_options(durability)));
}
nacre_status* nacre_write(nacre_db* db, const nacre_batch* batch, nacre_durability durability) {
  return to_c(db->db.write(batch->batch, write_options(durability)));
}
nacre_status* nacre_sync(nacre_db* db) { return to_c(db->db.sync()); }

nacre_status* nacre_get(const nacre_db* db, nacre_str key, const nacre_snapshot* snapshot,
                        nacre_value** value) {
  auto found = db->db.get(view(key), read_options(snapshot));
  if (!found.ok()) return to_c(std::move(found).error());
  *value = to_c(std::move(*found));
  return nullptr;
}
nacre_status* nacre_multi_get(const nacre_db* db, const nacre_str* keys, size_t count,
                              const nacre_snapshot* snapshot, nacre_value** values) {
  std::vector<std::string_view> views;
  views.reserve(count);
  for (size_t i = 0; i < count; ++i) views.push_back(view(keys[i]));
  auto found = db->db.multi_get(views, read_options(snapshot));
  if (!found.ok()) return to_c(std::move(found).error());
  for (size_t i = 0; i < count; ++i) values[i] = to_c(std::move((*found)[i]));
  return nullptr;
}
nacre_str nacre_value_bytes(const nacre_value* value) { return to_c(value->value.view()); }
void nacre_value_free(nacre_value* value) { delete value; }

nacre_status* nacre_flush(nacre_db* db) { return to_c(db->db.flush()); }
nacre_status* nacre_compact(nacre_db* db, nacre_str lower, nacre_str upper) {
  return to_c(db->db.compact(range(lower, upper)));
}
nacre_status* nacre_wait_idle(nacre_db* db) { return to_c(db->db.wait_idle()); }
nacre_status* nacre_approximate_size(const nacre_db* db, nacre_str lower, nacre_str upper,
                                     uint64_t* bytes) {
  auto size = db->db.approximate_size(range(lower, upper));
  if (!size.ok()) return to_c(std::move(size).error());
  *bytes = *size;
  return nullptr;
}
nacre_status* nacre_verify(const nacre_db* db) {
  auto report = db->db.verify();
  if (!report.ok()) return to_c(std::move(report).error());
  return report->damage.empty() ? nullptr : to_c(report->damage.front().error);
}
nacre_status* nacre_health(const nacre_db* db) { return to_c(db->db.health()); }
nacre_status* nacre_resume(nacre_db* db) { return to_c(db->db.resume()); }
nacre_status* nacre_stats_text(const nacre_db* db, nacre_value** text) {
  auto stats = db->db.stats();
  if (!stats.ok()) return to_c(std::move(stats).error());
  auto* copy = new std::string(stats->to_text());
  *text = new nacre_value{
      nacre::Value(*copy, copy, [](void* owner) { delete static_cast<std::string*>(owner); })};
  return nullptr;
}

nacre_batch* nacre_batch_new(void) { return new nacre_batch; }
nacre_status* nacre_batch_put(nacre_batch* batch, nacre_str key, nacre_str value) {
  return to_c(batch->batch.put(view(key), view(value)));
}
nacre_status* nacre_batch_remove(nacre_batch* batch, nacre_str key) {
  return to_c(batch->batch.remove(view(key)));
}
void nacre_batch_clear(nacre_batch* batch) { batch->batch.clear(); }
uint32_t nacre_batch_count(const nacre_batch* batch) { return batch->batch.count(); }
void nacre_batch_free(nacre_batch* batch) { delete batch; }

nacre_status* nacre_snapshot_new(const nacre_db* db, nacre_snapshot** snapshot) {
  auto made = db->db.snapshot();
  if (!made.ok()) return to_c(std::move(made).error());
  *snapshot = new nacre_snapshot{std::move(*made)};
  return nullptr;
}
void nacre_snapshot_free(nacre_snapshot* snapshot) { delete snapshot; }

nacre_status* nacre_cursor_new(const nacre_db* db, nacre_str lower, nacre_str upper,
                               const nacre_snapshot* snapshot, nacre_cursor** cursor) {
  auto made =
      db->db.cursor({.range = range(lower, upper), .snapshot = read_options(snapshot).snapshot});
  if (!made.ok()) return to_c(std::move(made).error());
  *cursor = new nacre_cursor{std::move(*made), {}};
  return nullptr;
}
void nacre_cursor_free(nacre_cursor* cursor) { delete cursor; }
void nacre_cursor_first(nacre_cursor* cursor) { cursor->cursor.first(); }
void nacre_cursor_last(nacre_cursor* cursor) { cursor->cursor.last(); }
void nacre_cursor_seek(nacre_cursor* cursor, nacre_str key) { cursor->cursor.seek(view(key)); }
void nacre_cursor_seek_for_prev(nacre_cursor* cursor, nacre_str key) {
  cursor->cursor.seek_for_prev(view(key));
}
int nacre_cursor_valid(const nacre_cursor* cursor) { return cursor->cursor.valid() ? 1 : 0; }
void nacre_cursor_next(nacre_cursor* cursor) { cursor->cursor.next(); }
void nacre_cursor_prev(nacre_cursor* cursor) { cursor->cursor.prev(); }
nacre_str nacre_cursor_key(const nacre_cursor* cursor) { return to_c(cursor->cursor.key()); }
nacre_str nacre_cursor_value(const nacre_cursor* cursor) { return to_c(cursor->cursor.value()); }
nacre_status* nacre_cursor_status(const nacre_cursor* cursor) {
  return to_c(nacre::Status(cursor->cursor.status()));
}
size_t nacre_cursor_next_many(nacre_cursor* cursor, size_t max, nacre_str* keys,
                              nacre_str* values) {
  cursor->copies.clear();
  size_t count = 0;
  for (; count < max && cursor->cursor.valid(); ++count, cursor->cursor.next()) {
    cursor->copies += cursor->cursor.key();
    cursor->copies += cursor->cursor.value();
    keys[count].size = cursor->cursor.key().size();
    values[count].size = cursor->cursor.value().size();
  }
  const char* at = cursor->copies.data();
  for (size_t i = 0; i < count; ++i) {
    keys[i].data = at;
    values[i].data = at + keys[i].size;
    at = values[i].data + values[i].size;
  }
  return count;
}

const char* nacre_version(void) { return NACRE_VERSION; }

}  // extern "C"
