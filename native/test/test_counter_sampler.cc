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

static void TheFirstReadingIsABaseAndNoEnergy() {
  CounterTrack track(1000);
  CHECK(std::isnan(track.Drain().energy) && std::isnan(track.Drain().last_nanoseconds));
  CHECK(track.Take(700, 5));
  const auto drained = track.Drain();
  CHECK(drained.energy == 0 && drained.last_nanoseconds == 5 && std::isnan(drained.max_per_second));
}

static void AWrapAddsTheRange() {
  CounterTrack track(1000);
  track.Take(900, 0);
  CHECK(track.Take(100, 1));
  CHECK(track.Drain().energy == 200);
}

static void ADecreaseWithoutKnownRangeMakesTheIntervalUnknownAndRebases() {
  for (const uint64_t range : {uint64_t{0}, uint64_t{500}}) {  // 500: the counter had passed the range it claims
    CounterTrack track(range);
    track.Take(900, 0);
    track.Take(950, 1);
    CHECK(!track.Take(100, 2));
    CHECK(track.Take(130, 3));
    CHECK(std::isnan(track.Drain().energy));
    CHECK(track.Take(150, 4));
    CHECK(track.Drain().energy == 20);
  }
}

static void AnIntervalWithoutAGoodReadingIsUnknownAndTheNextHoldsItsEnergy() {
  CounterTrack track(0);
  track.Take(10, 0);
  track.Drain();
  const auto nothing = track.Drain();
  CHECK(std::isnan(nothing.energy) && nothing.last_nanoseconds == 0);
  track.Take(25, 9);
  CHECK(track.Drain().energy == 15);
}

static void SumsAreExactOverManyWraps() {
  std::mt19937_64 random(7);
  const uint64_t range = 65532610987u;
  for (int round = 0; round < 200; ++round) {
    CounterTrack track(range);
    uint64_t truth = random() % range;
    int64_t time = 0;
    uint64_t drained_at = truth;
    track.Take(truth % range, time);
    for (int step = 0; step < 500; ++step) {
      truth += random() % (range - 1);
      time += kMillisecond;
      CHECK(track.Take(truth % range, time));
      if (random() % 7 == 0) {
        CHECK(track.Drain().energy == static_cast<double>(truth - drained_at));
        drained_at = truth;
      }
    }
    if (truth != drained_at) CHECK(track.Drain().energy == static_cast<double>(truth - drained_at));
  }
}

static void TheGreatestPowerIsThatOfTheBusiestTenMilliseconds() {
  CounterTrack track(0);
  uint64_t counter = 0;
  // 100 ms at 50 W but for 20 ms at 200 W (1 W = 1000 uJ a millisecond).
  for (int64_t ms = 0; ms <= 100; ++ms) {
    track.Take(counter, ms * kMillisecond);
    counter += ms >= 40 && ms < 60 ? 200'000 : 50'000;
  }
  const auto drained = track.Drain();
  CHECK(drained.max_per_second == 200e6);
  CHECK(std::isnan(track.Drain().max_per_second));
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
  TheGreatestPowerIsThatOfTheBusiestTenMilliseconds();
  AThreadSamplesUnwrapsAndCounts();
  StoppingDoesNotWaitForTheNextSample();
  SignalsStayOutOfTheThread();
}
