// interrupt.h - Ctrl-C as something that can be waited for, so that long work ends between two
// steps instead of in the middle of one.
//
// While an object lives, the first SIGINT or SIGTERM only makes fd() readable; the second ends the
// program as usual.
//
// THREADS  one object at a time in a process.
#pragma once

namespace nacre::tool {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool happened() const;
  /// Becomes readable when it happens; -1 when the system gave none, then only happened() tells.
  int fd() const { return read_end_; }

 private:
  int read_end_ = -1;
};

}  // namespace nacre::tool
