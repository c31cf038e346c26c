#include "key/head_window.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace nacre {
namespace {

TEST(HeadWindow, WorkedExample) {
  HeadWindow window;
  EXPECT_EQ(window.head("user/000123"), 0x757365722F303030U);
  EXPECT_TRUE(window.move_to("user/000123", 10));
  EXPECT_FALSE(window.move_to("user/000125", 10));
  // Of the 10 shared bytes, 4 stay in the head: the prefix is "user/0".
  EXPECT_EQ(window.head("user/000123"), 0x3030313233000000U);
  EXPECT_EQ(window.head("user/0"), 0U);
  EXPECT_EQ(window.head("user/"), 0U);
  EXPECT_EQ(window.head("user/1"), ~std::uint64_t{0});
}

TEST(HeadWindow, NeverContradictsTheOrderOfKeysWhereverItIs) {
  std::mt19937_64 random(7);
  std::vector<std::string> keys;
  for (int i = 0; i < 120; ++i) {
    std::string key(random() % 14, '\0');
    for (char& byte : key)
      byte = std::string(
          "\0\xff"
          "ab",
          4)[random() % 4];
    keys.push_back(key);
  }
  HeadWindow window;
  for (int turn = 0; turn < 200; ++turn) {
    const std::string& near = keys[random() % keys.size()];
    window.move_to(near, random() % (near.size() + 1));
    for (const std::string& a : keys) {
      for (const std::string& b : keys) {
        if (window.head(a) < window.head(b)) {
          ASSERT_LT(a, b);
        }
      }
    }
  }
}

}  // namespace
}  // namespace nacre
