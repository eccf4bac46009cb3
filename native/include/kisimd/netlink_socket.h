#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kisimd/proc_files.h"

namespace kisimd {

/** A netlink socket that is drained in batches. Only messages from the kernel itself are handed on. */
class NetlinkSocket {
 public:
  /** Takes a datagram of one or more netlink messages. */
  using Handler = void (*)(void* context, const char* data, size_t length);

  /** 0, or minus the system error. `receiveBuffer` in bytes is asked for by force first, then politely. */
  int Open(int protocol, uint32_t groups, int receiveBuffer);
  /** 0, or minus the system error. */
  int Send(const void* data, size_t length) const;
  /** True if something can be read within the time. */
  bool WaitReadable(int milliseconds) const;
  /**
   * Hands every queued datagram to the handler. 0, or minus the system error; -ENOBUFS says that the kernel had to
   * drop messages, with those that were kept handed on all the same.
   */
  int Drain(Handler handler, void* context);
  void Close();
  bool open() const { return fd_.valid(); }
  int fd() const { return fd_.get(); }

 private:
  FileDescriptor fd_;
  std::vector<char> buffer_;
};

}  // namespace kisimd
