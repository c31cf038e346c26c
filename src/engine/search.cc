#include "engine/search.h"

#include <cstring>

namespace nacre::engine {

Value PinSink::pinned(std::string_view bytes, BlockPin pin) {
  const FrameRef frame = std::move(pin).take().release();
  return Value(bytes, reinterpret_cast<void*>(frame.word()), [](void* owner) {
    FrameRef::from_word(reinterpret_cast<std::uintptr_t>(owner)).drop();
  });
}

Value PinSink::copied(std::string_view bytes) {
  char* copy = new char[bytes.size() + 1];  // never of size zero
  if (!bytes.empty()) std::memcpy(copy, bytes.data(), bytes.size());
  return Value({copy, bytes.size()}, copy, [](void* owner) { delete[] static_cast<char*>(owner); });
}

}  // namespace nacre::engine
