#include "kisimd/transitions.h"

#include <utility>

namespace kisimd {

TransitionBatch::TransitionBatch(size_t rows_, size_t inputs_, size_t actions_)
    : rows(rows_),
      inputs(inputs_),
      actions(actions_),
      both_observations(2 * rows_ * inputs_),
      masks(rows_ * actions_),
      next_masks(rows_ * actions_),
      chosen(rows_),
      indices(rows_),
      rewards(rows_),
      discounts(rows_),
      weights(rows_),
      errors(rows_) {
  masks.Fill(1);
  next_masks.Fill(1);
  weights.Fill(1.0f);
}

static size_t Sum(const std::vector<size_t>& counts) {
  size_t sum = 0;
  for (const size_t count : counts) sum += count;
  return sum;
}

Rollout::Rollout(size_t steps_, size_t environments_, size_t inputs_, size_t value_inputs_,
                 std::vector<size_t> actions_)
    : steps(steps_),
      environments(environments_),
      inputs(inputs_),
      value_inputs(value_inputs_),
      actions(std::move(actions_)),
      options(Sum(actions)),
      observations(rows() * inputs_),
      value_observations(value_inputs_ == 0 ? observations : AlignedArray<float>(rows() * value_inputs_)),
      masks(rows() * options),
      chosen(rows() * actions.size()),
      logs(rows()),
      values(rows()),
      rewards(rows()),
      final_values(rows()),
      advantages(rows()),
      returns(rows()),
      terminated(rows()),
      truncated(rows()) {
  masks.Fill(1);
}

void Rollout::ComputeAdvantages(const float* last_values, double gamma, double lambda) const {
  for (size_t e = 0; e < environments; ++e) {
    double next_value = static_cast<double>(last_values[e]);
    double advantage = 0;
    for (size_t t = steps; t-- > 0;) {
      const size_t row = t * environments + e;
      double reward = static_cast<double>(rewards[row]);
      const double value = static_cast<double>(values[row]);
      const bool cut = terminated[row] != 0 || truncated[row] != 0;
      // Terminated wins where both are set: nothing comes after it.
      if (cut && terminated[row] == 0) reward += gamma * static_cast<double>(final_values[row]);
      const double delta = reward + (cut ? 0 : gamma * next_value) - value;
      advantage = delta + (cut ? 0 : gamma * lambda * advantage);
      advantages[row] = static_cast<float>(advantage);
      returns[row] = static_cast<float>(advantage + value);
      next_value = value;
    }
  }
}

}  // namespace kisimd
