#include "kisimd/dqn_update.h"

#include <algorithm>

#include "kisimd/value_losses.h"

namespace kisimd {

DqnUpdate::DqnUpdate(const Settings& settings, DenseNetwork& online, DenseNetwork& target, Optimiser& optimiser)
    : settings_(settings), online_(online), target_(target), optimiser_(optimiser) {
  const size_t streams = settings.rows * settings.entities * online.outputs();
  const size_t values = settings.rows * settings.actions * settings.quantiles;
  outputs_ = AlignedArray<float>(2 * streams);
  target_outputs_ = AlignedArray<float>(streams);
  if (settings.dueling) {
    values_ = AlignedArray<float>(2 * values);
    target_values_ = AlignedArray<float>(values);
    value_gradients_ = AlignedArray<float>(values);
  }
  output_gradients_ = AlignedArray<float>(streams);
  predictions_ = AlignedArray<float>(settings.rows * settings.quantiles);
  goals_ = AlignedArray<float>(settings.rows * settings.quantiles);
  gradients_ = AlignedArray<float>(settings.rows * settings.quantiles);
  logs_ = AlignedArray<float>(settings.actions);
  probabilities_ = AlignedArray<float>(settings.actions);
  chosen_ = AlignedArray<int32_t>(settings.rows);
}

size_t DqnUpdate::Update(const TransitionBatch& batch, double rate, double max_norm, Result& result) {
  const size_t rows = batch.rows, actions = settings_.actions, quantiles = settings_.quantiles;
  const size_t width = actions * quantiles;
  for (size_t row = 0; row < rows; ++row) {
    if (batch.chosen[row] < 0 || static_cast<size_t>(batch.chosen[row]) >= actions) return row;
    if (settings_.conservative > 0 && batch.masks[row * actions + static_cast<size_t>(batch.chosen[row])] == 0)
      return row;
  }
  result = {};
  if (rows == 0) return kGood;

  // Forward: the online network takes observations and next observations as one batch.
  online_.Forward(batch.observations(), (settings_.double_q ? 2 * rows : rows) * settings_.entities, outputs_.data());
  target_.Forward(batch.next_observations(), rows * settings_.entities, target_outputs_.data());
  const float* values = outputs_.data();
  const float* target_values = target_outputs_.data();
  if (settings_.dueling) {
    DuelingForward(values, settings_.double_q ? 2 * rows : rows, actions, quantiles, values_.data());
    DuelingForward(target_values, rows, actions, quantiles, target_values_.data());
    values = values_.data();
    target_values = target_values_.data();
  }
  DqnTargets(settings_.double_q ? values + rows * width : target_values, target_values, batch.next_masks.data(),
             batch.rewards.data(), batch.discounts.data(), rows, actions, quantiles, goals_.data(), chosen_.data());

  // Loss.
  for (size_t row = 0; row < rows; ++row) {
    const float* taken = values + row * width + static_cast<size_t>(batch.chosen[row]) * quantiles;
    double value = 0, goal = 0;
    for (size_t i = 0; i < quantiles; ++i) {
      predictions_[row * quantiles + i] = taken[i];
      value += static_cast<double>(taken[i]);
      goal += static_cast<double>(goals_[row * quantiles + i]);
    }
    batch.errors[row] = static_cast<float>((value - goal) / static_cast<double>(quantiles));
    result.mean_value += value / static_cast<double>(quantiles * rows);
  }
  if (settings_.distributional)
    result.loss = QuantileHuber(predictions_.data(), goals_.data(), batch.weights.data(), rows, quantiles, quantiles,
                                true, gradients_.data());
  else if (settings_.squared)
    result.loss = MeanSquared(predictions_.data(), goals_.data(), batch.weights.data(), rows, gradients_.data());
  else
    result.loss = SmoothL1(predictions_.data(), goals_.data(), batch.weights.data(), rows, 1.0, gradients_.data());

  // Backward.
  float* value_gradients = settings_.dueling ? value_gradients_.data() : output_gradients_.data();
  std::fill_n(value_gradients, rows * width, 0.0f);
  for (size_t row = 0; row < rows; ++row)
    std::copy_n(gradients_.data() + row * quantiles, quantiles,
                value_gradients + row * width + static_cast<size_t>(batch.chosen[row]) * quantiles);
  if (settings_.conservative > 0) {
    const double share = settings_.conservative / static_cast<double>(rows);
    for (size_t row = 0; row < rows; ++row) {
      // logsumexp of the valid minus the value taken is -log softmax; its gradient is p - [taken].
      online_.kernels().log_softmax(values + row * width, batch.masks.data() + row * actions, actions, logs_.data(),
                                    probabilities_.data());
      const auto taken = static_cast<size_t>(batch.chosen[row]);
      result.penalty -= static_cast<double>(logs_[taken]) * share;
      for (size_t j = 0; j < actions; ++j)
        value_gradients[row * width + j] +=
            static_cast<float>(share * (static_cast<double>(probabilities_[j]) - (j == taken ? 1.0 : 0.0)));
    }
    result.loss += result.penalty;
  }
  if (settings_.dueling) DuelingBackward(value_gradients, rows, actions, quantiles, output_gradients_.data());
  online_.Backward(batch.observations(), output_gradients_.data(), rows * settings_.entities, nullptr, false);
  result.norm = optimiser_.Step(rate, max_norm);
  return kGood;
}

}  // namespace kisimd
