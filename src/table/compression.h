// compression.h - blocks made smaller, and made whole again without trusting a byte of them.
//
// A compressor keeps the tables and buffers of its codecs, so that a block costs no allocation.
// Decompression writes to memory that the caller has sized from the declared size; it fails unless
// exactly that many bytes come out. Before it allocates, the caller asks plausible_raw_size().
//
// BOUND      no stored block declares more than kMaxRatio times its stored bytes: LZ4 can't reach
//            further, and a block that Zstd could shrink further is stored as LZ4. A hostile file
//            of n bytes can thus make a reader allocate O(n), never more.
// THREADS    a Compressor belongs to one thread at a time; decompress() is safe from any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "nacre/status.h"

namespace nacre {

/// How a block is stored. The numbers are on disk.
enum class Codec : std::uint8_t { kNone = 0, kLz4 = 1, kZstd = 2 };

constexpr bool is_known(Codec codec) { return codec <= Codec::kZstd; }
/// "none", "lz4" or "zstd".
std::string_view codec_name(Codec codec);

inline constexpr std::uint64_t kMaxRatio = 255;

/// False for a declared size that no honest writer produces from so many stored bytes.
constexpr bool plausible_raw_size(Codec codec, std::uint64_t stored, std::uint64_t raw) {
  return codec == Codec::kNone ? raw == stored : raw / kMaxRatio <= stored;
}

class Compressor {
 public:
  explicit Compressor(Codec codec);
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  struct Block {
    Codec codec = Codec::kNone;
    std::string_view bytes;  // `raw` itself when codec is kNone; valid until the next call
  };
  /// The block as it should be stored: raw when compression saves less than an eighth.
  Block compress(std::string_view raw);

 private:
  struct State;
  std::size_t try_lz4(std::string_view raw, std::size_t room);
  std::size_t try_zstd(std::string_view raw, std::size_t room);

  const Codec codec_;
  std::unique_ptr<State> state_;  // null for kNone
  std::string buffer_;
};

/// Fills out[0, raw_size). Any failure, a wrong size included, is kCorruption without a place: the
/// caller knows file and offset. For kNone it is a copy.
Status decompress(Codec codec, std::string_view stored, char* out, std::size_t raw_size);

}  // namespace nacre
