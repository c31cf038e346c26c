#include "env/sim_content.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"

namespace nacre {
namespace {

TEST(SimContent, ZerosComeBackAfterACut) {
  SimContent content;
  content.write(0, std::string(5000, 'x'));
  content.resize(100);
  content.resize(6000);
  EXPECT_EQ(content.bytes(), std::string(100, 'x') + std::string(5900, '\0'));
}

TEST(SimContent, ReadsStopAtTheEnd) {
  SimContent content;
  content.write(4094, "abcd");
  char out[8];
  EXPECT_EQ(content.read(4092, out), 6U);
  EXPECT_EQ(std::string(out, 6), std::string("\0\0abcd", 6));
  EXPECT_EQ(content.read(4098, out), 0U);
  EXPECT_EQ(content.read(~std::uint64_t{0}, out), 0U);
}

TEST(SimContent, CopiesDoNotSeeEachOther) {
  SimContent first;
  first.write(0, std::string(10000, 'a'));
  SimContent second = first;
  first.write(10, "first");
  second.write(10, "second");
  SimContent third = second;
  second.write(5000, "late");
  EXPECT_EQ(first.bytes().substr(9, 8), "afirstaa");
  EXPECT_EQ(second.bytes().substr(9, 8), "aseconda");
  EXPECT_EQ(third.bytes().substr(4999, 6), "aaaaaa");
}

TEST(SimContent, TakenPagesAreWholeAndSharedUntilWritten) {
  SimContent cache;
  cache.write(0, std::string(3 * SimContent::kPageBytes, 'n'));
  SimContent disk;
  disk.resize(cache.size());
  disk.take_pages(cache, SimContent::kPageBytes + 5, 1);
  cache.write(SimContent::kPageBytes, "later");
  const std::string page(SimContent::kPageBytes, '\0');
  EXPECT_EQ(disk.bytes(), page + std::string(SimContent::kPageBytes, 'n') + page);
}

// A family of contents that copy one another, each beside a plain string.
TEST(SimContent, AgreesWithStrings) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::vector<SimContent> contents(4);
    std::vector<std::string> model(4);
    for (int step = 0; step < 300; ++step) {
      const std::size_t i = random.below(4);
      const std::uint64_t offset = random.below(20000);
      const std::uint64_t length = random.below(6000);
      switch (random.below(5)) {
        case 0:
          contents[i].resize(offset);
          model[i].resize(offset);
          break;
        case 1: {
          const std::size_t from = random.below(4);
          contents[i] = contents[from];
          model[i] = std::string(model[from]);
          break;
        }
        case 2:
          contents[i].write_zeros(offset, length);
          if (length > 0) model[i].resize(std::max(model[i].size(), offset + length));
          model[i].replace(std::min(offset, model[i].size()), length, length, '\0');
          break;
        default: {
          const std::string bytes(length, static_cast<char>('a' + random.below(26)));
          contents[i].write(offset, bytes);
          if (length > 0) model[i].resize(std::max(model[i].size(), offset + length));
          model[i].replace(std::min(offset, model[i].size()), length, bytes);
        }
      }
      if (length == 0) continue;
      for (std::size_t k = 0; k < 4; ++k) ASSERT_TRUE(contents[k].bytes() == model[k]) << step;
    }
  }
}

}  // namespace
}  // namespace nacre
