// The bytes of a batch, as docs/format.md draws them.
#include <gtest/gtest.h>

#include "base/text.h"
#include "nacre/batch.h"

namespace nacre {
namespace {

TEST(BatchFormat, TheBytesNeverChange) {
  Batch batch;
  ASSERT_TRUE(batch.put("k", "vv").ok());
  ASSERT_TRUE(batch.remove("a").ok());
  EXPECT_EQ(to_hex(batch.encoded()),
            "01016b027676"
            "000161");
}

}  // namespace
}  // namespace nacre
