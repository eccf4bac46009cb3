#include "kisimd/sac_update.h"

#include <cmath>

#include "kisimd/policy_losses.h"

namespace kisimd {

SacUpdate::SacUpdate(size_t rows, size_t actions, size_t entities, double entropy_share, const Networks& networks)
    : rows_(rows),
      actions_(actions),
      entities_(entities),
      entropy_share_(entropy_share),
      networks_(networks),
      categorical_({actions}, networks.policy->kernels()),
      logits_(rows * actions),
      next_logits_(rows * actions),
      critics_{AlignedArray<float>(rows * actions), AlignedArray<float>(rows * actions)},
      targets_{AlignedArray<float>(rows * actions), AlignedArray<float>(rows * actions)},
      gradients_(rows * actions),
      goals_(rows) {}

SacUpdate::Outcome SacUpdate::Update(const TransitionBatch& batch, double policy_rate, double critic_rate,
                                     double temperature_rate, double max_norm, double* temperature, Result& result) {
  const size_t rows = batch.rows, network_rows = rows * entities_;
  const double alpha = std::exp(temperature[0]);
  result = {};
  for (size_t row = 0; row < rows; ++row) {
    result.bad_row = row;
    const int32_t action = batch.chosen[row];
    if (action < 0 || static_cast<size_t>(action) >= actions_) return Outcome::kBadAction;
    // Known before anything is changed: every observation offers an action, and every next one that counts does.
    bool now = false, next = batch.discounts[row] == 0;
    for (size_t j = 0; j < actions_; ++j) {
      now = now || batch.masks[row * actions_ + j] != 0;
      next = next || batch.next_masks[row * actions_ + j] != 0;
    }
    if (!now || !next) return Outcome::kNoValidAction;
  }

  networks_.policy->Forward(batch.next_observations(), network_rows, next_logits_.data());
  for (size_t i = 0; i < 2; ++i)
    networks_.targets[i]->Forward(batch.next_observations(), network_rows, targets_[i].data());
  SacTargets(categorical_, next_logits_.data(), batch.next_masks.data(), targets_[0].data(), targets_[1].data(),
             batch.rewards.data(), batch.discounts.data(), rows, alpha, goals_.data());
  batch.errors.Fill(0.0f);
  for (size_t i = 0; i < 2; ++i) {
    networks_.critics[i]->Forward(batch.observations(), network_rows, critics_[i].data());
    result.critic_loss +=
        SacCriticLoss(critics_[i].data(), goals_.data(), batch.weights.data(), batch.chosen.data(), rows, actions_,
                      gradients_.data(), batch.errors.data(), 0.5f);
    networks_.critics[i]->Backward(batch.observations(), gradients_.data(), network_rows, nullptr, false);
  }
  result.critic_norm = networks_.critic_optimiser->Step(critic_rate, max_norm);

  for (size_t i = 0; i < 2; ++i)
    networks_.critics[i]->Forward(batch.observations(), network_rows, critics_[i].data());
  networks_.policy->Forward(batch.observations(), network_rows, logits_.data());
  SacActorResult actor{};
  SacActorLoss(categorical_, logits_.data(), batch.masks.data(), critics_[0].data(), critics_[1].data(), rows, alpha,
               entropy_share_, gradients_.data(), actor);
  networks_.policy->Backward(batch.observations(), gradients_.data(), network_rows, nullptr, false);
  result.policy_norm = networks_.policy_optimiser->Step(policy_rate, max_norm);
  result.actor_loss = actor.loss;
  result.entropy = actor.entropy;
  result.temperature_loss = actor.temperature_loss;

  if (temperature_rate > 0) {
    const double gradient = actor.temperature_loss;
    temperature[3] += 1;
    temperature[1] = 0.9 * temperature[1] + 0.1 * gradient;
    temperature[2] = 0.999 * temperature[2] + 0.001 * gradient * gradient;
    const double first = temperature[1] / (1 - std::pow(0.9, temperature[3]));
    const double second = temperature[2] / (1 - std::pow(0.999, temperature[3]));
    temperature[0] -= temperature_rate * first / (std::sqrt(second) + 1e-8);
  }
  return Outcome::kStepped;
}

}  // namespace kisimd
