#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kisimd/netlink_socket.h"

namespace kisimd {

/** The end of one THREAD, with the end of its process where it was the last one. */
struct ExitRecord {
  int32_t pid = 0;
  /** 0 where the kernel does not tell (taskstats before version 12, Linux 5.19). */
  int32_t tgid = 0;
  int32_t ppid = 0;
  char comm[33] = {};
  /** CPU time of this thread over its whole life, from the scheduler (sum_exec_runtime). */
  uint64_t cpuNanoseconds = 0;
  /** The process has ended with this thread. Always false where the kernel does not tell. */
  bool lastThread = false;
  /** A sum over all threads, the dead ones included, came along (only for processes that had several). */
  bool hasGroup = false;
  uint64_t groupCpuNanoseconds = 0;
};

/** Reads one generic netlink message of taskstats. False where it holds no whole record. */
bool ParseExitRecord(std::string_view message, ExitRecord& record);

/** Exits by the kernel's taskstats (kernel/taskstats.c; Documentation/accounting/taskstats.rst). */
class ExitRecords {
 public:
  ExitRecords() = default;
  ~ExitRecords() { Close(); }
  ExitRecords(const ExitRecords&) = delete;
  ExitRecords& operator=(const ExitRecords&) = delete;

  /**
   * Registers for all CPUs, and proves it: makes a child and requires its record with its CPU time. Returns '' or
   * why it cannot be used, beginning with "taskstats: "; `error` is then the system error. `receiveBuffer` in
   * bytes.
   */
  std::string Open(int receiveBuffer, int& error);
  /** Appends what has happened. False where the kernel dropped records. */
  bool Drain(std::vector<ExitRecord>& records);
  void Close();
  bool open() const { return socket_.open(); }

 private:
  int Request(uint16_t type, uint8_t command, uint16_t attribute, std::string_view value) const;
  /** The answer to the last request: its message or the error in it. */
  int AwaitAnswer(std::string& message);
  int FindFamily();
  std::string Probe(int& error);

  NetlinkSocket socket_;
  uint16_t family_ = 0;
  std::string cpus_;
};

}  // namespace kisimd
