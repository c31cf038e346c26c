// The payload of a wal record, byte by byte.

#include "engine/batch_codec.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include "base/coding.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "harness/history.h"
#include "nacre/batch.h"

namespace nacre::engine {
namespace {

using test::Change;
using test::Commit;

std::string encode(const Commit& commit) {
  std::string payload;
  for (const Change& change : commit) {
    if (change.value.has_value()) {
      encode_put(payload, change.key, *change.value);
    } else {
      encode_remove(payload, change.key);
    }
  }
  return payload;
}

/// What a payload holds, and how its reading ended.
struct Decoded {
  Commit operations;
  Status status;
};

Decoded decode(std::string_view payload) {
  Decoded decoded;
  BatchReader reader(payload);
  for (Operation op; reader.next(&op);) {
    std::optional<std::string> value;
    if (op.kind == Kind::kPut) value = std::string(op.value);
    decoded.operations.push_back({std::string(op.key), std::move(value)});
  }
  decoded.status = reader.status();
  return decoded;
}

std::string render(const Commit& commit) {
  std::string text;
  for (const Change& change : commit) {
    text += change.value.has_value() ? "put " + escape(change.key) + "=" + escape(*change.value)
                                     : "remove " + escape(change.key);
    text += "\n";
  }
  return text;
}

TEST(BatchCodecTest, BytesOfTheWorkedExample) {
  EXPECT_EQ(to_hex(encode({{"k", "vv"}, {"a", std::nullopt}})), "01016b027676000161");
  Batch batch;
  ASSERT_TRUE(batch.put("k", "vv").ok());
  ASSERT_TRUE(batch.remove("a").ok());
  EXPECT_EQ(to_hex(batch.encoded()), "01016b027676000161");
  EXPECT_EQ(batch.bytes(), 9U);
  EXPECT_EQ(batch.count(), 2U);
  EXPECT_EQ(batch.puts(), 1U);
  EXPECT_EQ(batch.user_bytes(), 4U);
  batch.clear();
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(batch.encoded(), "");
}

TEST(BatchCodecTest, LengthsAreVarints) {
  EXPECT_EQ(to_hex(encode({{std::string(200, 'k'), std::string(300, 'v')}})),
            "01c801" + to_hex(std::string(200, 'k')) + "ac02" + to_hex(std::string(300, 'v')));
}

TEST(BatchCodecTest, RandomBatchesComeBack) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Commit commit;
    for (std::uint64_t n = random.below(8); n > 0; --n) {
      std::string key(random.below(300), static_cast<char>(random.below(256)));
      std::optional<std::string> value;
      if (!random.one_in(3)) {
        value = std::string(random.below(20'000), static_cast<char>(random.below(256)));
      }
      commit.push_back({std::move(key), std::move(value)});
    }
    const Decoded decoded = decode(encode(commit));
    ASSERT_TRUE(decoded.status.ok()) << decoded.status.to_string();
    ASSERT_EQ(render(decoded.operations), render(commit));
  }
}

TEST(BatchCodecTest, EveryTruncationIsFoundOrEndsBetweenOperations) {
  const Commit commit = {{"", ""},
                         {"key", "value"},
                         {"gone", std::nullopt},
                         {"", std::nullopt},
                         {"z", std::string(200, 'z')}};
  std::vector<std::size_t> ends = {0};
  for (std::size_t n = 1; n <= commit.size(); ++n) {
    ends.push_back(encode(Commit(commit.begin(), commit.begin() + static_cast<long>(n))).size());
  }
  const std::string payload = encode(commit);
  for (std::size_t length = 0; length <= payload.size(); ++length) {
    SCOPED_TRACE("length " + std::to_string(length));
    const Decoded decoded = decode(std::string_view(payload).substr(0, length));
    const auto end = std::upper_bound(ends.begin(), ends.end(), length) - 1;
    const auto whole = end - ends.begin();
    EXPECT_EQ(render(decoded.operations), render(Commit(commit.begin(), commit.begin() + whole)));
    EXPECT_EQ(decoded.status.code(), *end == length ? Code::kOk : Code::kCorruption);
  }
}

TEST(BatchCodecTest, AReaderThatFailedStaysFailed) {
  std::string payload = encode({{"a", "1"}});
  payload.insert(0, "\x01\x7f", 2);  // a put whose key is longer than the rest
  BatchReader reader(payload);
  Operation op;
  EXPECT_FALSE(reader.next(&op));
  EXPECT_FALSE(reader.next(&op));
  EXPECT_EQ(reader.status().code(), Code::kCorruption);
}

TEST(BatchCodecTest, OtherKindsAndKeyspacesAreOfANewerNacre) {
  for (int kind = 2; kind < 256; ++kind) {
    const std::string payload = static_cast<char>(kind) + std::string("\x01k\x01v", 4);
    const Decoded decoded = decode(payload);
    EXPECT_EQ(decoded.status.code(), Code::kUnsupported) << kind;
    EXPECT_NE(decoded.status.message().find("kind " + std::to_string(kind)), std::string::npos);
    EXPECT_TRUE(decoded.operations.empty());
  }
}

TEST(BatchCodecTest, LengthsOverTheLimitsAreRefused) {
  const auto with_lengths = [](std::uint64_t key_bytes, std::optional<std::uint64_t> value_bytes) {
    std::string payload(1, value_bytes.has_value() ? '\x01' : '\0');
    put_varint(payload, key_bytes);
    payload.append(std::min<std::uint64_t>(key_bytes, 1 << 20), 'k');
    if (value_bytes.has_value()) put_varint(payload, *value_bytes);
    return payload;
  };
  EXPECT_TRUE(decode(with_lengths(kKeyBytesMax, {})).status.ok());
  EXPECT_TRUE(decode(with_lengths(kKeyBytesMax, 0)).status.ok());
  EXPECT_EQ(decode(with_lengths(kKeyBytesMax + 1, {})).status.code(), Code::kCorruption);
  EXPECT_EQ(decode(with_lengths(~std::uint64_t{0}, {})).status.code(), Code::kCorruption);
  EXPECT_EQ(decode(with_lengths(1, kValueBytesMax + 1)).status.code(), Code::kCorruption);
  EXPECT_EQ(decode(with_lengths(1, ~std::uint64_t{0})).status.code(), Code::kCorruption);
}

TEST(BatchCodecTest, SizesAreCheckedBeforeTheyAreWritten) {
  // Never touched, so it takes no memory.
  const std::unique_ptr<char, decltype(&std::free)> zeros(
      static_cast<char*>(std::calloc(kValueBytesMax + 1, 1)), &std::free);
  ASSERT_NE(zeros, nullptr);
  const std::string_view value(zeros.get(), kValueBytesMax);
  const std::string key(kKeyBytesMax, 'k');
  EXPECT_TRUE(check_sizes(key, value).ok());
  EXPECT_EQ(check_sizes("", std::string_view(zeros.get(), kValueBytesMax + 1)).code(),
            Code::kInvalid);
  EXPECT_EQ(check_sizes(key + 'k', "").code(), Code::kInvalid);

  Batch batch;
  ASSERT_TRUE(batch.put(key, "1").ok());
  ASSERT_TRUE(batch.remove(key).ok());
  const std::string before(batch.encoded());
  EXPECT_EQ(batch.put(key + 'k', "1").code(), Code::kInvalid);
  EXPECT_EQ(batch.remove(key + 'k').code(), Code::kInvalid);
  EXPECT_EQ(batch.put("k", std::string_view(zeros.get(), kValueBytesMax + 1)).code(),
            Code::kInvalid);
  EXPECT_EQ(batch.encoded(), before);
  EXPECT_EQ(batch.count(), 2U);
}

}  // namespace
}  // namespace nacre::engine
