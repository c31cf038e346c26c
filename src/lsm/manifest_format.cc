#include "lsm/manifest_format.h"

#include <cstring>

#include "base/byte_reader.h"
#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"
#include "base/text.h"
#include "lsm/file_name.h"

namespace nacre {

namespace {

constexpr std::string_view kMagic = "NACREMAN";
constexpr std::uint64_t kChecksumBytes = 8;
constexpr std::uint64_t kHeaderChecksumAt = kManifestHeaderBytes - kChecksumBytes;
/// Features that a reader must know. None yet.
constexpr std::uint64_t kKnownManifestFeatures = 0;

constexpr std::uint64_t guard_of(std::uint64_t seed, std::uint32_t length, std::uint32_t kind) {
  return mix_seed(seed, std::uint64_t{kind} << 32 | length);
}
constexpr std::uint64_t padded(std::uint64_t length) { return (length + 7) & ~std::uint64_t{7}; }

}  // namespace

std::uint64_t manifest_seed(const StoreIdentity& identity, FileNumber number) {
  return mix_seed(identity.salt, raw(number));
}

std::string encode_manifest_header(const StoreIdentity& identity, FileNumber number) {
  std::string out(kMagic);
  put_fixed(out, kManifestFormat);
  put_fixed(out, std::uint32_t{0});
  put_fixed(out, std::uint64_t{0});  // features
  put_fixed(out, identity.salt);
  for (const std::uint8_t byte : identity.id) out += static_cast<char>(byte);
  put_fixed(out, raw(number));
  put_fixed(out, hash64(out, manifest_seed(identity, number)));
  NACRE_CHECK(out.size() == kManifestHeaderBytes);
  return out;
}

Result<StoreIdentity> decode_manifest_header(std::string_view bytes, FileNumber number,
                                             std::string_view path) {
  if (bytes.size() < kManifestHeaderBytes) {
    return Status::corruption_at(path, bytes.size(), "the file ends inside its header");
  }
  ByteReader reader(bytes);
  if (reader.take(kMagic.size()) != kMagic) {
    return Status::corruption_at(path, 0, "not a manifest of Nacre");
  }
  StoreIdentity identity;
  const auto format = reader.fixed<std::uint32_t>();
  const auto zero = reader.fixed<std::uint32_t>();
  const auto features = reader.fixed<std::uint64_t>();
  identity.salt = reader.fixed<std::uint64_t>();
  std::memcpy(identity.id.data(), reader.take(identity.id.size()).data(), identity.id.size());
  const auto own_number = reader.fixed<std::uint64_t>();
  // The checksum of the header is the same in every format, so it is looked at before the format
  // is believed: a flipped bit is not a newer Nacre.
  const std::string_view covered = bytes.substr(0, kHeaderChecksumAt);
  if (hash64(covered, mix_seed(identity.salt, own_number)) != reader.fixed<std::uint64_t>()) {
    return Status::corruption_at(path, kHeaderChecksumAt, "the header does not match its checksum");
  }
  if (format > kManifestFormat || (features & ~kKnownManifestFeatures) != 0) {
    return Status::unsupported(std::string(path) + ": written by a newer Nacre");
  }
  if (format == 0 || zero != 0) return Status::corruption_at(path, 8, "not a format");
  if (own_number != raw(number)) {
    return Status::corruption_at(
        path, 48, "it is manifest " + std::to_string(own_number) + " under another name");
  }
  return identity;
}

std::string encode_manifest_record(const ManifestPlace& place, ManifestKind kind,
                                   std::string_view payload) {
  const std::uint64_t seed = mix_seed(place.file_seed, place.offset);
  const auto length = static_cast<std::uint32_t>(payload.size());
  std::string out(kChecksumBytes, '\0');
  out.reserve(kManifestRecordHeaderBytes + padded(length));
  put_fixed(out, length);
  put_fixed(out, static_cast<std::uint32_t>(kind));
  put_fixed(out, guard_of(seed, length, static_cast<std::uint32_t>(kind)));
  out += payload;
  out.resize(kManifestRecordHeaderBytes + padded(length), '\0');
  store(out.data(), hash64(std::string_view(out).substr(kChecksumBytes), seed));
  return out;
}

std::optional<std::uint64_t> guarded_record_end(std::string_view bytes,
                                                const ManifestPlace& place) {
  if (place.offset > bytes.size() || bytes.size() - place.offset < kManifestRecordHeaderBytes) {
    return std::nullopt;
  }
  const char* header = bytes.data() + place.offset;
  const auto length = load<std::uint32_t>(header + 8);
  const auto kind = load<std::uint32_t>(header + 12);
  const std::uint64_t seed = mix_seed(place.file_seed, place.offset);
  if (load<std::uint64_t>(header + 16) != guard_of(seed, length, kind)) return std::nullopt;
  return place.offset + kManifestRecordHeaderBytes + padded(length);
}

std::optional<ManifestRecord> read_manifest_record(std::string_view bytes,
                                                   const ManifestPlace& place) {
  const std::optional<std::uint64_t> end = guarded_record_end(bytes, place);
  if (!end.has_value() || *end > bytes.size()) return std::nullopt;
  const std::string_view record = bytes.substr(place.offset, *end - place.offset);
  const std::string_view covered = record.substr(kChecksumBytes);
  const auto checksum = load<std::uint64_t>(record.data());
  if (checksum != hash64(covered, mix_seed(place.file_seed, place.offset))) return std::nullopt;
  const auto length = load<std::uint32_t>(record.data() + 8);
  return ManifestRecord{.kind = load<std::uint32_t>(record.data() + 12),
                        .payload = record.substr(kManifestRecordHeaderBytes, length),
                        .end = *end};
}

std::string encode_current(FileNumber number) {
  const std::string name = manifest_name(number);
  std::string line = name + " ";
  const std::uint64_t checksum = hash64(name, 0);
  for (int shift = 56; shift >= 0; shift -= 8) {
    const char byte = static_cast<char>(checksum >> shift);
    line += to_hex(std::string_view(&byte, 1));
  }
  return line + "\n";
}

std::optional<FileNumber> parse_current(std::string_view text) {
  const std::optional<FileName> name = parse_file_name(text.substr(0, text.find(' ')));
  if (!name.has_value() || name->type != FileType::kManifest) return std::nullopt;
  if (encode_current(name->number) != text) return std::nullopt;
  return name->number;
}

}  // namespace nacre
