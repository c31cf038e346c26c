#include "table/properties.h"

#include "base/byte_reader.h"
#include "base/limits.h"
#include "base/try.h"

namespace nacre {
namespace {

enum Tag : std::uint64_t {
  kEntries = 1,
  kDeletes = 2,
  kKeyBytes = 3,
  kValueBytes = 4,
  kSmallest = 5,
  kLargest = 6,
  kMinSeq = 7,
  kMaxSeq = 8,
  kBlocks = 9,
  kCodec = 10,
  kNote = 11,
};
constexpr std::uint64_t kAllOnce = 0x7FE;  // bits 1 to 10: tags that every table has exactly once

void put_number(std::string& out, Tag tag, std::uint64_t value) {
  put_varint(out, tag);
  put_varint(out, varint_size(value));
  put_varint(out, value);
}

void put_bytes(std::string& out, Tag tag, std::string_view bytes) {
  put_varint(out, tag);
  put_string(out, bytes);
}

/// The place of a number, or null for a tag that is none.
std::uint64_t* number_of(TableProperties& properties, std::uint64_t tag, std::uint64_t& codec) {
  switch (tag) {
    case kEntries:
      return &properties.entries;
    case kDeletes:
      return &properties.deletes;
    case kKeyBytes:
      return &properties.key_bytes;
    case kValueBytes:
      return &properties.value_bytes;
    case kMinSeq:
      return &properties.min_seq;
    case kMaxSeq:
      return &properties.max_seq;
    case kBlocks:
      return &properties.blocks;
    case kCodec:
      return &codec;
    default:
      return nullptr;
  }
}

Status judge(const TableProperties& properties) {
  if (properties.entries == 0 || properties.blocks == 0) {
    return Status::corruption("table without entries");
  }
  if (properties.deletes > properties.entries || properties.blocks > properties.entries) {
    return Status::corruption("table counts more deletes or blocks than entries");
  }
  if (properties.smallest > properties.largest || properties.smallest.size() > kKeyBytesMax ||
      properties.largest.size() > kKeyBytesMax) {
    return Status::corruption("impossible key range");
  }
  if (properties.min_seq > properties.max_seq || properties.max_seq > kSeqMax) {
    return Status::corruption("impossible seq range");
  }
  return {};
}

}  // namespace

std::string encode_properties(const TableProperties& properties) {
  std::string out;
  put_number(out, kEntries, properties.entries);
  put_number(out, kDeletes, properties.deletes);
  put_number(out, kKeyBytes, properties.key_bytes);
  put_number(out, kValueBytes, properties.value_bytes);
  put_bytes(out, kSmallest, properties.smallest);
  put_bytes(out, kLargest, properties.largest);
  put_number(out, kMinSeq, properties.min_seq);
  put_number(out, kMaxSeq, properties.max_seq);
  put_number(out, kBlocks, properties.blocks);
  put_number(out, kCodec, static_cast<std::uint64_t>(properties.codec));
  for (const auto& [name, text] : properties.notes) {
    std::string note;
    put_string(note, name);
    note += text;
    put_bytes(out, kNote, note);
  }
  return out;
}

Result<TableProperties> decode_properties(std::string_view bytes) {
  TableProperties properties;
  std::uint64_t seen = 0;
  std::uint64_t codec = 0;
  ByteReader reader(bytes);
  while (!reader.done()) {
    const std::uint64_t tag = reader.varint();
    ByteReader body(reader.string());
    if (!reader.ok()) return Status::corruption("properties end inside one of them");
    if (tag == kNote) {
      const std::string_view name = body.string();
      if (!body.ok()) return Status::corruption("note ends inside its name");
      properties.notes.emplace_back(name, body.rest());
      continue;
    }
    if (tag == 0 || tag > kNote) continue;
    if ((seen >> tag & 1) != 0) return Status::corruption("property listed twice");
    seen |= std::uint64_t{1} << tag;
    if (std::uint64_t* number = number_of(properties, tag, codec)) {
      *number = body.varint();
      if (!body.done()) return Status::corruption("property is not a number");
    } else {
      (tag == kSmallest ? properties.smallest : properties.largest) = body.rest();
    }
  }
  if (seen != kAllOnce) return Status::corruption("property missing");
  // A codec that this version lacks is refused where a block uses it; the name alone does no harm.
  properties.codec = codec <= 0xFF ? Codec{static_cast<std::uint8_t>(codec)} : Codec{0xFF};
  NACRE_TRY(judge(properties));
  return properties;
}

}  // namespace nacre
