// Helpers of the benchmarks that must cost little or be exact: a RAPL tree played from the machine's real busy time,
// duty-cycled hogs, storms of short processes, and crowds of sleepers. One program, one word to choose.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

volatile sig_atomic_t stopping = 0;
void OnSignal(int) { stopping = 1; }

int64_t Now(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return int64_t{t.tv_sec} * 1000000000 + t.tv_nsec;
}

void SleepUntil(int64_t when) {
  timespec t{when / 1000000000, when % 1000000000};
  while (!stopping && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) == EINTR) {
  }
}

void StopWithParentAndOnSignals() {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  struct sigaction action {};
  action.sa_handler = OnSignal;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
}

double Number(const char* text) { return std::strtod(text, nullptr); }

// CPU time worked by the machine in ns: a cgroup v1 root counter (exact), or the busy columns of /proc/stat (ticks).
int64_t BusyNanoseconds(int fd, bool proc_stat) {
  char text[512];
  ssize_t size = pread(fd, text, sizeof text - 1, 0);
  if (size <= 0) return -1;
  text[size] = 0;
  if (!proc_stat) return std::strtoll(text, nullptr, 10);
  long long v[8] = {};
  if (std::sscanf(text, "cpu %lld %lld %lld %lld %lld %lld %lld %lld", v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6,
                  v + 7) < 7) {
    return -1;
  }
  return (v[0] + v[1] + v[2] + v[5] + v[6]) * (1000000000 / sysconf(_SC_CLK_TCK));
}

// play FILE RANGE_UJ IDLE_W WATTS_PER_CORE HZ BUSY_FILE: advances FILE as a RAPL counter; prints the true energy at the end.
int Play(char** a) {
  int out = open(a[0], O_WRONLY);
  double range = Number(a[1]), idle = Number(a[2]), per_core = Number(a[3]), hz = Number(a[4]);
  bool proc_stat = std::strstr(a[5], "/stat") != nullptr;
  int busy_file = open(a[5], O_RDONLY);
  if (out < 0 || busy_file < 0) return std::perror("play"), 1;
  int64_t start = Now(CLOCK_MONOTONIC), busy_start = BusyNanoseconds(busy_file, proc_stat), next = start;
  double energy = 0;
  std::printf("ready\n");
  std::fflush(stdout);
  while (!stopping) {
    int64_t busy = BusyNanoseconds(busy_file, proc_stat), now = Now(CLOCK_MONOTONIC);
    energy = (idle * double(now - start) + per_core * double(busy - busy_start)) / 1000;
    double shown = energy;
    while (shown >= range) shown -= range;
    char text[32];
    int size = std::snprintf(text, sizeof text, "%-15lld\n", static_cast<long long>(shown));
    if (pwrite(out, text, size_t(size), 0) != size) return std::perror("play: write"), 1;
    next += int64_t(1e9 / hz);
    SleepUntil(next);
  }
  std::printf("{\"energyMicrojoules\":%.0f}\n", energy);
  return 0;
}

// hog SHARE SECONDS: burns that share of one core in slices of 20 ms; prints its exact CPU time at the end.
int Hog(char** a) {
  double share = Number(a[0]);
  int64_t slice = 20000000, end = Now(CLOCK_MONOTONIC) + int64_t(Number(a[1]) * 1e9), next = Now(CLOCK_MONOTONIC);
  int64_t burnt = Now(CLOCK_PROCESS_CPUTIME_ID);
  while (!stopping && Now(CLOCK_MONOTONIC) < end) {
    burnt += int64_t(double(slice) * share);
    while (!stopping && Now(CLOCK_PROCESS_CPUTIME_ID) < burnt && Now(CLOCK_MONOTONIC) < end) {
    }
    next += slice;
    if (Now(CLOCK_MONOTONIC) < next) SleepUntil(next);
  }
  std::printf("{\"cpuNanoseconds\":%lld}\n", static_cast<long long>(Now(CLOCK_PROCESS_CPUTIME_ID)));
  return 0;
}

// storm COUNT CPU_MS EVERY_MS: that many children, each burning CPU_MS; prints the CPU time of all of them.
int Storm(char** a) {
  int count = std::atoi(a[0]);
  int64_t burn = int64_t(Number(a[1]) * 1e6), every = int64_t(Number(a[2]) * 1e6), next = Now(CLOCK_MONOTONIC);
  for (int i = 0; i < count && !stopping; i++) {
    pid_t child = fork();
    if (child < 0) return std::perror("storm: fork"), 1;
    if (child == 0) {
      while (Now(CLOCK_PROCESS_CPUTIME_ID) < burn) {
      }
      _exit(0);
    }
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    next += every;
    if (Now(CLOCK_MONOTONIC) < next) SleepUntil(next);
  }
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  long long ns = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000LL +
                 (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000LL;
  std::printf("{\"cpuNanoseconds\":%lld,\"ownNanoseconds\":%lld}\n", ns,
              static_cast<long long>(Now(CLOCK_PROCESS_CPUTIME_ID)));
  return 0;
}

// crowd COUNT WAKING HZ: COUNT children that sleep; the first WAKING of them wake HZ times a second and do a little.
int Crowd(char** a) {
  int count = std::atoi(a[0]), waking = std::atoi(a[1]);
  double hz = Number(a[2]);
  std::vector<pid_t> children;
  for (int i = 0; i < count; i++) {
    pid_t child = fork();
    if (child < 0) return std::perror("crowd: fork"), 1;
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      signal(SIGTERM, SIG_DFL);
      signal(SIGINT, SIG_DFL);
      if (i >= waking) {
        for (;;) pause();
      }
      for (int64_t next = Now(CLOCK_MONOTONIC) + int64_t(i) * 7000000;; next += int64_t(1e9 / hz)) SleepUntil(next);
    }
    children.push_back(child);
  }
  std::printf("ready\n");
  std::fflush(stdout);
  while (!stopping) pause();
  for (pid_t child : children) kill(child, SIGKILL);
  for (pid_t child : children) waitpid(child, nullptr, 0);
  return 0;
}

// slices ROUNDS: for each line on stdin, a fixed amount of arithmetic over 8 MB; prints CPU and wall time of each.
int Slices(char** a) {
  std::vector<uint64_t> memory(1 << 20, 1);
  uint64_t x = 88172645463325252ULL;
  while (!stopping && std::getchar() != EOF) {
    int64_t wall = Now(CLOCK_MONOTONIC), cpu = Now(CLOCK_PROCESS_CPUTIME_ID);
    for (long long round = std::atoll(a[0]); round > 0; round--) {
      x ^= x << 13, x ^= x >> 7, x ^= x << 17;
      memory[x & (memory.size() - 1)] += x;
    }
    std::printf("%lld %lld %llx\n", static_cast<long long>(Now(CLOCK_PROCESS_CPUTIME_ID) - cpu),
                static_cast<long long>(Now(CLOCK_MONOTONIC) - wall), static_cast<unsigned long long>(memory[7]));
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  struct Command {
    const char* name;
    int arguments;
    int (*run)(char**);
  };
  const Command commands[] = {{"play", 6, Play}, {"hog", 2, Hog}, {"storm", 3, Storm}, {"crowd", 3, Crowd}, {"slices", 1, Slices}};
  StopWithParentAndOnSignals();
  for (const Command& command : commands) {
    if (argc >= command.arguments + 2 && std::strcmp(argv[1], command.name) == 0) return command.run(argv + 2);
  }
  std::fprintf(stderr, "usage: bench-tool play|hog|storm|crowd|slices ...\n");
  return 2;
}
