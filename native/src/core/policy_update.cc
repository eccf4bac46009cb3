#include "kisimd/policy_update.h"

#include <cstring>
#include <utility>

namespace kisimd {

PolicyUpdate::PolicyUpdate(size_t rows, std::vector<size_t> actions, size_t entities, DenseNetwork& policy,
                           DenseNetwork& value, Optimiser& optimiser)
    : rows_(rows),
      entities_(entities),
      categorical_(std::move(actions), policy.kernels()),
      policy_(policy),
      value_(value),
      optimiser_(optimiser),
      observations_(rows * policy.inputs() * entities),
      value_observations_(rows * value.inputs()),
      logits_(rows * categorical_.options()),
      values_(rows),
      logit_gradients_(rows * categorical_.options()),
      value_gradients_(rows),
      old_logs_(rows),
      advantages_(rows),
      old_values_(rows),
      returns_(rows),
      scratch_(rows),
      masks_(rows * categorical_.options()),
      chosen_(rows * categorical_.choices()) {}

void PolicyUpdate::Step(const float* observations, const float* value_observations, size_t count, double rate,
                        double max_norm, Result& result) {
  policy_.Backward(observations, logit_gradients_.data(), count * entities_, nullptr, false);
  value_.Backward(value_observations, value_gradients_.data(), count, nullptr, false);
  result.norm = optimiser_.Step(rate, max_norm);
}

PolicyUpdate::Outcome PolicyUpdate::Ppo(const Rollout& rollout, const int32_t* indices, size_t count,
                                        const PpoSettings& settings, double rate, double max_norm, double kl_limit,
                                        Result& result) {
  const size_t inputs = rollout.inputs, options = categorical_.options(), choices = categorical_.choices();
  const size_t value_inputs = rollout.value_inputs;
  result = {};
  for (size_t i = 0; i < count; ++i)
    if (indices[i] < 0 || static_cast<size_t>(indices[i]) >= rollout.rows()) {
      result.bad_row = i;
      return Outcome::kBadIndex;
    }
  for (size_t i = 0; i < count; ++i) {
    const auto from = static_cast<size_t>(indices[i]);
    std::memcpy(observations_.data() + i * inputs, rollout.observations.data() + from * inputs, inputs * sizeof(float));
    if (value_inputs > 0)
      std::memcpy(value_observations_.data() + i * value_inputs, rollout.value_observations.data() + from * value_inputs,
                  value_inputs * sizeof(float));
    std::memcpy(masks_.data() + i * options, rollout.masks.data() + from * options, options);
    std::memcpy(chosen_.data() + i * choices, rollout.chosen.data() + from * choices, choices * sizeof(int32_t));
    old_logs_[i] = rollout.logs[from];
    advantages_[i] = rollout.advantages[from];
    old_values_[i] = rollout.values[from];
    returns_[i] = rollout.returns[from];
  }
  const auto row_of = [&](size_t i) { return static_cast<size_t>(indices[i]); };
  if (const size_t bad = categorical_.FirstInvalidAction(chosen_.data(), masks_.data(), count);
      bad != Categorical::kAllValid) {
    result.bad_row = row_of(bad);
    return Outcome::kBadAction;
  }
  const float* value_observations = value_inputs > 0 ? value_observations_.data() : observations_.data();
  policy_.Forward(observations_.data(), count * entities_, logits_.data());
  value_.Forward(value_observations, count, values_.data());
  const PolicyRows rows{count,           logits_.data(),     masks_.data(),   chosen_.data(),
                        old_logs_.data(), advantages_.data(), values_.data(),  old_values_.data(),
                        returns_.data(), logit_gradients_.data(), value_gradients_.data()};
  if (const size_t bad = PpoLoss(settings, rows, categorical_, policy_.kernels(), scratch_, result.losses);
      bad != Categorical::kAllValid) {
    result.bad_row = row_of(bad);
    return Outcome::kNoValidAction;
  }
  if (result.losses.approximate_kl > kl_limit) return Outcome::kStopped;
  Step(observations_.data(), value_observations, count, rate, max_norm, result);
  return Outcome::kStepped;
}

PolicyUpdate::Outcome PolicyUpdate::A2c(const Rollout& rollout, bool normalise_advantages, double value_coefficient,
                                        double entropy_coefficient, double rate, double max_norm, Result& result) {
  const size_t count = rollout.rows();
  result = {};
  if (const size_t bad = categorical_.FirstInvalidAction(rollout.chosen.data(), rollout.masks.data(), count);
      bad != Categorical::kAllValid) {
    result.bad_row = bad;
    return Outcome::kBadAction;
  }
  policy_.Forward(rollout.observations.data(), count * entities_, logits_.data());
  value_.Forward(rollout.value_observations.data(), count, values_.data());
  const PolicyRows rows{count,
                        logits_.data(),
                        rollout.masks.data(),
                        rollout.chosen.data(),
                        nullptr,
                        rollout.advantages.data(),
                        values_.data(),
                        nullptr,
                        rollout.returns.data(),
                        logit_gradients_.data(),
                        value_gradients_.data()};
  if (const size_t bad =
          A2cLoss(normalise_advantages, value_coefficient, entropy_coefficient, rows, categorical_, result.losses);
      bad != Categorical::kAllValid) {
    result.bad_row = bad;
    return Outcome::kNoValidAction;
  }
  Step(rollout.observations.data(), rollout.value_observations.data(), count, rate, max_norm, result);
  return Outcome::kStepped;
}

}  // namespace kisimd
