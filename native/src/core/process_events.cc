#include "kisimd/process_events.h"

#include <arpa/inet.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <time.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "kisimd/errno_name.h"
#include "kisimd/probe_child.h"

namespace kisimd {
namespace {

// Values of enum proc_cn_event, which moved between headers in Linux 6.6.
constexpr uint32_t kNone = 0;
constexpr uint32_t kFork = 1;
constexpr uint32_t kExec = 2;
/** Our subscription's acknowledgement is known by this number; the kernel answers with one more. */
constexpr uint32_t kOurAck = 0x4b495349;

constexpr size_t kEventOffset = NLMSG_HDRLEN + sizeof(cn_msg);
// Offsets in struct proc_event: what, cpu, timestamp, then the union.
constexpr size_t kUnionOffset = kEventOffset + 16;

uint32_t WordAt(std::string_view message, size_t offset) {
  uint32_t word = 0;
  std::memcpy(&word, message.data() + offset, sizeof word);
  return word;
}

/**
 * Drops in the kernel what we would throw away: thread forks, and every event but fork and exec. Kernels before
 * 6.6 know no event filter of their own, and none of them tells threads from processes.
 */
int AttachFilter(int fd) {
  const auto word = [](size_t offset) { return sock_filter(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset))); };
  const auto equals = [](uint32_t value, uint8_t yes, uint8_t no) {
    return sock_filter(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(value), yes, no));
  };
  // Jumps count from the next instruction; the last but one keeps the message, the last drops it.
  sock_filter program[] = {
      word(kEventOffset),
      equals(kExec, 6, 0),
      equals(kNone, 5, 0),
      equals(kFork, 0, 5),
      word(kUnionOffset + 8),                                  // child_pid
      BPF_STMT(BPF_MISC | BPF_TAX, 0),
      word(kUnionOffset + 12),                                 // child_tgid
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  const sock_fprog filter{sizeof program / sizeof program[0], program};
  return ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0 ? 0 : -errno;
}

int64_t MonotonicMilliseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

}  // namespace

ProcessEvent ParseProcessEvent(std::string_view message) {
  ProcessEvent event;
  if (message.size() < kUnionOffset + sizeof(uint32_t)) return event;
  if (WordAt(message, NLMSG_HDRLEN) != CN_IDX_PROC || WordAt(message, NLMSG_HDRLEN + 4) != CN_VAL_PROC) return event;
  switch (WordAt(message, kEventOffset)) {
    case kNone:
      event.kind = ProcessEvent::Kind::kAcknowledgement;
      event.error = static_cast<int32_t>(WordAt(message, kUnionOffset));
      event.answers = WordAt(message, NLMSG_HDRLEN + offsetof(cn_msg, ack));
      break;
    case kFork: {
      if (message.size() < kUnionOffset + 16) break;
      const auto childThread = static_cast<int32_t>(WordAt(message, kUnionOffset + 8));
      event.pid = static_cast<int32_t>(WordAt(message, kUnionOffset + 12));
      event.parent = static_cast<int32_t>(WordAt(message, kUnionOffset + 4));
      if (event.pid > 0 && childThread == event.pid) event.kind = ProcessEvent::Kind::kFork;
      break;
    }
    case kExec:
      if (message.size() < kUnionOffset + 8) break;
      event.pid = static_cast<int32_t>(WordAt(message, kUnionOffset + 4));
      if (event.pid > 0) event.kind = ProcessEvent::Kind::kExec;
      break;
    default:
      break;
  }
  return event;
}

int ProcessEvents::Subscribe(uint32_t operation) const {
  // Linux 6.6 and newer take struct proc_input (operation and events wanted), older ones the operation alone.
  const uint32_t payload[2] = {operation, kFork | kExec};
  const size_t payloadLength = filtered_ ? sizeof payload : sizeof payload[0];
  char request[kEventOffset + sizeof payload] = {};
  nlmsghdr header{};
  header.nlmsg_len = static_cast<uint32_t>(kEventOffset + payloadLength);
  header.nlmsg_type = NLMSG_DONE;
  cn_msg connector{};
  connector.id = {CN_IDX_PROC, CN_VAL_PROC};
  connector.ack = kOurAck;
  connector.len = static_cast<uint16_t>(payloadLength);
  std::memcpy(request, &header, sizeof header);
  std::memcpy(request + NLMSG_HDRLEN, &connector, sizeof connector);
  std::memcpy(request + kEventOffset, payload, payloadLength);
  return socket_.Send(request, kEventOffset + payloadLength);
}

bool ProcessEvents::SeesProbe(int milliseconds, int& error) {
  const pid_t child = RunProbeChild(0);
  if (child < 0) {
    error = -child;
    return false;
  }
  struct Seen {
    int32_t wanted;
    bool found = false;
    int error = 0;
  } seen{child};
  const int64_t deadline = MonotonicMilliseconds() + milliseconds;
  for (;;) {
    socket_.Drain(
        [](void* context, const char* data, size_t length) {
          auto& state = *static_cast<Seen*>(context);
          const ProcessEvent event = ParseProcessEvent({data, length});
          if (event.kind == ProcessEvent::Kind::kFork && event.pid == state.wanted) state.found = true;
          if (event.kind == ProcessEvent::Kind::kAcknowledgement && event.answers == kOurAck + 1)
            state.error = event.error;
        },
        &seen);
    if (seen.found) return true;
    const int64_t left = deadline - MonotonicMilliseconds();
    if (seen.error != 0 || left <= 0) break;
    if (!socket_.WaitReadable(static_cast<int>(left))) break;
  }
  error = seen.error != 0 ? seen.error : ETIMEDOUT;
  return false;
}

std::string ProcessEvents::Open(int receiveBuffer, int& error) {
  const auto refuse = [&](int code, const char* step) {
    Close();
    error = code;
    std::string text = std::string("proc connector: ") + ErrnoName(code) + " at " + step;
    if (code == EPERM || code == EACCES) text += ", needs root or CAP_NET_ADMIN (any user from Linux 6.6 on)";
    if (code == ECONNREFUSED) text += ", needs the host's network namespace";
    if (code == EPROTONOSUPPORT) text += ", needs a kernel with CONFIG_PROC_EVENTS";
    if (code == ETIMEDOUT) text += ", no event came for a test process (needs the host's pid and network namespaces)";
    return text;
  };
  if (const int code = socket_.Open(NETLINK_CONNECTOR, CN_IDX_PROC, receiveBuffer); code != 0)
    return refuse(-code, "socket");
  if (const int code = AttachFilter(socket_.fd()); code != 0) return refuse(-code, "filter");
  for (const bool filtered : {true, false}) {
    filtered_ = filtered;
    if (const int code = Subscribe(PROC_CN_MCAST_LISTEN); code != 0) return refuse(-code, "subscribe");
    int probe = 0;
    // A kernel that knows no filter ignores the request without a word.
    if (SeesProbe(filtered ? 250 : 750, probe)) return {};
    if (!filtered || (probe != ETIMEDOUT && probe != EINVAL)) return refuse(probe, "self-test");
  }
  return {};
}

bool ProcessEvents::Drain(std::vector<ForkEvent>& forks, std::vector<int32_t>& execs) {
  struct Sink {
    std::vector<ForkEvent>& forks;
    std::vector<int32_t>& execs;
  } sink{forks, execs};
  return socket_.Drain(
             [](void* context, const char* data, size_t length) {
               auto& into = *static_cast<Sink*>(context);
               const ProcessEvent event = ParseProcessEvent({data, length});
               if (event.kind == ProcessEvent::Kind::kFork) into.forks.push_back({event.pid, event.parent});
               if (event.kind == ProcessEvent::Kind::kExec) into.execs.push_back(event.pid);
             },
             &sink) == 0;
}

void ProcessEvents::Close() {
  if (!socket_.open()) return;
  // Kernels before 6.6 do not notice a closed socket and would go on making events for nobody. There is nothing to
  // be done about a failure: the socket goes away either way.
  static_cast<void>(Subscribe(PROC_CN_MCAST_IGNORE));
  socket_.Close();
}

}  // namespace kisimd
