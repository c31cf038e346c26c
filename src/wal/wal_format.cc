#include "wal/wal_format.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/byte_reader.h"
#include "base/coding.h"
#include "wal/wal_hasher.h"

namespace nacre {

namespace {

constexpr std::string_view kMagic = "NACREWAL";
constexpr std::size_t kHeaderChecksumAt = 56;
constexpr std::uint32_t kMadeAhead = 1;  // a feature bit

std::uint64_t link_seed(const WalIdentity& identity) {
  return mix_seed(wal_segment_seed(identity), kWalHeaderBytes);
}

}  // namespace

std::array<char, kWalHeaderBytes> encode_wal_header(const WalHeader& header) {
  std::array<char, kWalHeaderBytes> bytes{};
  std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
  store(bytes.data() + 8, kWalFormatVersion);
  store(bytes.data() + 12, header.made_ahead ? kMadeAhead : 0);
  store(bytes.data() + 16, header.identity.salt);
  store(bytes.data() + 24, raw(header.identity.number));
  store(bytes.data() + 32, raw(header.previous));
  store(bytes.data() + 40, header.previous_length);
  store(bytes.data() + 48, std::uint64_t{0});
  store(bytes.data() + kHeaderChecksumAt, hash64(std::string_view(bytes.data(), kHeaderChecksumAt),
                                                 wal_segment_seed(header.identity)));
  return bytes;
}

Result<WalHeader> decode_wal_header(std::string_view bytes, std::string_view file) {
  ByteReader reader(bytes);
  const std::string_view magic = reader.take(kMagic.size());
  const auto version = reader.fixed<std::uint32_t>();
  const auto features = reader.fixed<std::uint32_t>();
  WalHeader header;
  header.identity.salt = reader.fixed<std::uint64_t>();
  header.identity.number = FileNumber{reader.fixed<std::uint64_t>()};
  header.previous = FileNumber{reader.fixed<std::uint64_t>()};
  header.previous_length = reader.fixed<std::uint64_t>();
  const auto reserved = reader.fixed<std::uint64_t>();
  const auto checksum = reader.fixed<std::uint64_t>();
  if (!reader.ok()) return Status::corruption_at(file, 0, "wal header is cut short");
  if (magic != kMagic) return Status::corruption_at(file, 0, "not a wal segment: bad magic");
  // The checksum comes before the version: a flipped bit must not look like a newer Nacre.
  if (checksum != hash64(bytes.substr(0, kHeaderChecksumAt), wal_segment_seed(header.identity))) {
    return Status::corruption_at(file, 0, "wal header checksum does not match");
  }
  if (version != kWalFormatVersion) {
    return Status::unsupported(std::string(file) + ": wal format version " +
                               std::to_string(version) + " is not known to this Nacre");
  }
  if ((features & ~kMadeAhead) != 0) {
    return Status::unsupported(std::string(file) + ": wal feature bits " +
                               std::to_string(features) + " are not known to this Nacre");
  }
  if (reserved != 0) return Status::corruption_at(file, 48, "reserved wal header field is set");
  if (raw(header.previous) >= raw(header.identity.number)) {
    return Status::corruption_at(file, 32, "wal segment does not come after its previous one");
  }
  header.made_ahead = features == kMadeAhead;
  if (header.made_ahead && (raw(header.previous) == 0 || header.previous_length != 0)) {
    return Status::corruption_at(file, 32, "wal segment was made ahead of nothing");
  }
  return header;
}

std::array<char, kWalLinkBytes> encode_wal_link(const WalIdentity& identity,
                                                std::uint64_t previous_length) {
  std::array<char, kWalLinkBytes> bytes{};
  store(bytes.data() + 8, previous_length);
  store(bytes.data(), hash64(std::string_view(bytes.data() + 8, 8), link_seed(identity)));
  return bytes;
}

std::optional<std::uint64_t> decode_wal_link(std::string_view bytes, const WalIdentity& identity) {
  if (bytes.size() < kWalLinkBytes) return std::nullopt;
  if (load<std::uint64_t>(bytes.data()) != hash64(bytes.substr(8, 8), link_seed(identity))) {
    return std::nullopt;
  }
  return load<std::uint64_t>(bytes.data() + 8);
}

void store_record_header(char* bytes, const WalRecordHeader& header) {
  store(bytes, header.checksum);
  store(bytes + 8, header.length);
  store(bytes + 12, static_cast<std::uint32_t>(header.synced_to / 8));
  store(bytes + 16, (header.first_seq << 8) | header.kind);
}

WalRecordHeader load_record_header(const char* bytes) {
  const auto seq_and_kind = load<std::uint64_t>(bytes + 16);
  return {.checksum = load<std::uint64_t>(bytes),
          .length = load<std::uint32_t>(bytes + 8),
          .synced_to = std::uint64_t{load<std::uint32_t>(bytes + 12)} * 8,
          .first_seq = seq_and_kind >> 8,
          .kind = static_cast<std::uint8_t>(seq_and_kind & 0xFF)};
}

bool record_is_plausible(const WalRecordHeader& header, std::uint64_t offset,
                         std::uint64_t file_size) {
  return header.length <= kBatchBytesMax && offset <= file_size &&
         wal_record_bytes(header.length) <= file_size - offset && header.synced_to <= offset;
}

bool record_verifies(std::string_view record, std::uint64_t seed) {
  const WalRecordHeader header = load_record_header(record.data());
  const std::size_t end = kWalRecordHeaderBytes + header.length;
  const std::string_view padding = record.substr(end);
  return hash64(record.substr(8, end - 8), seed) == header.checksum &&
         std::all_of(padding.begin(), padding.end(), [](char byte) { return byte == 0; });
}

std::uint64_t record_checksum(const char* header, std::string_view payload, std::string_view more,
                              std::uint64_t seed) {
  WalHasher hasher(seed);
  hasher.add(std::string_view(header + 8, kWalRecordHeaderBytes - 8));
  hasher.add(payload);
  hasher.add(more);
  return hasher.digest();
}

}  // namespace nacre
