// Networks, losses and replay under the sanitizers: sizes off by one, misaligned arrays, zero rows, growing batches, several
// threads with learners of their own.
#include <cmath>
#include <cstring>
#include <thread>
#include <vector>

#include "check.h"
#include "kisimd/dense_network.h"
#include "kisimd/dqn_update.h"
#include "kisimd/optimiser.h"
#include "kisimd/policy_update.h"
#include "kisimd/replay_buffer.h"
#include "kisimd/running_statistics.h"
#include "kisimd/sac_update.h"
#include "kisimd/value_losses.h"

using namespace kisimd;

namespace {

struct Generator {
  uint32_t state;
  float operator()() {
    state = state * 1664525u + 1013904223u;
    return static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
  }
  void Fill(const AlignedArray<float>& array, float size = 1.0f) {
    for (size_t i = 0; i < array.size(); ++i) array[i] = size * (*this)();
  }
};

void CheckGradients(const Kernels& kernels, Activation activation, const std::vector<size_t>& sizes, size_t rows) {
  DenseNetwork network(sizes, activation, kernels);
  Generator random{static_cast<uint32_t>(rows * 7 + sizes.size())};
  random.Fill(network.parameters(), 0.5f);
  // One float past the start: never aligned to a vector.
  std::vector<float> inputs(rows * sizes.front() + 1), outputs(rows * sizes.back() + 1), slopes(outputs.size());
  for (float& each : inputs) each = random();
  for (float& each : slopes) each = random();
  const auto loss = [&] {
    network.Forward(inputs.data() + 1, rows, outputs.data() + 1);
    double sum = 0;
    for (size_t i = 1; i < outputs.size(); ++i) sum += static_cast<double>(outputs[i]) * static_cast<double>(slopes[i]);
    return sum;
  };
  loss();
  std::vector<float> back(inputs.size());
  network.Backward(inputs.data() + 1, slopes.data() + 1, rows, back.data() + 1, false);
  std::vector<float> gradients(network.gradients().data(), network.gradients().data() + network.gradients().size());
  const auto check = [&](float& place, float gradient) {
    const float before = place;
    const float step = 2e-3f;
    place = before + step;
    const double above = loss();
    place = before - step;
    const double below = loss();
    place = before;
    const double slope = (above - below) / (2 * static_cast<double>(step));
    // A kink of ReLU within the step may bend one of them.
    const double allowed = activation == Activation::kRelu ? 0.2 : 1e-2;
    CHECK(std::fabs(slope - static_cast<double>(gradient)) <= allowed * (1 + std::fabs(slope)));
  };
  for (size_t i = 0; i < network.parameters().size(); i += 1 + network.parameters().size() / 60)
    check(network.parameters()[i], gradients[i]);
  for (size_t i = 1; i < inputs.size(); i += 1 + inputs.size() / 20) check(inputs[i], back[i]);
  // Accumulating doubles them exactly.
  loss();
  network.Backward(inputs.data() + 1, slopes.data() + 1, rows, nullptr, false);
  network.Backward(inputs.data() + 1, slopes.data() + 1, rows, nullptr, true);
  for (size_t i = 0; i < gradients.size(); ++i)
    CHECK(std::fabs(static_cast<double>(network.gradients()[i]) - 2 * static_cast<double>(gradients[i])) <= 1e-4);
}

void CheckNetworks() {
  for (const char* const* name = InstructionSetNames(); *name != nullptr; ++name) {
    const Kernels& kernels = *FindKernels(*name);
    for (const Activation activation : {Activation::kRelu, Activation::kTanh})
      for (const size_t rows : {size_t{0}, size_t{1}, size_t{7}, size_t{33}}) {
        CheckGradients(kernels, activation, {3, 2}, rows);
        CheckGradients(kernels, activation, {1, 1, 1}, rows);
        CheckGradients(kernels, activation, {5, 17, 15, 3}, rows);
      }
  }
  // No rows: no gradient at all, in every layer.
  DenseNetwork empty({2, 3, 3, 1}, Activation::kRelu, BestKernels());
  empty.gradients().Fill(1.0f);
  empty.Forward(nullptr, 0, nullptr);
  empty.Backward(nullptr, nullptr, 0, nullptr, false);
  for (size_t i = 0; i < empty.gradients().size(); ++i) CHECK(empty.gradients()[i] == 0.0f);
  // A batch that grows and shrinks.
  DenseNetwork network({4, 9, 2}, Activation::kTanh, BestKernels());
  for (const size_t rows : {size_t{1}, size_t{64}, size_t{3}, size_t{65}}) {
    std::vector<float> inputs(rows * 4, 0.5f), outputs(rows * 2, 9.0f);
    network.Forward(inputs.data(), rows, outputs.data());
    for (const float output : outputs) CHECK(output == 0.0f);
    network.Backward(inputs.data(), outputs.data(), rows, nullptr, false);
  }
}

void CheckReplay() {
  SumTree tree(5);
  for (size_t i = 0; i < 5; ++i) tree.Set(i, static_cast<double>(i));
  CHECK(tree.total() == 10);
  CHECK(tree.Find(0) == 1 && tree.Find(0.99) == 1 && tree.Find(1) == 2 && tree.Find(2.99) == 2 && tree.Find(3) == 3);
  CHECK(tree.Find(9.99) == 4 && tree.Find(10) == 4 && tree.Find(1e9) == 4);

  ReplayBuffer::Settings settings{};
  settings.capacity = 7;
  settings.inputs = 3;
  settings.actions = 2;
  settings.environments = 2;
  settings.steps = 3;
  settings.gamma = 0.5;
  settings.masks = settings.prioritised = true;
  settings.alpha = 0.6;
  settings.epsilon = 1e-6;
  ReplayBuffer replay(settings);
  Generator random{5};
  const auto step = [&](ReplayBuffer& to) {
    float observations[6], next[6], rewards[2] = {1, 2};
    uint8_t masks[4] = {1, 0, 1, 1}, terminated[2] = {0, 0}, truncated[2] = {0, 0};
    int32_t actions[2] = {0, 1};
    for (float& each : observations) each = random();
    for (float& each : next) each = random();
    terminated[0] = random() > 0.7f ? 1 : 0;
    truncated[1] = random() > 0.7f ? 1 : 0;
    to.Add(observations, masks, actions, rewards, next, masks, terminated, truncated);
  };
  for (int i = 0; i < 20; ++i) step(replay);
  CHECK(replay.size() == 7);
  TransitionBatch batch(4, 3, 2);
  const double uniforms[4] = {0, 0.25, 0.5, 0.999};
  replay.Sample(batch, uniforms, 0.4);
  for (size_t i = 0; i < 4; ++i) batch.errors[i] = static_cast<float>(i) + 1;
  CHECK(replay.Prioritise(batch));
  batch.errors[3] = std::nanf("");
  CHECK(!replay.Prioritise(batch));
  batch.errors[3] = 1;
  batch.indices[0] = 7;
  CHECK(!replay.Prioritise(batch));

  std::vector<uint8_t> saved(replay.saved_size());
  replay.Save(saved.data());
  ReplayBuffer copy(settings);
  for (size_t length = 0; length < saved.size(); length += 13) CHECK(!copy.Restore(saved.data(), length));
  CHECK(copy.size() == 0);
  CHECK(copy.Restore(saved.data(), saved.size()));
  Generator same = random;
  for (int i = 0; i < 5; ++i) step(replay);
  random = same;
  for (int i = 0; i < 5; ++i) step(copy);
  std::vector<uint8_t> first(replay.saved_size()), second(copy.saved_size());
  replay.Save(first.data());
  copy.Save(second.data());
  CHECK(first == second);
  // No bytes whatever may lead out of the buffer.
  for (size_t i = 0; i < saved.size(); ++i) {
    auto broken = saved;
    broken[i] ^= 0xff;
    ReplayBuffer other(settings);
    if (other.Restore(broken.data(), broken.size())) {
      step(other);
      other.Sample(batch, uniforms, 1);
    }
  }
}

// What one learner computes, as a sum over its parameters.
double Learn(uint32_t seed) {
  DenseNetwork online({5, 16, 9}, Activation::kRelu, BestKernels()), target({5, 16, 9}, Activation::kRelu, BestKernels());
  DenseNetwork value({5, 8, 1}, Activation::kTanh, BestKernels());
  Generator random{seed};
  random.Fill(online.parameters(), 0.3f);
  random.Fill(target.parameters(), 0.3f);
  random.Fill(value.parameters(), 0.3f);
  Optimiser optimiser({}, {&online});
  DqnUpdate::Settings settings{};
  settings.rows = 13;
  settings.actions = 8;
  settings.entities = settings.quantiles = 1;
  settings.double_q = settings.dueling = true;
  settings.conservative = 0.5;
  DqnUpdate update(settings, online, target, optimiser);
  TransitionBatch batch(13, 5, 8);
  random.Fill(batch.both_observations);
  random.Fill(batch.rewards);
  for (size_t i = 0; i < 13; ++i) batch.chosen[i] = static_cast<int32_t>(i % 8);
  DqnUpdate::Result result;
  for (int i = 0; i < 20; ++i) CHECK(update.Update(batch, 1e-3, 1.0, result) == DqnUpdate::kGood);
  batch.chosen[12] = 8;
  CHECK(update.Update(batch, 1e-3, 1.0, result) == 12);

  Optimiser both({}, {&online, &value});
  PolicyUpdate policy(6, {4, 5}, 1, online, value, both);
  const Rollout rollout(4, 3, 5, 0, {4, 5});
  random.Fill(rollout.observations);
  random.Fill(rollout.rewards);
  const float last[3] = {0, 1, 2};
  rollout.ComputeAdvantages(last, 0.9, 0.8);
  const int32_t indices[6] = {0, 11, 5, 6, 7, 1}, outside[1] = {12};
  PolicyUpdate::Result outcome;
  const PpoSettings ppo{true, ValueLoss::kGreatest, 0.2, 0.2, 0.5, 0.01};
  for (int i = 0; i < 10; ++i)
    CHECK(policy.Ppo(rollout, indices, 6, ppo, 1e-3, 0.5, 100, outcome) == PolicyUpdate::Outcome::kStepped);
  CHECK(policy.Ppo(rollout, outside, 1, ppo, 1e-3, 0.5, 100, outcome) == PolicyUpdate::Outcome::kBadIndex);
  rollout.masks.Fill(0);
  CHECK(policy.Ppo(rollout, indices, 6, ppo, 1e-3, 0.5, 100, outcome) == PolicyUpdate::Outcome::kBadAction);

  double sum = 0;
  for (size_t i = 0; i < online.parameters().size(); ++i) sum += static_cast<double>(online.parameters()[i]);
  CHECK(std::isfinite(sum));
  return sum;
}

void CheckSac() {
  std::vector<DenseNetwork> networks;
  for (int i = 0; i < 5; ++i) networks.emplace_back(std::vector<size_t>{3, 7, 2}, Activation::kRelu, BestKernels());
  Generator random{9};
  for (DenseNetwork& network : networks) random.Fill(network.parameters(), 0.5f);
  Optimiser policy({}, {&networks[0]}), critics({}, {&networks[1], &networks[2]});
  SacUpdate update(5, 4, 2, 0.98,
                   {&networks[0], {&networks[1], &networks[2]}, {&networks[3], &networks[4]}, &policy, &critics});
  TransitionBatch batch(5, 6, 4);
  random.Fill(batch.both_observations);
  double temperature[4] = {-1, 0, 0, 0};
  SacUpdate::Result result;
  // An empty mask of a next observation that does not count is no fault.
  for (size_t j = 0; j < 4; ++j) batch.next_masks[j] = 0;
  CHECK(update.Update(batch, 1e-3, 1e-3, 1e-3, 10, temperature, result) == SacUpdate::Outcome::kStepped);
  CHECK(temperature[3] == 1 && std::isfinite(temperature[0]));
  batch.discounts[0] = 0.9f;
  CHECK(update.Update(batch, 1e-3, 1e-3, 1e-3, 10, temperature, result) == SacUpdate::Outcome::kNoValidAction);
  CHECK(result.bad_row == 0 && temperature[3] == 1);
}

void CheckStatistics() {
  double state[3] = {0, 0, 0};
  const float values[4] = {1e6f, 1e6f + 1, 1e6f + 2, 1e6f + 3};
  UpdateStatistics(state, 1, values, 4);
  CHECK(state[1] == 1e6 + 1.5 && std::fabs(state[2] / state[0] - 1.25) < 1e-9);
  float result[1];
  ApplyStatistics(state, 1, 0, 1, values + 3, result, 1);
  CHECK(result[0] == 1.0f);
}

}  // namespace

int main() {
  CheckNetworks();
  CheckReplay();
  CheckSac();
  CheckStatistics();
  const double alone = Learn(3);
  double results[4];
  std::vector<std::thread> threads;
  for (double& result : results) threads.emplace_back([&result] { result = Learn(3); });
  for (std::thread& thread : threads) thread.join();
  for (const double result : results) CHECK(result == alone);
}
