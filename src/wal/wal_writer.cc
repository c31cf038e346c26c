#include "wal/wal_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/try.h"

namespace nacre {

namespace {

/// Payloads up to this size are copied once more, so that a record is one write to the file.
constexpr std::size_t kSmallPayload = 4 << 10;
/// The helper prepares in steps, so that a writer in need does not wait for a whole window.
constexpr std::uint64_t kPrepareStep = 1 << 20;
constexpr std::uint64_t kPrepareUnit = 64 << 10;
/// synced_to / 8 is 32 bits.
constexpr std::uint64_t kCapacityMax = std::uint64_t{8} << 32;

}  // namespace

WalWriter::WalWriter(std::unique_ptr<LogFile> file, std::string path, const Options& options)
    : file_(std::move(file)),
      path_(std::move(path)),
      identity_(options.header.identity),
      segment_seed_(wal_segment_seed(options.header.identity)),
      capacity_(options.capacity),
      expected_length_(options.expected_length),
      window_(std::clamp(options.window, kWalWindowMin, kWalWindowMax)) {}

Result<std::unique_ptr<WalWriter>> WalWriter::create(FileSystem& fs, const std::string& path,
                                                     const Options& options) {
  NACRE_CHECK(options.capacity >= kWalHeaderBytes && options.capacity % 8 == 0 &&
              options.capacity < kCapacityMax);
  NACRE_CHECK(raw(options.header.previous) < raw(options.header.identity.number));
  std::unique_ptr<LogFile> file = NACRE_TRY(fs.create_log(path, options.mode, options.capacity));
  std::unique_ptr<WalWriter> writer(new WalWriter(std::move(file), path, options));
  if (Status begun = writer->begin(options.header); !begun.ok()) {
    writer.reset();
    fs.remove(path).ignore();  // recovery knows a segment that was never finished
    return begun;
  }
  return writer;
}

/// More of the window comes after the sync: a sync makes the system catch the next write to each
/// page that it wrote back, so it must not see the zeros that many appends are about to fill. Not
/// all of it, since writers may wait for the new segment, and of one that is made ahead the system
/// would write the zeros back before anybody fills them: the helper does the rest.
Status WalWriter::begin(const WalHeader& header) {
  NACRE_TRY(prepare_to(kWalWindowMin));
  const auto bytes = encode_wal_header(header);
  NACRE_TRY(file_->write(0, std::string_view(bytes.data(), bytes.size())));
  NACRE_TRY(file_->sync());
  return window() > kWalWindowMin ? prepare_to(window() / 8) : Status();
}

Status WalWriter::link(std::uint64_t previous_length) {
  NACRE_CHECK(length() == kWalHeaderBytes);
  const auto bytes = encode_wal_link(identity_, previous_length);
  Status written = file_->write(kWalHeaderBytes, std::string_view(bytes.data(), bytes.size()));
  if (!written.ok()) return fail(std::move(written));
  expected_length_ = previous_length;
  link_synced_ = false;
  length_.store(kWalHeaderBytes + kWalLinkBytes, std::memory_order_release);
  return Status();
}

Status WalWriter::sync_link() {
  if (link_synced_) return Status();
  if (failed_.load(std::memory_order_acquire)) return lasting_error();
  if (Status done = file_->sync(); !done.ok()) return fail(std::move(done));
  link_synced_ = true;
  return Status();
}

Result<std::uint64_t> WalWriter::append(Seq first_seq, std::string_view payload,
                                        std::string_view more) {
  if (failed_.load(std::memory_order_acquire)) return lasting_error();
  const std::size_t size = payload.size() + more.size();
  if (size > kBatchBytesMax) {
    return Status::invalid("a batch of " + std::to_string(size) + " bytes is over the limit of " +
                           std::to_string(kBatchBytesMax));
  }
  NACRE_CHECK(fits(size));
  NACRE_DCHECK(first_seq >= last_seq_ && first_seq <= kSeqMax);
  const std::uint64_t at = length_.load(std::memory_order_relaxed);
  const std::uint64_t end = at + wal_record_bytes(size);
  if (end > prepared_.load(std::memory_order_acquire)) NACRE_TRY(prepare_now(end));

  const std::uint64_t synced_to = synced();
  const WalRecordHeader header{.length = static_cast<std::uint32_t>(size),
                               .synced_to = synced_to > kWalHeaderBytes ? synced_to : 0,
                               .first_seq = first_seq};
  Status written = size <= kSmallPayload ? write_small(at, header, payload, more)
                                         : write_large(at, header, payload, more);
  if (!written.ok()) return fail(std::move(written));
  last_seq_ = first_seq;
  length_.store(end, std::memory_order_release);
  return end;
}

Status WalWriter::write_small(std::uint64_t at, WalRecordHeader header, std::string_view payload,
                              std::string_view more) {
  char bytes[wal_record_bytes(kSmallPayload)];
  char* to = bytes + kWalRecordHeaderBytes;
  to = std::copy(payload.begin(), payload.end(), to);
  to = std::copy(more.begin(), more.end(), to);
  const std::size_t end = static_cast<std::size_t>(to - bytes);
  const std::size_t padded = wal_record_bytes(header.length);
  std::memset(to, 0, padded - end);
  store_record_header(bytes, header);
  header.checksum =
      hash64(std::string_view(bytes + 8, end - 8), wal_record_seed(segment_seed_, at));
  std::memcpy(bytes, &header.checksum, sizeof header.checksum);
  return file_->write(at, std::string_view(bytes, padded));
}

/// The header goes last: until then the place reads as never written. The padding is there already.
Status WalWriter::write_large(std::uint64_t at, WalRecordHeader header, std::string_view payload,
                              std::string_view more) {
  const std::uint64_t payload_at = at + kWalRecordHeaderBytes;
  if (!payload.empty()) NACRE_TRY(file_->write(payload_at, payload));
  if (!more.empty()) NACRE_TRY(file_->write(payload_at + payload.size(), more));
  char bytes[kWalRecordHeaderBytes];
  store_record_header(bytes, header);
  header.checksum = record_checksum(bytes, payload, more, wal_record_seed(segment_seed_, at));
  std::memcpy(bytes, &header.checksum, sizeof header.checksum);
  return file_->write(at, std::string_view(bytes, sizeof bytes));
}

Status WalWriter::sync() {
  if (failed_.load(std::memory_order_acquire)) return lasting_error();
  const std::uint64_t end = length();
  if (end <= synced()) return Status();
  if (Status done = file_->sync(); !done.ok()) return fail(std::move(done));
  std::uint64_t before = synced_.load(std::memory_order_relaxed);
  while (before < end && !synced_.compare_exchange_weak(before, end, std::memory_order_release,
                                                        std::memory_order_relaxed)) {
  }
  return Status();
}

Status WalWriter::prepare_ahead() {
  // The length at which wants_prepare() began to say yes.
  const std::uint64_t ready_before = prepared_.load(std::memory_order_acquire);
  const std::uint64_t wanted_at = ready_before - std::min(ready_before, window() / 2);
  while (true) {
    std::lock_guard lock(preparing_);
    if (failed_.load(std::memory_order_acquire)) return lasting_error();  // or sealed meanwhile
    file_->release_before(length());
    const std::uint64_t ready = prepared_.load(std::memory_order_relaxed);
    const std::uint64_t limit = prepare_limit();
    const std::uint64_t target = std::min(limit, length() + window());
    if (ready < target) {
      NACRE_TRY(prepare_to(std::min(target, ready + kPrepareStep)));
    } else if (ready < limit && window() < kWalWindowMax && length() > wanted_at + window() / 4) {
      grow_window();
    } else {
      return Status();
    }
  }
}

/// The helper came too late. Its work under way is waited for; if that is not enough, a small part
/// of a window is prepared here, and the helper finds a larger window to fill.
Status WalWriter::prepare_now(std::uint64_t end) {
  late_prepares_.fetch_add(1, std::memory_order_relaxed);
  std::lock_guard lock(preparing_);
  grow_window();
  if (end <= prepared_.load(std::memory_order_relaxed)) return Status();
  return prepare_to(std::min(capacity_, end + std::max(kPrepareUnit, window() / 16)));
}

/// With preparing_ held, or before anyone else knows this writer.
Status WalWriter::prepare_to(std::uint64_t end) {
  const std::uint64_t rounded = (end + kPrepareUnit - 1) / kPrepareUnit * kPrepareUnit;
  Status done = file_->prepare(std::min(capacity_, rounded));
  prepared_.store(file_->prepared(), std::memory_order_release);
  return done;
}

void WalWriter::grow_window() {
  window_.store(std::min(kWalWindowMax, window() * 4), std::memory_order_relaxed);
}

Status WalWriter::seal() {
  const std::lock_guard lock(preparing_);  // a helper that is late lets go of the file first
  if (failed_.load(std::memory_order_acquire)) return lasting_error();
  if (Status done = file_->seal(length()); !done.ok()) return fail(std::move(done));
  synced_.store(length(), std::memory_order_release);
  fail(Status::closed("wal segment is sealed: " + path_)).ignore();
  return Status();
}

Status WalWriter::fail(Status status) {
  auto error = error_.lock();
  if (error->ok()) *error = std::move(status);
  failed_.store(true, std::memory_order_release);
  return *error;
}

Status WalWriter::lasting_error() { return *error_.lock(); }

}  // namespace nacre
