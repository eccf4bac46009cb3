#pragma once
#include <sys/types.h>

namespace kisimd {

/**
 * Makes a child process that uses about this much CPU time, waits for its end and returns its pid, or minus the
 * system error. It shares the memory of the caller (as vfork does), runs nothing but system calls, and sends no
 * SIGCHLD. What the event sources are tested with.
 */
pid_t RunProbeChild(long cpuNanoseconds);

}  // namespace kisimd
