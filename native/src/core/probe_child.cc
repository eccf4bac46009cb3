#include "kisimd/probe_child.h"

#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace kisimd {
namespace {

// No sanitizer may touch the stack of a child that shares our memory.
__attribute__((no_sanitize("address", "undefined"))) int ProbeMain(void* argument) {
  const long wanted = *static_cast<const long*>(argument);
  timespec used{};
  do {
    ::syscall(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, &used);
  } while (used.tv_sec == 0 && used.tv_nsec < wanted);
  ::syscall(SYS_exit_group, 0);
  return 0;
}

}  // namespace

pid_t RunProbeChild(long cpuNanoseconds) {
  alignas(16) static thread_local char stack[16384];
  // CLONE_VFORK: we sleep until the child has ended, so its stack and argument stay valid.
  const pid_t pid = ::clone(ProbeMain, stack + sizeof stack, CLONE_VM | CLONE_VFORK, &cpuNanoseconds);
  if (pid < 0) return -errno;
  // __WALL: a child without an exit signal is not seen by a plain wait.
  while (::waitpid(pid, nullptr, __WALL) < 0) {
    if (errno != EINTR) return -errno;
  }
  return pid;
}

}  // namespace kisimd
