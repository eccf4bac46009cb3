#include <errno.h>
#include <signal.h>

#include <cmath>
#include <random>
#include <string>
#include <thread>

#include "check.h"
#include "kisimd/counter_sampler.h"
#include "temporary_folder.h"

using namespace kisimd;

constexpr int64_t kMillisecond = 1'000'000;

// A track and the moment it was last looked at.
struct Followed {
  explicit Followed(uint64_t wrapRange) : track(wrapRange) {}
  bool Take(uint64_t counter, int64_t nanoseconds) { return track.Take(counter, nanoseconds); }
  TrackDifference Look() {
    const auto difference = Difference(before, track.totals());
    before = track.totals();
    return difference;
  }
  CounterTrack track;
  TrackTotals before;
};

static void TheFirstReadingIsABaseAndNoEnergy() {
  Followed followed(1000);
  CHECK(std::isnan(followed.Look().energy) && std::isnan(followed.Look().last_nanoseconds));
  CHECK(followed.Take(700, 5));
  const auto difference = followed.Look();
  CHECK(difference.energy == 0 && difference.last_nanoseconds == 5);
}

static void AWrapAddsTheRange() {
  Followed followed(1000);
  followed.Take(900, 0);
  CHECK(followed.Take(100, 1));
  CHECK(followed.Look().energy == 200);
}

static void ADecreaseWithoutKnownRangeMakesTheIntervalUnknownAndRebases() {
  for (const uint64_t range : {uint64_t{0}, uint64_t{500}}) {  // 500: the counter had passed the range it claims
    Followed followed(range);
    followed.Take(900, 0);
    followed.Take(950, 1);
    CHECK(!followed.Take(100, 2));
    CHECK(followed.Take(130, 3));
    CHECK(std::isnan(followed.Look().energy));
    CHECK(followed.Take(150, 4));
    CHECK(followed.Look().energy == 20);
  }
}

static void AnIntervalWithoutAGoodReadingIsUnknownAndTheNextHoldsItsEnergy() {
  Followed followed(0);
  followed.Take(10, 0);
  followed.Look();
  const auto nothing = followed.Look();
  CHECK(std::isnan(nothing.energy) && nothing.last_nanoseconds == 0);
  followed.Take(25, 9);
  CHECK(followed.Look().energy == 15);
}

static void SumsAreExactOverManyWraps() {
  std::mt19937_64 random(7);
  const uint64_t range = 65532610987u;
  for (int round = 0; round < 200; ++round) {
    Followed followed(range);
    uint64_t truth = random() % range;
    int64_t time = 0;
    uint64_t seen_at = truth;
    followed.Take(truth % range, time);
    for (int step = 0; step < 500; ++step) {
      truth += random() % (range - 1);
      time += kMillisecond;
      CHECK(followed.Take(truth % range, time));
      if (random() % 7 == 0) {
        CHECK(followed.Look().energy == static_cast<double>(truth - seen_at));
        seen_at = truth;
      }
    }
    if (truth != seen_at) CHECK(followed.Look().energy == static_cast<double>(truth - seen_at));
  }
}

static void PowerIsToldOnceForEveryTenMilliseconds() {
  CounterTrack track(0);
  uint64_t counter = 0;
  double greatest = -1;
  int windows = 0;
  // 100 ms at 50 W but for 20 ms at 200 W (1 W = 1000 uJ a millisecond).
  for (int64_t ms = 0; ms <= 100; ++ms) {
    track.Take(counter, ms * kMillisecond);
    if (track.ended_window_power() >= 0) ++windows;
    if (track.ended_window_power() > greatest) greatest = track.ended_window_power();
    counter += ms >= 40 && ms < 60 ? 200'000 : 50'000;
  }
  CHECK(windows == 10 && greatest == 200e6);
}

static void DrainingBesideTheThreadLosesNothing() {
  const TemporaryFolder folder;
  const std::string path = folder.File("a");
  TemporaryFolder::WriteCounter(path, 0);
  CounterSampler sampler;
  std::string failed;
  CHECK(sampler.Start({path}, {0}, 1000, failed) == 0);
  double energy;
  double last;
  double power;
  do sampler.Drain(&energy, &last, &power);
  while (std::isnan(last));
  double sum = 0;
  double before = last;
  double greatest = -1;
  for (unsigned long long counter = 1; sum < 300; counter += counter < 300 ? 1 : 0) {
    TemporaryFolder::WriteCounter(path, counter);
    sampler.Drain(&energy, &last, &power);
    if (!std::isnan(energy)) sum += energy;
    if (!std::isnan(power)) greatest = power;
    CHECK(last >= before && sum <= static_cast<double>(counter));
    before = last;
  }
  CHECK(sum == 300);
  while (greatest < 0) {
    sampler.Drain(&energy, &last, &power);
    if (!std::isnan(power)) greatest = power;
  }
}

static void AThreadSamplesUnwrapsAndCounts() {
  const TemporaryFolder folder;
  const std::string path = folder.File("energy_uj");
  const std::string bad = folder.File("bad");
  TemporaryFolder::WriteCounter(path, 990);
  TemporaryFolder::Write(bad, "");
  CounterSampler sampler;
  std::string failed;
  CHECK(sampler.Start({path, folder.File("absent")}, {0, 0}, 1000, failed) == ENOENT);
  CHECK(failed == folder.File("absent"));
  CHECK(sampler.Start({path, bad}, {1000, 0}, 1000, failed) == 0);

  double energy[2];
  double last[2];
  double power[2];
  double sum = 0;
  SamplerStatistics statistics{};
  // Waits for events, never for time: until the thread has read the base, then until it has seen the wrap.
  do {
    statistics = sampler.Drain(energy, last, power);
    if (!std::isnan(energy[0])) sum += energy[0];
    std::this_thread::yield();
  } while (std::isnan(last[0]));
  TemporaryFolder::WriteCounter(path, 10);
  while (sum < 20) {
    statistics = sampler.Drain(energy, last, power);
    if (!std::isnan(energy[0])) sum += energy[0];
    std::this_thread::yield();
  }
  CHECK(sum == 20);
  CHECK(std::isnan(energy[1]) && std::isnan(last[1]) && std::isnan(power[1]));
  sampler.Stop();
  statistics = sampler.Drain(energy, last, power);
  CHECK(statistics.samples >= 2 && statistics.failures == statistics.samples);
  CHECK(statistics.cpu_nanoseconds > 0);
  const auto again = sampler.Drain(energy, last, power);
  CHECK(again.samples == statistics.samples);
  sampler.Stop();
}

static void StoppingDoesNotWaitForTheNextSample() {
  const TemporaryFolder folder;
  TemporaryFolder::WriteCounter(folder.File("a"), 1);
  CounterSampler sampler;
  std::string failed;
  const int64_t before = MonotonicNanoseconds();
  CHECK(sampler.Start({folder.File("a")}, {0}, 0.001, failed) == 0);
  sampler.Stop();
  CHECK(MonotonicNanoseconds() - before < 100'000 * kMillisecond);  // the next sample is due after 1000 s
}

static volatile sig_atomic_t handled_in_main = 0;
static pthread_t main_thread;

static void SignalsStayOutOfTheThread() {
  const TemporaryFolder folder;
  TemporaryFolder::WriteCounter(folder.File("a"), 1);
  main_thread = pthread_self();
  struct sigaction action {};
  action.sa_handler = [](int) { handled_in_main = pthread_equal(pthread_self(), main_thread) ? 1 : 2; };
  sigaction(SIGUSR1, &action, nullptr);
  CounterSampler sampler;
  std::string failed;
  CHECK(sampler.Start({folder.File("a")}, {0}, 1000, failed) == 0);
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  kill(getpid(), SIGUSR1);  // no thread may take it but this one, once it lets it in
  CHECK(handled_in_main == 0);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK(handled_in_main == 1);
}

int main() {
  TheFirstReadingIsABaseAndNoEnergy();
  AWrapAddsTheRange();
  ADecreaseWithoutKnownRangeMakesTheIntervalUnknownAndRebases();
  AnIntervalWithoutAGoodReadingIsUnknownAndTheNextHoldsItsEnergy();
  SumsAreExactOverManyWraps();
  PowerIsToldOnceForEveryTenMilliseconds();
  DrainingBesideTheThreadLosesNothing();
  AThreadSamplesUnwrapsAndCounts();
  StoppingDoesNotWaitForTheNextSample();
  SignalsStayOutOfTheThread();
}
