#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <random>
#include <string>

#include "check.h"
#include "kisimd/exit_records.h"
#include "kisimd/pid_map.h"
#include "kisimd/proc_text.h"
#include "kisimd/process_events.h"

using namespace kisimd;

namespace {

std::string StatOf(const std::string& comm, const std::string& state = "S") {
  return "4711 (" + comm + ") " + state +
         " 42 4711 4711 0 -1 4194560 100 0 3 0 250 50 7 8 20 0 3 0 123456 1000 200 18446744073709551615 1 1 0 0 0 0 0 "
         "4096 0 0 0 0 17 5 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
}

void ReadsAStatLine() {
  StatLine line;
  const std::string text = StatOf("nginx");
  CHECK(ParseStatLine(text, line));
  CHECK(line.pid == 4711 && line.comm == "nginx" && line.state == 'S' && line.ppid == 42);
  CHECK(line.flags == 4194560 && line.userTicks == 250 && line.systemTicks == 50 && line.threads == 3);
  CHECK(line.startTicks == 123456 && line.lastCpu == 5 && !line.IsKernelThread() && !line.IsZombie());
}

void NamesMayHoldAnything() {
  for (const char* comm : {"", ")", "(", ") S 1 1", "a b", "((()))", "x) R 9 (y", "new\nline", "\xff\xfe"}) {
    StatLine line;
    const std::string text = StatOf(comm);
    CHECK(ParseStatLine(text, line));
    CHECK(line.comm == comm);
    CHECK(line.ppid == 42 && line.startTicks == 123456);
  }
}

void AZombieLeaderWithLivingThreadsLives() {
  StatLine line;
  CHECK(ParseStatLine(StatOf("x", "Z"), line));
  CHECK(!line.IsZombie());  // 3 threads
  std::string text = StatOf("x", "Z");
  text.replace(text.find(" 20 0 3 0"), 9, " 20 0 1 0");
  CHECK(ParseStatLine(text, line));
  CHECK(line.IsZombie());
}

void CutOrGarbledStatLinesAreRefusedOrWhole() {
  const std::string whole = StatOf("a) (b");
  for (size_t length = 0; length <= whole.size(); length++) {
    StatLine line;
    const std::string cut = whole.substr(0, length);
    if (!ParseStatLine(cut, line)) continue;
    CHECK(length > whole.find(" 12345"));  // nothing is accepted that ends before the start time
  }
  std::mt19937 random(1);
  for (int round = 0; round < 20000; round++) {
    std::string text = whole;
    for (int change = 0; change < 1 + round % 8; change++)
      text[random() % text.size()] = static_cast<char>(random() % 256);
    StatLine line;
    ParseStatLine(text, line);
  }
  StatLine line;
  CHECK(!ParseStatLine("", line));
  CHECK(!ParseStatLine("garbage", line));
  CHECK(!ParseStatLine(")(", line));
  CHECK(!ParseStatLine("99999999999999 (x) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 5", line));
}

void GroupCountersAreReadInBothForms() {
  CHECK(ParseGroupUsage("123456789012345\n", GroupFormat::kUsageNanoseconds) == 123456789012345.0);
  CHECK(ParseGroupUsage("usage_usec 2500\nuser_usec 1\n", GroupFormat::kCpuStat) == 2500000.0);
  CHECK(ParseGroupUsage("user_usec 1\nusage_usec 7\n", GroupFormat::kCpuStat) == 7000.0);
  for (const char* bad : {"", "\n", "usage_usec", "usage_usec \n", "usage_usec x\n", "usage_usecs 5\n", "nr_periods 0\n"})
    CHECK(std::isnan(ParseGroupUsage(bad, GroupFormat::kCpuStat)));
  for (const char* bad : {"", "-1\n", "x\n", "99999999999999999999999999\n"})
    CHECK(std::isnan(ParseGroupUsage(bad, GroupFormat::kUsageNanoseconds)));
}

void HostLinesKeepTheirCpuNumbers() {
  std::vector<double> rows;
  std::vector<int32_t> cpus;
  CHECK(ParseHostCpus("cpu  10 1 2 3 4 5 6 7 8 9\ncpu0 1 0 0 0 0 0 0 0 0 0\ncpu3 9 1 2 3 4 5 6 7 8 9\nintr 5\nprocesses 77\n",
                      1e7, rows, cpus));
  CHECK(rows.size() == 30 && cpus.size() == 2 && cpus[0] == 0 && cpus[1] == 3);
  CHECK(rows[0] == 1e8 && rows[9] == 9e7 && rows[10] == 1e7 && rows[29] == 9e7);
  uint64_t forks = 0;
  CHECK(ParseForkCount("cpu  1\nintr 5 6\nprocesses 77\n", forks) && forks == 77);
  CHECK(!ParseForkCount("processes\n", forks));
  // Kernels before 2.6.24 print fewer columns: what is not there is not a zero.
  CHECK(ParseHostCpus("cpu  10 1 2 3\ncpu0 10 1 2 3\n", 1e7, rows, cpus));
  CHECK(rows[3] == 3e7 && std::isnan(rows[4]) && rows.size() == 20);
  CHECK(!ParseHostCpus("", 1e7, rows, cpus));
  CHECK(!ParseHostCpus("cpu0 1 2 3 4\n", 1e7, rows, cpus));
}

template <typename T>
void Put(std::string& message, size_t offset, T value) {
  if (message.size() < offset + sizeof value) message.resize(offset + sizeof value);
  std::memcpy(message.data() + offset, &value, sizeof value);
}

std::string ForkMessage(uint32_t parent, uint32_t thread, uint32_t child) {
  std::string message(76, '\0');
  Put<uint32_t>(message, 16, 1);
  Put<uint32_t>(message, 20, 1);
  Put<uint32_t>(message, 36, 1);
  Put<uint32_t>(message, 56, parent);
  Put<uint32_t>(message, 60, thread);
  Put<uint32_t>(message, 64, child);
  return message;
}

void ThreadForksAreNoBirths() {
  const ProcessEvent process = ParseProcessEvent(ForkMessage(5, 9, 9));
  CHECK(process.kind == ProcessEvent::Kind::kFork && process.pid == 9 && process.parent == 5);
  CHECK(ParseProcessEvent(ForkMessage(5, 10, 9)).kind == ProcessEvent::Kind::kOther);
  const std::string whole = ForkMessage(5, 9, 9);
  for (size_t length = 0; length < 68; length++)
    CHECK(ParseProcessEvent(whole.substr(0, length)).kind != ProcessEvent::Kind::kFork);
}

/** A taskstats message: the record of a thread, and the sum of its process if wanted. */
std::string ExitMessage(uint32_t pid, uint32_t tgid, uint64_t cpu, bool last, uint64_t group, uint16_t version = 13) {
  const auto stats = [&](uint64_t nanoseconds, bool basic) {
    std::string bytes(416, '\0');
    Put<uint16_t>(bytes, 0, version);
    if (basic) {
      Put<uint8_t>(bytes, 8, last ? 0x20 : 0);
      std::memcpy(bytes.data() + 80, "worker", 6);
      Put<uint32_t>(bytes, 128, pid);
      Put<uint32_t>(bytes, 132, 77);
      Put<uint32_t>(bytes, 368, tgid);
    }
    Put<uint64_t>(bytes, 72, nanoseconds);
    return bytes;
  };
  const auto attribute = [](uint16_t type, const std::string& payload) {
    std::string bytes(4, '\0');
    Put<uint16_t>(bytes, 0, static_cast<uint16_t>(4 + payload.size()));
    Put<uint16_t>(bytes, 2, type);
    bytes += payload;
    bytes.resize((bytes.size() + 3) / 4 * 4);
    return bytes;
  };
  std::string id(4, '\0');
  Put<uint32_t>(id, 0, pid);
  std::string body = attribute(4, attribute(1, id) + attribute(6, "") + attribute(3, stats(cpu, true)));
  if (group != 0) {
    Put<uint32_t>(id, 0, tgid);
    body += attribute(5, attribute(2, id) + attribute(3, stats(group, false)));
  }
  std::string message(20, '\0');
  Put<uint32_t>(message, 0, static_cast<uint32_t>(20 + body.size()));
  Put<uint16_t>(message, 4, 28);
  Put<uint8_t>(message, 16, 2);
  return message + body;
}

void ExitRecordsTellThreadsFromProcesses() {
  ExitRecord record;
  CHECK(ParseExitRecord(ExitMessage(9, 9, 5000, true, 0), record));
  CHECK(record.pid == 9 && record.tgid == 9 && record.ppid == 77 && record.lastThread && !record.hasGroup);
  CHECK(record.cpuNanoseconds == 5000 && std::string(record.comm) == "worker");
  CHECK(ParseExitRecord(ExitMessage(11, 9, 5000, false, 0), record));
  CHECK(record.pid == 11 && record.tgid == 9 && !record.lastThread);
  CHECK(ParseExitRecord(ExitMessage(12, 9, 5000, true, 99000), record));
  CHECK(record.lastThread && record.hasGroup && record.groupCpuNanoseconds == 99000 && record.tgid == 9);
  // Before version 12 the place of the process id held something else.
  CHECK(ParseExitRecord(ExitMessage(9, 12345, 5000, true, 0, 9), record));
  CHECK(record.tgid == 0 && !record.lastThread);
}

void AThreadThatNeverSleptIsChargedUpToItsEnd() {
  std::string message = ExitMessage(9, 9, 5000, true, 0);
  const size_t stats = message.size() - 416;
  Put<uint64_t>(message, stats + 16, 3);         // times on a CPU
  Put<uint64_t>(message, stats + 24, 1000000);   // ns waited for one
  Put<uint64_t>(message, stats + 144, 3500);     // us elapsed
  ExitRecord record;
  CHECK(ParseExitRecord(message, record));
  CHECK(record.cpuNanoseconds == 2500000);
  // Stolen time is elapsed as well: no more than a tick is made up for.
  Put<uint64_t>(message, stats + 144, 900000);
  CHECK(ParseExitRecord(message, record));
  CHECK(record.cpuNanoseconds == 10005000);
  // One that has slept may have slept all the rest.
  Put<uint64_t>(message, stats + 272, 1);
  CHECK(ParseExitRecord(message, record));
  CHECK(record.cpuNanoseconds == 5000);
}

void GarbledExitRecordsDoNoHarm() {
  const std::string whole = ExitMessage(12, 9, 5000, true, 99000);
  ExitRecord record;
  for (size_t length = 0; length < whole.size(); length++) CHECK(!ParseExitRecord(whole.substr(0, length), record));
  std::mt19937 random(2);
  for (int round = 0; round < 20000; round++) {
    std::string text = whole;
    for (int change = 0; change < 1 + round % 6; change++)
      text[random() % 60] = static_cast<char>(random() % 256);
    ParseExitRecord(text, record);
    ParseProcessEvent(text);
  }
}

void APidMapEqualsAMap() {
  std::mt19937 random(3);
  PidMap map;
  std::map<int32_t, int32_t> model;
  for (int round = 0; round < 200000; round++) {
    const auto pid = static_cast<int32_t>(1 + random() % 700);
    if (random() % 2 == 0) {
      map.Set(pid, round);
      model[pid] = round;
    } else {
      map.Erase(pid);
      model.erase(pid);
    }
    CHECK(map.size() == model.size());
    const auto probe = static_cast<int32_t>(1 + random() % 700);
    const auto found = model.find(probe);
    CHECK(map.Find(probe) == (found == model.end() ? -1 : found->second));
  }
  map.Clear();
  CHECK(map.size() == 0 && map.Find(1) == -1);
}

}  // namespace

int main() {
  ReadsAStatLine();
  NamesMayHoldAnything();
  AZombieLeaderWithLivingThreadsLives();
  CutOrGarbledStatLinesAreRefusedOrWhole();
  GroupCountersAreReadInBothForms();
  HostLinesKeepTheirCpuNumbers();
  ThreadForksAreNoBirths();
  ExitRecordsTellThreadsFromProcesses();
  AThreadThatNeverSleptIsChargedUpToItsEnd();
  GarbledExitRecordsDoNoHarm();
  APidMapEqualsAMap();
  return 0;
}
