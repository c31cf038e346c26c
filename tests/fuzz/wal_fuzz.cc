// wal_fuzz.cc - any bytes as a segment of the wal: never a crash, a hang, or memory beyond the
// file.
//
// The first byte of the input chooses how the rest is treated: bit 0 puts right checksums on header
// and records, since an attacker would; bit 1 makes the header's fixed fields right as well; bit 2
// lets the reader trust the header instead of expecting an identity.
#include <algorithm>
#include <optional>
#include <string>

#include "base/check.h"
#include "base/coding.h"
#include "wal/wal_fakes.h"
#include "wal/wal_reader.h"
#include "wal/wal_render.h"

namespace nacre::test {

namespace {

constexpr WalIdentity kFuzzIdentity{.salt = kSalt, .number = FileNumber{7}};

void fix_header(std::string& bytes, bool all_fields) {
  if (bytes.size() < kWalHeaderBytes) return;
  if (all_fields) {
    const auto header = encode_wal_header({.identity = kFuzzIdentity});
    std::copy(header.begin(), header.begin() + 32, bytes.begin());
    std::fill_n(bytes.begin() + 48, 8, '\0');
  }
  const WalIdentity identity{load<std::uint64_t>(bytes.data() + 16),
                             FileNumber{load<std::uint64_t>(bytes.data() + 24)}};
  store(bytes.data() + 56,
        hash64(std::string_view(bytes).substr(0, 56), wal_segment_seed(identity)));
}

/// Follows the lengths as a reader would.
void fix_records(std::string& bytes) {
  for (std::uint64_t at = kWalHeaderBytes; at + kWalRecordHeaderBytes <= bytes.size();) {
    char* start = bytes.data() + at;
    const WalRecordHeader header = load_record_header(start);
    if (!record_is_plausible(header, at, bytes.size())) return;
    const std::string_view payload(start + kWalRecordHeaderBytes, header.length);
    store(start, record_checksum(start, payload, "",
                                 wal_record_seed(wal_segment_seed(kFuzzIdentity), at)));
    at += wal_record_bytes(header.length);
  }
}

void check_walk(WalReader& reader) {
  std::uint64_t end = reader.header() ? kWalHeaderBytes : 0;
  Seq last = 0;
  while (true) {
    const auto record = reader.next();
    NACRE_CHECK(record.ok());  // these files never fail to be read
    if (!record->has_value()) break;
    NACRE_CHECK((*record)->offset == end && (*record)->synced_to <= end);
    NACRE_CHECK((*record)->first_seq >= last);
    last = (*record)->first_seq;
    end += wal_record_bytes((*record)->payload.size());
  }
  const WalStop& stop = reader.stop();
  NACRE_CHECK(stop.kind != WalStop::Kind::kNone && stop.last_seq == last);
  NACRE_CHECK(stop.offset == end || (stop.offset == 0 && stop.kind == WalStop::Kind::kCorrupt));
  NACRE_CHECK((stop.kind == WalStop::Kind::kEnd) == reader.stop_status().ok());
}

}  // namespace

}  // namespace nacre::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nacre;
  if (size == 0) return 0;
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const int how = data[0];
  if ((how & 1) != 0) {
    test::fix_header(bytes, (how & 2) != 0);
    test::fix_records(bytes);
  }
  const auto expected = (how & 4) != 0 ? std::nullopt : std::optional(test::kFuzzIdentity);
  const auto open = [&] {
    return WalReader::open(std::make_unique<test::StringFile>(bytes), "7.wal", expected);
  };
  auto reader = open();
  if (!reader.ok()) {
    NACRE_CHECK(reader.error().code() == Code::kUnsupported);
    return 0;
  }
  test::check_walk(**reader);
  auto again = open();
  NACRE_CHECK(again.ok() && render_wal(**again).ok());
  return 0;
}
