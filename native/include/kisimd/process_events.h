#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kisimd/netlink_socket.h"

namespace kisimd {

/** A new process (threads are left out), in the order of the kernel. */
struct ForkEvent {
  int32_t child;
  int32_t parent;
};

/** What one message of the proc connector says. */
struct ProcessEvent {
  enum class Kind { kOther, kFork, kExec, kAcknowledgement };
  Kind kind = Kind::kOther;
  int32_t pid = 0;
  int32_t parent = 0;
  /** Of an acknowledgement: the system error, and the `ack` number it answers to. */
  int32_t error = 0;
  uint32_t answers = 0;
};

/** Reads one netlink message of the proc connector; kOther for what the scanner has no use for, or garbage. */
ProcessEvent ParseProcessEvent(std::string_view message);

/** Births by the kernel's proc connector (drivers/connector/cn_proc.c). */
class ProcessEvents {
 public:
  ProcessEvents() = default;
  ~ProcessEvents() { Close(); }
  ProcessEvents(const ProcessEvents&) = delete;
  ProcessEvents& operator=(const ProcessEvents&) = delete;

  /**
   * Subscribes, and proves it: makes a child and waits for its fork event. Returns '' or why it cannot be used,
   * beginning with "proc connector: "; `error` is then the system error. `receiveBuffer` in bytes.
   */
  std::string Open(int receiveBuffer, int& error);
  /** Appends what has happened. False where the kernel dropped events. */
  bool Drain(std::vector<ForkEvent>& forks, std::vector<int32_t>& execs);
  void Close();
  bool open() const { return socket_.open(); }

 private:
  int Subscribe(uint32_t operation) const;
  bool SeesProbe(int milliseconds, int& error);

  NetlinkSocket socket_;
  bool filtered_ = false;
};

}  // namespace kisimd
