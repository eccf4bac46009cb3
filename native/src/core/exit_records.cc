#include "kisimd/exit_records.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "kisimd/errno_name.h"
#include "kisimd/probe_child.h"

namespace kisimd {
namespace {

constexpr size_t kAttributeHead = NLA_HDRLEN;
constexpr uint8_t kLastThreadFlag = 0x20;  // AGROUP of linux/acct.h

// Offsets in struct taskstats, which only ever grows at its end (with the exception of version 15, Linux 6.14, that
// the self-test finds out). Spelt out, for headers older than version 12 have no ac_tgid.
constexpr size_t kFlagOffset = 8;
constexpr size_t kCpuCountOffset = 16;
constexpr size_t kCpuDelayOffset = 24;
constexpr size_t kRunVirtualOffset = 72;
constexpr size_t kCommOffset = 80;
constexpr size_t kPidOffset = 128;
constexpr size_t kParentOffset = 132;
constexpr size_t kElapsedOffset = 144;
constexpr size_t kUserOffset = 152;
constexpr size_t kSystemOffset = 160;
constexpr size_t kVoluntarySwitchesOffset = 272;
constexpr size_t kTgidOffset = 368;
constexpr uint16_t kTgidVersion = 12;
static_assert(offsetof(taskstats, ac_flag) == kFlagOffset);
static_assert(offsetof(taskstats, cpu_count) == kCpuCountOffset);
static_assert(offsetof(taskstats, cpu_delay_total) == kCpuDelayOffset);
static_assert(offsetof(taskstats, ac_etime) == kElapsedOffset);
static_assert(offsetof(taskstats, nvcsw) == kVoluntarySwitchesOffset);
static_assert(offsetof(taskstats, cpu_run_virtual_total) == kRunVirtualOffset);
static_assert(offsetof(taskstats, ac_comm) == kCommOffset);
static_assert(offsetof(taskstats, ac_pid) == kPidOffset);
static_assert(offsetof(taskstats, ac_ppid) == kParentOffset);
static_assert(offsetof(taskstats, ac_utime) == kUserOffset);
static_assert(offsetof(taskstats, ac_stime) == kSystemOffset);

template <typename T>
T ValueAt(std::string_view bytes, size_t offset) {
  T value{};
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/** Takes the next netlink attribute. False at the end, or where its length does not fit. */
bool TakeAttribute(std::string_view& bytes, uint16_t& type, std::string_view& payload) {
  if (bytes.size() < kAttributeHead) return false;
  const auto length = ValueAt<uint16_t>(bytes, 0);
  if (length < kAttributeHead || length > bytes.size()) return false;
  type = ValueAt<uint16_t>(bytes, 2) & NLA_TYPE_MASK;
  payload = bytes.substr(kAttributeHead, length - kAttributeHead);
  bytes.remove_prefix(std::min<size_t>(NLA_ALIGN(length), bytes.size()));
  return true;
}

/**
 * CPU time of a thread's record. The kernel copies sum_exec_runtime without bringing it up to date
 * (kernel/delayacct.c, delayacct_add_tsk), so that it lacks what ran since the last scheduler tick or switch: up to
 * 4 ms at HZ=250, which may be all that a short process did. A thread that never gave up the CPU of its own accord
 * has run whenever it existed and did not wait for a CPU, and both of these times are up to date. For the others
 * the lower bound stands, and the rest stays with their cgroup.
 */
uint64_t CpuTimeOf(std::string_view stats) {
  const auto scheduler = ValueAt<uint64_t>(stats, kRunVirtualOffset);
  if (stats.size() >= kVoluntarySwitchesOffset + sizeof(uint64_t) &&
      ValueAt<uint64_t>(stats, kVoluntarySwitchesOffset) == 0 && ValueAt<uint64_t>(stats, kCpuCountOffset) != 0) {
    const uint64_t elapsed = ValueAt<uint64_t>(stats, kElapsedOffset) * 1000;
    const uint64_t waited = ValueAt<uint64_t>(stats, kCpuDelayOffset);
    // Elapsed time holds stolen and interrupt time too: never more than the longest tick (HZ=100) is made up for.
    constexpr uint64_t kLongestTick = 10'000'000;
    if (elapsed > waited && elapsed - waited > scheduler) return std::min(elapsed - waited, scheduler + kLongestTick);
  }
  if (scheduler != 0) return scheduler;
  return (ValueAt<uint64_t>(stats, kUserOffset) + ValueAt<uint64_t>(stats, kSystemOffset)) * 1000;
}

bool TakeStats(std::string_view nested, uint16_t idType, int32_t& id, std::string_view& stats) {
  uint16_t type = 0;
  std::string_view payload;
  bool hasId = false;
  stats = {};
  while (TakeAttribute(nested, type, payload)) {
    if (type == idType && payload.size() >= sizeof(uint32_t)) {
      id = ValueAt<int32_t>(payload, 0);
      hasId = true;
    } else if (type == TASKSTATS_TYPE_STATS) {
      stats = payload;
    }
  }
  return hasId && id > 0 && stats.size() >= kSystemOffset + sizeof(uint64_t);
}

/** The CPUs that may ever come up, in the kernel's list form. */
std::string PossibleCpus() {
  char text[256];
  const ssize_t length = ReadFileAt(AT_FDCWD, "/sys/devices/system/cpu/possible", text, sizeof text);
  if (length > 0) {
    std::string list(text, static_cast<size_t>(length));
    list.erase(std::find(list.begin(), list.end(), '\n'), list.end());
    if (!list.empty()) return list;
  }
  return "0-" + std::to_string(::sysconf(_SC_NPROCESSORS_CONF) - 1);
}

int64_t MonotonicMilliseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

}  // namespace

bool ParseExitRecord(std::string_view message, ExitRecord& record) {
  record = {};
  if (message.size() < NLMSG_HDRLEN + GENL_HDRLEN) return false;
  const auto length = ValueAt<uint32_t>(message, 0);
  if (length > message.size() || length < NLMSG_HDRLEN + GENL_HDRLEN) return false;
  if (ValueAt<uint16_t>(message, 4) < NLMSG_MIN_TYPE) return false;  // an answer, not a record
  if (static_cast<uint8_t>(message[NLMSG_HDRLEN]) != TASKSTATS_CMD_NEW) return false;

  std::string_view attributes = message.substr(NLMSG_HDRLEN + GENL_HDRLEN, length - NLMSG_HDRLEN - GENL_HDRLEN);
  uint16_t type = 0;
  std::string_view payload;
  std::string_view stats;
  bool found = false;
  while (TakeAttribute(attributes, type, payload)) {
    if (type == TASKSTATS_TYPE_AGGR_PID && TakeStats(payload, TASKSTATS_TYPE_PID, record.pid, stats)) {
      found = true;
      record.ppid = ValueAt<int32_t>(stats, kParentOffset);
      std::memcpy(record.comm, stats.data() + kCommOffset, sizeof record.comm - 1);
      record.cpuNanoseconds = CpuTimeOf(stats);
      if (ValueAt<uint16_t>(stats, 0) >= kTgidVersion && stats.size() >= kTgidOffset + sizeof(uint32_t)) {
        record.tgid = ValueAt<int32_t>(stats, kTgidOffset);
        record.lastThread = (ValueAt<uint8_t>(stats, kFlagOffset) & kLastThreadFlag) != 0;
      }
    } else if (type == TASKSTATS_TYPE_AGGR_TGID) {
      int32_t tgid = 0;
      if (!TakeStats(payload, TASKSTATS_TYPE_TGID, tgid, stats)) continue;
      // Sent with the last thread only, so it says so for kernels without the flag, too. fill_tgid_exit sums the
      // delay accounting; the basic fields of this part stay empty.
      record.hasGroup = true;
      record.groupCpuNanoseconds = ValueAt<uint64_t>(stats, kRunVirtualOffset);
      record.tgid = tgid;
      record.lastThread = true;
    }
  }
  return found;
}

int ExitRecords::Request(uint16_t type, uint8_t command, uint16_t attribute, std::string_view value) const {
  std::string message(NLMSG_HDRLEN + GENL_HDRLEN + kAttributeHead + NLA_ALIGN(value.size() + 1), '\0');
  nlmsghdr header{};
  header.nlmsg_len = static_cast<uint32_t>(message.size());
  header.nlmsg_type = type;
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  std::memcpy(message.data(), &header, sizeof header);
  genlmsghdr generic{};
  generic.cmd = command;
  generic.version = 1;
  std::memcpy(message.data() + NLMSG_HDRLEN, &generic, sizeof generic);
  nlattr head{};
  head.nla_len = static_cast<uint16_t>(kAttributeHead + value.size() + 1);
  head.nla_type = attribute;
  std::memcpy(message.data() + NLMSG_HDRLEN + GENL_HDRLEN, &head, sizeof head);
  std::memcpy(message.data() + NLMSG_HDRLEN + GENL_HDRLEN + kAttributeHead, value.data(), value.size());
  return socket_.Send(message.data(), message.size());
}

int ExitRecords::AwaitAnswer(std::string& message) {
  struct Answer {
    std::string& message;
    bool done = false;
    int error = 0;
  } answer{message};
  const int64_t deadline = MonotonicMilliseconds() + 1000;
  while (!answer.done) {
    const int64_t left = deadline - MonotonicMilliseconds();
    if (left <= 0 || !socket_.WaitReadable(static_cast<int>(left))) return -ETIMEDOUT;
    const int drained = socket_.Drain(
        [](void* context, const char* data, size_t length) {
          auto& into = *static_cast<Answer*>(context);
          const std::string_view bytes(data, length);
          if (bytes.size() < NLMSG_HDRLEN) return;
          const auto type = ValueAt<uint16_t>(bytes, 4);
          if (type == GENL_ID_CTRL) into.message.assign(bytes);
          if (type == NLMSG_ERROR && bytes.size() >= NLMSG_HDRLEN + sizeof(int32_t)) {
            into.done = true;  // error 0 = the acknowledgement, always last
            into.error = ValueAt<int32_t>(bytes, NLMSG_HDRLEN);
          }
        },
        &answer);
    if (drained != 0 && drained != -ENOBUFS) return drained;
  }
  return answer.error;
}

int ExitRecords::FindFamily() {
  if (const int code = Request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME); code != 0)
    return code;
  std::string answer;
  if (const int code = AwaitAnswer(answer); code != 0) return code;
  if (answer.size() < NLMSG_HDRLEN + GENL_HDRLEN) return -EPROTO;
  std::string_view attributes = std::string_view(answer).substr(NLMSG_HDRLEN + GENL_HDRLEN);
  uint16_t type = 0;
  std::string_view payload;
  while (TakeAttribute(attributes, type, payload)) {
    if (type == CTRL_ATTR_FAMILY_ID && payload.size() >= sizeof(uint16_t)) {
      family_ = ValueAt<uint16_t>(payload, 0);
      return 0;
    }
  }
  return -EPROTO;
}

std::string ExitRecords::Probe(int& error) {
  constexpr long kProbeCpu = 300'000;
  const pid_t child = RunProbeChild(kProbeCpu);
  if (child < 0) {
    error = -child;
    return std::string("taskstats: ") + ErrnoName(error) + " at making a test process";
  }
  std::vector<ExitRecord> records;
  const int64_t deadline = MonotonicMilliseconds() + 1000;
  for (;;) {
    records.clear();
    static_cast<void>(Drain(records));  // dropped records of others do not matter here
    for (const auto& record : records) {
      if (record.pid != child) continue;
      // A layout that we misread (version 15) shows here: the numbers make no sense.
      const bool cpuHolds = record.cpuNanoseconds >= kProbeCpu / 2 && record.cpuNanoseconds < 2'000'000'000;
      if (cpuHolds && (record.tgid == child || record.tgid == 0)) return {};
      error = EPROTO;
      return "taskstats: the record of a test process holds " + std::to_string(record.cpuNanoseconds) +
             " ns where at least " + std::to_string(kProbeCpu) +
             " were used (needs CONFIG_TASK_DELAY_ACCT and a layout other than version 15's)";
    }
    const int64_t left = deadline - MonotonicMilliseconds();
    if (left <= 0 || !socket_.WaitReadable(static_cast<int>(left))) break;
  }
  error = ETIMEDOUT;
  return "taskstats: no record came for a test process within 1 s, needs the host's pid and network namespaces";
}

std::string ExitRecords::Open(int receiveBuffer, int& error) {
  const auto refuse = [&](int code, const char* step) {
    Close();
    error = code;
    std::string text = std::string("taskstats: ") + ErrnoName(code) + " at " + step;
    if (code == EPERM || code == EACCES) text += ", needs CAP_NET_ADMIN in the host's user namespace";
    if (code == ENOENT) text += ", needs a kernel with CONFIG_TASKSTATS";
    if (code == EINVAL) text += ", needs the host's pid and user namespaces";
    return text;
  };
  if (const int code = socket_.Open(NETLINK_GENERIC, 0, receiveBuffer); code != 0) return refuse(-code, "socket");
  if (const int code = FindFamily(); code != 0) return refuse(-code, "finding the family");
  const std::string possible = PossibleCpus();
  if (const int code = Request(family_, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_REGISTER_CPUMASK, possible); code != 0)
    return refuse(-code, "registering");
  std::string ignored;
  if (const int code = AwaitAnswer(ignored); code != 0) return refuse(-code, "registering");
  cpus_ = possible;
  std::string refusal = Probe(error);
  if (!refusal.empty()) Close();
  return refusal;
}

bool ExitRecords::Drain(std::vector<ExitRecord>& records) {
  return socket_.Drain(
             [](void* context, const char* data, size_t length) {
               auto& into = *static_cast<std::vector<ExitRecord>*>(context);
               ExitRecord record;
               if (ParseExitRecord({data, length}, record)) into.push_back(record);
             },
             &records) == 0;
}

void ExitRecords::Close() {
  // The kernel forgets a closed listener at the next exit on each CPU; asking saves it the failed sends.
  if (socket_.open() && !cpus_.empty())
    static_cast<void>(Request(family_, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_DEREGISTER_CPUMASK, cpus_));
  cpus_.clear();
  socket_.Close();
}

}  // namespace kisimd
