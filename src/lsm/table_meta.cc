#include "lsm/table_meta.h"

#include "base/coding.h"
#include "base/limits.h"
#include "base/text.h"
#include "lsm/file_name.h"

namespace nacre {

void encode_table_meta(const TableMeta& meta, std::string& out) {
  put_varint(out, raw(meta.number));
  put_varint(out, meta.bytes);
  put_string(out, meta.smallest);
  put_string(out, meta.largest);
  put_varint(out, meta.min_seq);
  put_varint(out, meta.max_seq);
  put_varint(out, meta.entries);
  put_varint(out, meta.deletes);
  put_varint(out, meta.key_bytes);
  put_varint(out, meta.value_bytes);
  put_varint(out, meta.created_micros);
}

TableMeta decode_table_meta(ByteReader& reader) {
  TableMeta meta;
  meta.number = FileNumber{reader.varint()};
  meta.bytes = reader.varint();
  meta.smallest = reader.string();
  meta.largest = reader.string();
  meta.min_seq = reader.varint();
  meta.max_seq = reader.varint();
  meta.entries = reader.varint();
  meta.deletes = reader.varint();
  meta.key_bytes = reader.varint();
  meta.value_bytes = reader.varint();
  meta.created_micros = reader.varint();
  return meta;
}

Status check_table_meta(const TableMeta& meta) {
  const auto broken = [&](const char* what) {
    const std::string name = raw(meta.number) == 0 ? "a table" : table_name(meta.number);
    return Status::invalid(name + ": " + what);
  };
  if (raw(meta.number) == 0) return broken("has no number");
  if (meta.smallest.size() > kKeyBytesMax || meta.largest.size() > kKeyBytesMax) {
    return broken("a key of its range is too long");
  }
  if (meta.smallest > meta.largest) return broken("its smallest key is above its largest");
  if (meta.min_seq > meta.max_seq) return broken("its smallest seq is above its largest");
  if (meta.max_seq > kSeqMax) return broken("its largest seq has more than 56 bits");
  if (meta.entries == 0) return broken("has no entries");
  if (meta.deletes > meta.entries) return broken("has more deletes than entries");
  return Status();
}

std::string render(const TableMeta& meta) {
  return std::to_string(raw(meta.number)) + ":[" + escape(meta.smallest) + ".." +
         escape(meta.largest) + "]@" + std::to_string(meta.min_seq) + "-" +
         std::to_string(meta.max_seq);
}

std::string render_with_sizes(const TableMeta& meta) {
  const auto count = [](std::uint64_t n, const char* one, const char* many) {
    return std::to_string(n) + " " + (n == 1 ? one : many);
  };
  return render(meta) + " " + human_bytes(meta.bytes) + ", " +
         count(meta.entries, "entry", "entries") + ", " + count(meta.deletes, "delete", "deletes") +
         ", keys " + human_bytes(meta.key_bytes) + ", values " + human_bytes(meta.value_bytes);
}

}  // namespace nacre
