#include "engine/batch_codec.h"

#include "base/coding.h"
#include "base/limits.h"
#include "nacre/batch.h"

namespace nacre {

namespace {

constexpr std::uint8_t kHasKeyspace = 0x80;

Status check_room(std::uint64_t have, std::uint64_t more) {
  if (more <= kBatchBytesMax - have) return {};
  return Status::invalid("batch would pass " + std::to_string(kBatchBytesMax) +
                         " bytes: write it in parts");
}

}  // namespace

namespace engine {

Status check_sizes(std::string_view key, std::string_view value) {
  if (key.size() > kKeyBytesMax) {
    return Status::invalid("key of " + std::to_string(key.size()) + " bytes: at most " +
                           std::to_string(kKeyBytesMax) + " are allowed");
  }
  if (value.size() > kValueBytesMax) {
    return Status::invalid("value of " + std::to_string(value.size()) + " bytes: at most " +
                           std::to_string(kValueBytesMax) + " are allowed");
  }
  return {};
}

void encode_put(std::string& out, std::string_view key, std::string_view value) {
  char head[1 + kVarint64BytesMax];
  head[0] = static_cast<char>(Kind::kPut);
  out.append(head, static_cast<std::size_t>(write_varint(head + 1, key.size()) - head));
  out.append(key);
  put_string(out, value);
}

void encode_remove(std::string& out, std::string_view key) {
  out += static_cast<char>(Kind::kDelete);
  put_string(out, key);
}

bool BatchReader::next(Operation* operation) {
  if (!status_.ok() || bytes_.done()) return false;
  const auto first = bytes_.fixed<std::uint8_t>();
  operation->kind = static_cast<Kind>(first & ~kHasKeyspace);
  if (!is_known(operation->kind) || (first & kHasKeyspace) != 0) {
    status_ = Status::unsupported("batch holds an operation of kind " + std::to_string(first) +
                                  ": it was written by a newer Nacre");
    return false;
  }
  operation->key = bytes_.take(bytes_.varint_up_to(kKeyBytesMax));
  operation->value = operation->kind == Kind::kPut
                         ? bytes_.take(bytes_.varint_up_to(kValueBytesMax))
                         : std::string_view();
  if (bytes_.ok()) return true;
  status_ = Status::corruption("batch is malformed");
  return false;
}

}  // namespace engine

Status Batch::put(std::string_view key, std::string_view value) {
  Status status = engine::check_sizes(key, value);
  if (status.ok()) status = check_room(rep_.size(), key.size() + value.size() + 16);
  if (!status.ok()) return status;
  engine::encode_put(rep_, key, value);
  ++count_;
  ++puts_;
  user_bytes_ += key.size() + value.size();
  return {};
}

Status Batch::remove(std::string_view key) {
  Status status = engine::check_sizes(key, {});
  if (status.ok()) status = check_room(rep_.size(), key.size() + 16);
  if (!status.ok()) return status;
  engine::encode_remove(rep_, key);
  ++count_;
  user_bytes_ += key.size();
  return {};
}

void Batch::clear() {
  rep_.clear();
  count_ = puts_ = 0;
  user_bytes_ = 0;
}

}  // namespace nacre
