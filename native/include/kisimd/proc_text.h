#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace kisimd {

/** The fields of /proc/PID/stat that the scanner needs (proc_pid_stat(5); fs/proc/array.c, do_task_stat). */
struct StatLine {
  int32_t pid = 0;
  /** Points into the parsed text; may hold spaces, parentheses and line feeds. */
  std::string_view comm;
  char state = '?';
  int32_t ppid = 0;
  uint32_t flags = 0;
  uint64_t userTicks = 0;
  uint64_t systemTicks = 0;
  int64_t threads = 0;
  int64_t startTicks = 0;
  /** -1 where the line ends before field 39. */
  int32_t lastCpu = -1;

  bool IsKernelThread() const { return (flags & 0x00200000u) != 0; }  // PF_KTHREAD, include/linux/sched.h
  /** The whole process is dead and waits to be reaped; a dead leader whose threads live on is not. */
  bool IsZombie() const { return (state == 'Z' || state == 'X' || state == 'x') && threads <= 1; }
};

/** False where the text is not a whole stat line (cut off, garbage, a number out of range). */
bool ParseStatLine(std::string_view text, StatLine& line);

enum class GroupFormat { kUsageNanoseconds, kCpuStat };

/** CPU time in nanoseconds of cpuacct.usage or cpu.stat; NaN where the text does not hold it. */
double ParseGroupUsage(std::string_view text, GroupFormat format);

/**
 * The cpu lines of /proc/stat: 10 columns a row, row 0 = all CPUs, in nanoseconds. `cpuIds` gets the CPU number of
 * each row after row 0. A column that the kernel does not print is NaN. False where there is no line of all CPUs.
 */
bool ParseHostCpus(std::string_view text, double nanosecondsPerTick, std::vector<double>& rows,
                   std::vector<int32_t>& cpuIds);

/** The `processes` line of /proc/stat: forks since boot, threads included. */
bool ParseForkCount(std::string_view text, uint64_t& forks);

}  // namespace kisimd
