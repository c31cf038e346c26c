// A segment on the simulated disk whose power is cut before every operation, in every way the disk
// knows: what was synced is there, what is there is a prefix, and a crash never looks like
// corruption.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "env/sim_env.h"
#include "wal/wal_reader.h"
#include "wal/wal_writer.h"

namespace nacre {
namespace {

constexpr char kPath[] = "/store/7.wal";
constexpr WalIdentity kCrashedIdentity{.salt = 99, .number = FileNumber{7}};

/// Runs a random life of a segment and looks at an image of the disk before each operation.
class CrashRun {
 public:
  explicit CrashRun(std::uint64_t seed) : random_(seed) {}

  /// The first violation, or an empty text.
  std::string run(bool lying_sync) {
    lying_sync_ = lying_sync;
    if (!leave_garbage()) return "the disk failed";
    world_.disk().on_mutation([&] { look_at_all_images(); });
    live();
    world_.disk().on_mutation(nullptr);
    look_at_all_images();
    return violation_;
  }
  std::uint64_t images() const { return images_; }
  std::uint64_t torn() const { return torn_; }

 private:
  /// A removed segment of other numbers, so that garbage may be whole records of the past.
  bool leave_garbage() {
    if (!world_.fs().create_dir("/store").ok() || !world_.fs().sync_dir("/").ok()) return false;
    WalWriter::Options options;
    options.capacity = 64 << 10;
    options.header.identity = {.salt = kCrashedIdentity.salt, .number = FileNumber{6}};
    auto old = WalWriter::create(world_.fs(), "/store/6.wal", options);
    if (!old.ok()) return false;
    for (Seq seq = 1; (*old)->fits(100); ++seq) {
      if (!(*old)->append(seq, std::string(100, 'o')).ok()) return false;
    }
    return (*old)->seal().ok() && world_.fs().remove("/store/6.wal").ok() &&
           world_.fs().sync_dir("/store").ok();
  }

  void live() {
    WalWriter::Options options;
    options.capacity = 256 << 10;
    options.header.identity = kCrashedIdentity;
    options.mode = random_.below(2) == 0 ? LogMode::kMapped : LogMode::kPwrite;
    if (random_.below(2) == 0) options.header.previous = FileNumber{6};
    options.header.made_ahead = raw(options.header.previous) != 0;
    auto created = WalWriter::create(world_.fs(), kPath, options);
    if (!created.ok() || !world_.fs().sync_dir("/store").ok()) return report("creation failed");
    created_ = true;
    world_.disk().set_lying_sync(lying_sync_);
    WalWriter& writer = **created;
    if (options.header.made_ahead && !writer.link(4096).ok()) return report("link failed");
    for (int step = 0; step < 25 && violation_.empty(); ++step) {
      const std::uint64_t size = random_.below(5) == 0 ? random_.below(9000) : random_.below(300);
      written_.emplace_back(size, static_cast<char>('a' + step));
      if (!writer.append(written_.size(), written_.back()).ok()) return report("append failed");
      ++returned_;
      if (random_.below(3) == 0) {
        if (!writer.sync().ok()) return report("sync failed");
        synced_ = returned_;
      }
      if (writer.wants_prepare() && !writer.prepare_ahead().ok()) return report("prepare failed");
    }
    if (!writer.seal().ok()) return report("seal failed");
    synced_ = returned_;
  }

  void look_at_all_images() {
    for (const CrashProfile profile : kAllCrashProfiles) {
      if (!violation_.empty()) return;
      where_ = std::string(crash_profile_name(profile)) + " image " + std::to_string(images_);
      look_at(*world_.crash_image(profile, images_++), profile);
    }
  }

  void look_at(SimEnv& image, CrashProfile profile) {
    auto reader = WalReader::open(image.fs(), kPath, kCrashedIdentity);
    if (!reader.ok()) {
      if (created_ || reader.error().code() != Code::kNotFound) report(reader.error().to_string());
      return;
    }
    std::size_t count = 0;
    while (true) {
      const auto record = (*reader)->next();
      if (!record.ok()) return report(record.error().to_string());
      if (!record->has_value()) break;
      if (count >= written_.size() || (*record)->payload != written_[count]) {
        return report("a record that was never written");
      }
      ++count;
    }
    const WalStop& stop = (*reader)->stop();
    if (stop.kind == WalStop::Kind::kTorn) ++torn_;
    if (stop.kind == WalStop::Kind::kCorrupt) report("called corrupt: " + stop.what);
    if (stop.kind == WalStop::Kind::kNoHeader && created_) report("no header: " + stop.what);
    if (count < synced_) report("lost a synced record");
    if (profile == CrashProfile::kProcess && count < returned_) report("lost an appended record");
  }

  void report(const std::string& what) {
    if (violation_.empty()) violation_ = where_ + ": " + what;
  }

  bool lying_sync_ = false;  // of every sync of records
  Random random_;
  SimEnv world_;
  std::vector<std::string> written_;  // also one that is being appended
  std::size_t returned_ = 0;          // of which append() has returned
  std::size_t synced_ = 0;            // of which a sync has returned since
  bool created_ = false;              // the directory is synced too
  std::uint64_t images_ = 0;
  std::uint64_t torn_ = 0;
  std::string where_;
  std::string violation_;
};

TEST(WalCrash, EveryCutLeavesAtLeastWhatWasSyncedAndNothingElse) {
  std::uint64_t images = 0;
  std::uint64_t torn = 0;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    CrashRun run(seed);
    ASSERT_EQ(run.run(false), "") << "seed " << seed;
    images += run.images();
    torn += run.torn();
  }
  RecordProperty("images", std::to_string(images));
  EXPECT_GT(torn, images / 50) << "the cuts must tear something to mean anything";
}

/// The canary: on a disk whose sync does nothing, this test must find losses.
TEST(WalCrash, ADiskThatLiesIsFoundOut) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    EXPECT_THAT(CrashRun(seed).run(true), testing::HasSubstr("lost a synced record"));
  }
}

}  // namespace
}  // namespace nacre
