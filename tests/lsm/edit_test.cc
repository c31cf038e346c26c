#include "lsm/edit.h"

#include <gtest/gtest.h>

#include "base/coding.h"
#include "base/limits.h"
#include "base/random.h"
#include "lsm/edit_fold.h"
#include "lsm_test_text.h"

namespace nacre {
namespace {

std::string encode(const Edit& edit) {
  std::string bytes;
  encode_edit(edit, bytes);
  return bytes;
}

std::string field(std::uint64_t tag, std::string_view bytes) {
  std::string out;
  put_varint(out, tag);
  put_string(out, bytes);
  return out;
}

Edit full_edit() {
  Edit edit;
  edit.states_order = true;
  edit.next_file = FileNumber{300};
  edit.last_seq = 9;
  edit.wal_floor = FileNumber{13};
  edit.applied_index = 77;
  edit.removed = {{0, FileNumber{11}}, {1, FileNumber{7}}};
  TableMeta meta;
  meta.number = FileNumber{12};
  meta.bytes = 300;
  meta.smallest = "a";
  meta.largest = "cd";
  meta.min_seq = 5;
  meta.max_seq = 9;
  meta.entries = 4;
  meta.deletes = 1;
  meta.key_bytes = 6;
  meta.value_bytes = 20;
  meta.created_micros = 7;
  edit.added = {{1, meta}};
  edit.reason = "compaction 0 -> 1";
  edit.wall_micros = 1'000'000;
  return edit;
}

TEST(Edit, TheBytesNeverChange) {
  EXPECT_EQ(to_hex(encode(full_edit())),
            "010862797465776973650302ac02050109"  // order, next file, last seq
            "07010d09014d"                        // wal floor, applied index
            "0b0300000b0b03000107"                // removed
            "0d110001"                            // added: keyspace, level, then the table:
            "0cac020161026364050904010614"        // to value bytes
            "07"
            "0211636f6d70616374696f6e2030202d3e2031"  // reason
            "0403c0843d");                            // time
  // The example in the header.
  Edit small;
  small.next_file = FileNumber{300};
  small.removed = {{1, FileNumber{7}}};
  small.reason = "move";
  EXPECT_EQ(to_hex(encode(small)), "0302ac020b0300010702046d6f7665");
  EXPECT_EQ(encode(Edit()), "");
}

TEST(Edit, TheWorkedExampleOfTableMeta) {
  std::string bytes;
  encode_table_meta(full_edit().added[0].meta, bytes);
  EXPECT_EQ(to_hex(bytes), "0cac02016102636405090401061407");
  EXPECT_EQ(render_with_sizes(full_edit().added[0].meta),
            "12:[a..cd]@5-9 300 B, 4 entries, 1 delete, keys 6 B, values 20 B");
}

TEST(Edit, RendersInOneLine) {
  EXPECT_EQ(render(full_edit()),
            "order bytewise, next_file 300, last_seq 9, wal_floor 13, applied 77, -L0 11, -L1 7, "
            "+L1 12:[a..cd]@5-9, at 1000000, because: compaction 0 -> 1");
  EXPECT_EQ(render(Edit()), "nothing");
}

TEST(Edit, ComesBack) {
  EXPECT_EQ(decode_edit(encode(full_edit())).value(), full_edit());
  EXPECT_EQ(decode_edit("").value(), Edit());
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    Random random(seed);
    const auto number = [&] { return random.next() >> random.below(64); };
    Edit edit;
    if (random.one_in(2)) edit.states_order = true;
    if (random.one_in(2)) edit.next_file = FileNumber{number()};
    if (random.one_in(2)) edit.last_seq = number() & kSeqMax;
    if (random.one_in(2)) edit.wal_floor = FileNumber{number()};
    if (random.one_in(2)) edit.applied_index = number();
    if (random.one_in(2)) edit.wall_micros = number();
    if (random.one_in(2)) edit.reason = std::string(random.below(300), 'r');
    for (std::uint64_t n = random.below(5); n > 0; --n) {
      edit.removed.push_back({static_cast<int>(random.below(7)), FileNumber{number() | 1}});
    }
    for (std::uint64_t n = random.below(5); n > 0; --n) {
      TableMeta meta;
      meta.number = FileNumber{number() | 1};
      meta.bytes = number();
      meta.smallest = std::string(random.below(9), '\0');
      meta.largest = meta.smallest + std::string(random.below(300), '\xff');
      meta.max_seq = number() & kSeqMax;
      meta.min_seq = meta.max_seq / 2;
      meta.entries = number() | 1;
      meta.deletes = meta.entries / 3;
      meta.key_bytes = number();
      meta.value_bytes = number();
      meta.created_micros = number();
      edit.added.push_back({static_cast<int>(random.below(7)), meta});
    }
    const std::string bytes = encode(edit);
    const Result<Edit> back = decode_edit(bytes);
    ASSERT_TRUE(back.ok()) << "seed " << seed << ": " << back.error().to_string();
    EXPECT_EQ(*back, edit) << "seed " << seed;
    EXPECT_EQ(encode(*back), bytes) << "seed " << seed;
  }
}

TEST(Edit, EveryTruncationIsRefusedOrEndsBetweenFields) {
  const std::string bytes = encode(full_edit());
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Result<Edit> edit = decode_edit(std::string_view(bytes).substr(0, size));
    if (edit.ok()) {
      EXPECT_EQ(encode(*edit), bytes.substr(0, size));
      ++accepted;
    } else {
      EXPECT_EQ(edit.error().code(), Code::kCorruption);
    }
  }
  EXPECT_EQ(accepted, 10U);  // before each of the ten fields
}

TEST(Edit, SkipsOptionalTagsItDoesNotKnow) {
  const std::string bytes = encode(full_edit());
  std::string more = field(6, "") + bytes + field(6, "again") + field(1000, "xyz");
  EXPECT_EQ(decode_edit(more).value(), full_edit());
  EXPECT_EQ(encode(decode_edit(more).value()), bytes);
}

TEST(Edit, RefusesWhatANewerNacreWrote) {
  const std::string table = "\x01\x01\x07";  // keyspace 1, level 1, number 7
  for (const std::string& bytes :
       {field(17, ""), field(1001, "x"), field(15, "\x01name"), field(1, "reversed"), field(1, ""),
        field(11, table), field(13, table)}) {
    const Result<Edit> edit = decode_edit(encode(full_edit()).substr(10) + bytes);
    ASSERT_FALSE(edit.ok()) << to_hex(bytes);
    EXPECT_EQ(edit.error().code(), Code::kUnsupported) << edit.error().to_string();
  }
  EXPECT_EQ(decode_edit(field(11, table)).error().to_string(),
            "unsupported: it has a table of keyspace 1: written by a newer Nacre");
}

TEST(Edit, RefusesBytesThatAreNoEdit) {
  std::string huge;  // a length that lies
  put_varint(huge, 2);
  put_varint(huge, ~std::uint64_t{0});
  TableMeta inverted = full_edit().added[0].meta;
  std::swap(inverted.smallest, inverted.largest);
  std::string inverted_field = std::string("\0\1", 2);
  encode_table_meta(inverted, inverted_field);
  std::string long_field = std::string("\0\1", 2);
  encode_table_meta(full_edit().added[0].meta, long_field);
  long_field += '\0';
  std::string seq;
  put_varint(seq, kSeqMax + 1);
  const std::string overlong = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02";
  for (const std::string& bytes : {
           huge,
           huge + std::string(100, 'x'),
           overlong,
           field(3, overlong),
           field(3, ""),
           field(3, std::string("\1\1", 2)),
           field(3, "\1") + field(3, "\1"),
           field(2, "a") + field(2, "a"),
           field(4, "\1") + field(4, "\1"),
           field(1, "bytewise") + field(1, "bytewise"),
           field(5, seq),
           field(11, std::string("\0\7\7", 3)),    // level 7
           field(11, std::string("\0\1\0", 3)),    // table 0
           field(11, std::string("\0\1\7\0", 4)),  // one byte too many
           field(11, ""),
           field(11, overlong + std::string("\1\7", 2)),  // a keyspace beyond 32 bits
           field(13, inverted_field),
           field(13, long_field),
           field(13, std::string("\0\1\14", 3)),
       }) {
    const Result<Edit> edit = decode_edit(bytes);
    ASSERT_FALSE(edit.ok()) << to_hex(bytes);
    EXPECT_EQ(edit.error().code(), Code::kCorruption) << edit.error().to_string();
  }
  EXPECT_EQ(decode_edit(field(2, "a") + field(5, seq)).error().to_string(),
            "corruption: edit: offset 3: not one number that fits");
}

TEST(Edit, HostileBytesNeverDoHarm) {
  const std::string good = encode(full_edit());
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    Random random(seed);
    std::string bytes = good;
    for (std::uint64_t n = 1 + random.below(4); n > 0; --n) {
      const std::uint64_t at = random.below(bytes.size());
      switch (random.below(3)) {
        case 0:
          bytes[at] = static_cast<char>(random.next());
          break;
        case 1:
          bytes.erase(at, 1 + random.below(3));
          break;
        default:
          bytes.insert(at, 1, static_cast<char>(random.next()));
      }
      if (bytes.empty()) break;
    }
    const Result<Edit> edit = decode_edit(bytes);
    if (!edit.ok()) continue;
    EXPECT_EQ(decode_edit(encode(*edit)).value(), *edit) << "seed " << seed;
  }
}

std::string fold(const std::vector<std::string>& edits) {
  EditFold fold;
  for (const std::string& text : edits) {
    Edit edit;
    for (const std::string& line : test::split_lines(text)) {
      const auto words = test::split_words(line);
      const std::uint64_t value =
          words.size() == 2 && line[0] != '-' && line[0] != '+' ? std::stoull(words[1]) : 0;
      if (words[0] == "next_file") {
        edit.next_file = FileNumber{value};
      } else if (words[0] == "last_seq") {
        edit.last_seq = value;
      } else if (words[0] == "wal_floor") {
        edit.wal_floor = FileNumber{value};
      } else if (words[0] == "applied") {
        edit.applied_index = value;
      } else {
        test::add_line(line, edit);
      }
    }
    if (const Status status = fold.apply(edit); !status.ok()) return status.to_string();
  }
  return render(fold.result());
}

TEST(EditFold, MakesManyEditsOne) {
  EXPECT_EQ(
      fold({"next_file 20\nlast_seq 9\n+L0 12:[a..c]@5-9 11:[b..d]@1-4\n+L1 2:[a..c]@1-1",
            "-L0 11\n+L1 13:[d..d]@1-4\nwal_floor 15", "-L1 13\n+L2 13:[d..d]@1-4\napplied 3"}),
      "next_file 20, last_seq 9, wal_floor 15, applied 3, +L0 12:[a..c]@5-9, "
      "+L1 2:[a..c]@1-1, +L2 13:[d..d]@1-4");
}

TEST(EditFold, RefusesWhatDoesNotFit) {
  const std::string start = "next_file 20\nlast_seq 9\nwal_floor 5\napplied 3\n+L1 2:[a..c]@1-1";
  EXPECT_EQ(fold({start, "next_file 19"}), "corruption: next file goes back from 20 to 19");
  EXPECT_EQ(fold({start, "last_seq 8"}), "corruption: last seq goes back from 9 to 8");
  EXPECT_EQ(fold({start, "wal_floor 4"}), "corruption: wal floor goes back from 5 to 4");
  EXPECT_EQ(fold({start, "applied 2"}), "corruption: applied index goes back from 3 to 2");
  EXPECT_EQ(fold({start, "next_file 72057594037927936"}),
            "corruption: next file 72057594037927936 has more than 56 bits");
  EXPECT_EQ(fold({start, "wal_floor 21"}), "corruption: wal floor 21 is above next file 20");
  EXPECT_EQ(fold({start, "+L1 20:[d..e]@1-2"}), "corruption: table 20 is not below next file 20");
  EXPECT_EQ(fold({start, "+L1 19:[d..e]@1-10"}),
            "corruption: 000019.tbl holds seq 10, above last seq 9");
  EXPECT_EQ(fold({start, "-L2 2"}), "corruption: table 2 is removed from level 2, where it is not");
  EXPECT_EQ(fold({start, "-L1 2 2"}),
            "corruption: table 2 is removed from level 1, where it is not");
  EXPECT_EQ(fold({start, "+L2 2:[a..c]@1-1"}),
            "corruption: table 2 is added to level 2, but it is in level 1");
}

}  // namespace
}  // namespace nacre
