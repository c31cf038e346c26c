#include "table/compression.h"

#include <lz4.h>
#include <zstd.h>

#include <cstring>

#include "base/check.h"

namespace nacre {

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

namespace {

constexpr int kZstdLevel = 3;

/// Decompression keeps about 100 KiB of tables: one set for each thread that ever needs it.
ZSTD_DCtx* zstd_decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeZstd> context(ZSTD_createDCtx());
  return context.get();
}

}  // namespace

std::string_view codec_name(Codec codec) {
  switch (codec) {
    case Codec::kNone:
      return "none";
    case Codec::kLz4:
      return "lz4";
    case Codec::kZstd:
      return "zstd";
  }
  return "unknown";
}

struct Compressor::State {
  alignas(LZ4_stream_t) char lz4[sizeof(LZ4_stream_t)];
  std::unique_ptr<ZSTD_CCtx, FreeZstd> zstd;
};

Compressor::Compressor(Codec codec) : codec_(codec) {
  if (codec == Codec::kNone) return;
  state_ = std::make_unique<State>();
  if (codec == Codec::kZstd) {
    state_->zstd.reset(ZSTD_createCCtx());
    NACRE_CHECK(state_->zstd != nullptr);
    ZSTD_CCtx_setParameter(state_->zstd.get(), ZSTD_c_compressionLevel, kZstdLevel);
  }
}

Compressor::~Compressor() = default;

Compressor::Block Compressor::compress(std::string_view raw) {
  const Block as_it_is{Codec::kNone, raw};
  // Room for exactly what is worth storing: a codec that needs more gives up early.
  const std::size_t room = raw.size() - raw.size() / 8;
  if (codec_ == Codec::kNone || raw.size() > LZ4_MAX_INPUT_SIZE || room == raw.size()) {
    return as_it_is;
  }
  if (buffer_.size() < room) buffer_.resize(room);
  if (codec_ == Codec::kZstd) {
    const std::size_t size = try_zstd(raw, room);
    if (size == 0) return as_it_is;
    const std::string_view bytes(buffer_.data(), size);
    if (plausible_raw_size(Codec::kZstd, size, raw.size())) return {Codec::kZstd, bytes};
  }
  const std::size_t size = try_lz4(raw, room);
  if (size == 0) return as_it_is;
  return {Codec::kLz4, std::string_view(buffer_.data(), size)};
}

std::size_t Compressor::try_lz4(std::string_view raw, std::size_t room) {
  // For blocks of a few KiB this is three times as fast as a stream that is reset between blocks,
  // which need not clear its table but looks for matches in a history that is not there.
  const int size =
      LZ4_compress_fast_extState(state_->lz4, raw.data(), buffer_.data(),
                                 static_cast<int>(raw.size()), static_cast<int>(room), 1);
  return static_cast<std::size_t>(size);
}

std::size_t Compressor::try_zstd(std::string_view raw, std::size_t room) {
  const std::size_t size =
      ZSTD_compress2(state_->zstd.get(), buffer_.data(), room, raw.data(), raw.size());
  return ZSTD_isError(size) ? 0 : size;
}

Status decompress(Codec codec, std::string_view stored, char* out, std::size_t raw_size) {
  switch (codec) {
    case Codec::kNone:
      if (stored.size() != raw_size) return Status::corruption("raw block of the wrong size");
      std::memcpy(out, stored.data(), raw_size);
      return {};
    case Codec::kLz4: {
      if (stored.size() > LZ4_MAX_INPUT_SIZE || raw_size > LZ4_MAX_INPUT_SIZE) {
        return Status::corruption("LZ4 block larger than LZ4 allows");
      }
      const int size = LZ4_decompress_safe(stored.data(), out, static_cast<int>(stored.size()),
                                           static_cast<int>(raw_size));
      if (size < 0) return Status::corruption("LZ4 block can't be decompressed");
      if (static_cast<std::size_t>(size) != raw_size) {
        return Status::corruption("LZ4 block decompresses to the wrong size");
      }
      return {};
    }
    case Codec::kZstd: {
      ZSTD_DCtx* context = zstd_decompressor();
      if (context == nullptr) return Status(Code::kIo, "no memory to decompress with Zstd");
      const std::size_t size =
          ZSTD_decompressDCtx(context, out, raw_size, stored.data(), stored.size());
      if (ZSTD_isError(size)) return Status::corruption("Zstd block can't be decompressed");
      if (size != raw_size) return Status::corruption("Zstd block decompresses to the wrong size");
      return {};
    }
  }
  return Status::corruption("unknown codec");
}

}  // namespace nacre
