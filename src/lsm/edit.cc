#include "lsm/edit.h"

#include <algorithm>

#include "base/byte_reader.h"
#include "base/coding.h"
#include "base/text.h"
#include "base/try.h"
#include "lsm/file_name.h"

namespace nacre {

namespace {

// Odd: a reader that does not know the tag must refuse the store.
enum Tag : std::uint64_t {
  kOrder = 1,
  kReason = 2,
  kNextFile = 3,
  kWallTime = 4,
  kLastSeq = 5,
  kWalFloor = 7,
  kAppliedIndex = 9,
  kRemovedTable = 11,
  kAddedTable = 13,
  kNewKeyspace = 15,
};
constexpr bool is_required(std::uint64_t tag) { return tag % 2 == 1; }

/// A bit for each tag that may come once only. Says nothing about tags of later versions.
constexpr std::uint64_t kOnceTags = 1U << kOrder | 1U << kReason | 1U << kNextFile |
                                    1U << kWallTime | 1U << kLastSeq | 1U << kWalFloor |
                                    1U << kAppliedIndex;

void put_number(std::string& out, Tag tag, std::uint64_t value) {
  put_varint(out, tag);
  put_varint(out, varint_size(value));
  put_varint(out, value);
}

void put_text(std::string& out, Tag tag, std::string_view text) {
  put_varint(out, tag);
  put_string(out, text);
}

/// Reads the fields of one edit.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : bytes_(bytes) {}

  Result<Edit> decode() {
    make_room();
    ByteReader reader(bytes_);
    while (!reader.done()) {
      const std::uint64_t offset = bytes_.size() - reader.remaining();
      const std::uint64_t tag = reader.varint();
      const std::string_view field = reader.string();
      if (!reader.ok()) return bad(offset, "a field runs past the end");
      const std::uint64_t bit = tag < 64 ? std::uint64_t{1} << tag & kOnceTags : 0;
      if ((seen_ & bit) != 0) return bad(offset, "a field is stated twice");
      seen_ |= bit;
      NACRE_TRY(decode_field(tag, field, offset));
    }
    return std::move(edit_);
  }

 private:
  static Status bad(std::uint64_t offset, std::string_view what) {
    return Status::corruption_at("edit", offset, what);
  }

  /// Counts before it reserves: growing by doubling would take memory for tables that hostile
  /// bytes never deliver.
  void make_room() {
    std::size_t removed = 0;
    std::size_t added = 0;
    for (ByteReader reader(bytes_); !reader.done() && reader.ok();) {
      const std::uint64_t tag = reader.varint();
      reader.string();
      removed += tag == kRemovedTable ? 1 : 0;
      added += tag == kAddedTable ? 1 : 0;
    }
    edit_.removed.reserve(removed);
    edit_.added.reserve(added);
  }

  Status decode_field(std::uint64_t tag, std::string_view field, std::uint64_t offset) {
    ByteReader reader(field);
    switch (tag) {
      case kOrder:
        if (field != kKeyOrder) {
          return Status::unsupported("the keys are in an order that this Nacre does not know");
        }
        edit_.states_order = true;
        return Status();
      case kReason:
        edit_.reason = field;
        return Status();
      case kNextFile:
        edit_.next_file = FileNumber{reader.varint()};
        break;
      case kWallTime:
        edit_.wall_micros = reader.varint();
        break;
      case kLastSeq:
        edit_.last_seq = reader.varint_up_to(kSeqMax);
        break;
      case kWalFloor:
        edit_.wal_floor = FileNumber{reader.varint()};
        break;
      case kAppliedIndex:
        edit_.applied_index = reader.varint();
        break;
      case kRemovedTable:
        return decode_removed(reader, offset);
      case kAddedTable:
        return decode_added(reader, offset);
      case kNewKeyspace:
        return Status::unsupported("it has keyspaces: written by a newer Nacre");
      default:
        if (!is_required(tag)) return Status();
        return Status::unsupported("it needs feature " + std::to_string(tag) +
                                   ": written by a newer Nacre");
    }
    return reader.done() ? Status() : bad(offset, "not one number that fits");
  }

  /// The keyspace and the level, with which both table fields begin.
  static Status decode_place(ByteReader& reader, std::uint64_t offset, int& level) {
    const std::uint64_t keyspace = reader.varint_up_to(~std::uint32_t{0});
    level = static_cast<int>(reader.varint_up_to(kLevelCount - 1));
    if (!reader.ok()) return bad(offset, "not a keyspace and a level");
    if (keyspace == static_cast<std::uint32_t>(kDefaultKeyspace)) return Status();
    return Status::unsupported("it has a table of keyspace " + std::to_string(keyspace) +
                               ": written by a newer Nacre");
  }

  Status decode_removed(ByteReader& reader, std::uint64_t offset) {
    RemovedTable removed;
    NACRE_TRY(decode_place(reader, offset, removed.level));
    removed.number = FileNumber{reader.varint()};
    if (!reader.done() || raw(removed.number) == 0) return bad(offset, "not a removed table");
    edit_.removed.push_back(removed);
    return Status();
  }

  Status decode_added(ByteReader& reader, std::uint64_t offset) {
    AddedTable added;
    NACRE_TRY(decode_place(reader, offset, added.level));
    added.meta = decode_table_meta(reader);
    if (!reader.done()) return bad(offset, "not an added table");
    if (const Status status = check_table_meta(added.meta); !status.ok()) {
      return bad(offset, status.message());
    }
    edit_.added.push_back(std::move(added));
    return Status();
  }

  const std::string_view bytes_;
  std::uint64_t seen_ = 0;  // the bits of kOnceTags that have come
  Edit edit_;
};

}  // namespace

void encode_edit(const Edit& edit, std::string& out) {
  if (edit.states_order) put_text(out, kOrder, kKeyOrder);
  if (edit.next_file.has_value()) put_number(out, kNextFile, raw(*edit.next_file));
  if (edit.last_seq.has_value()) put_number(out, kLastSeq, *edit.last_seq);
  if (edit.wal_floor.has_value()) put_number(out, kWalFloor, raw(*edit.wal_floor));
  if (edit.applied_index.has_value()) put_number(out, kAppliedIndex, *edit.applied_index);
  std::string field;
  for (const RemovedTable& removed : edit.removed) {
    field.clear();
    put_varint(field, static_cast<std::uint32_t>(removed.keyspace));
    put_varint(field, removed.level);
    put_varint(field, raw(removed.number));
    put_text(out, kRemovedTable, field);
  }
  for (const AddedTable& added : edit.added) {
    field.clear();
    put_varint(field, static_cast<std::uint32_t>(added.keyspace));
    put_varint(field, added.level);
    encode_table_meta(added.meta, field);
    put_text(out, kAddedTable, field);
  }
  if (!edit.reason.empty()) put_text(out, kReason, edit.reason);
  if (edit.wall_micros != 0) put_number(out, kWallTime, edit.wall_micros);
}

Result<Edit> decode_edit(std::string_view bytes) { return Decoder(bytes).decode(); }

std::string render(const Edit& edit) {
  std::string text;
  const auto part = [&](const std::string& words) { text += (text.empty() ? "" : ", ") + words; };
  if (edit.states_order) part("order " + std::string(kKeyOrder));
  if (edit.next_file.has_value()) part("next_file " + std::to_string(raw(*edit.next_file)));
  if (edit.last_seq.has_value()) part("last_seq " + std::to_string(*edit.last_seq));
  if (edit.wal_floor.has_value()) part("wal_floor " + std::to_string(raw(*edit.wal_floor)));
  if (edit.applied_index.has_value()) part("applied " + std::to_string(*edit.applied_index));
  for (const RemovedTable& removed : edit.removed) {
    part("-L" + std::to_string(removed.level) + " " + std::to_string(raw(removed.number)));
  }
  for (const AddedTable& added : edit.added) {
    part("+L" + std::to_string(added.level) + " " + render(added.meta));
  }
  if (edit.wall_micros != 0) part("at " + std::to_string(edit.wall_micros));
  if (!edit.reason.empty()) part("because: " + escape(edit.reason));
  return text.empty() ? "nothing" : text;
}

}  // namespace nacre
