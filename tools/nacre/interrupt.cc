#include "interrupt.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace nacre::tool {

namespace {

// A signal handler can reach nothing else.
std::atomic<bool> g_happened{false};
std::atomic<int> g_write_end{-1};

extern "C" void on_signal(int /*number*/) {
  const int saved = errno;
  g_happened.store(true);
  const char byte = 0;
  // The flag is what counts; a pipe that is full is readable already.
  [[maybe_unused]] const ssize_t written = ::write(g_write_end.load(), &byte, 1);
  errno = saved;
}

void handle(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one is not ours
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

Interrupt::Interrupt() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
    read_end_ = ends[0];
    g_write_end.store(ends[1]);
  }
  g_happened.store(false);
  handle(on_signal);
}

Interrupt::~Interrupt() {
  handle(SIG_DFL);
  const int write_end = g_write_end.exchange(-1);
  if (write_end >= 0) ::close(write_end);
  if (read_end_ >= 0) ::close(read_end_);
}

bool Interrupt::happened() const { return g_happened.load(); }

}  // namespace nacre::tool
