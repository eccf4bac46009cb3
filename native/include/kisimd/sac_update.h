#pragma once
#include <cstddef>
#include <cstdint>

#include "kisimd/aligned_array.h"
#include "kisimd/categorical.h"
#include "kisimd/dense_network.h"
#include "kisimd/optimiser.h"
#include "kisimd/transitions.h"

namespace kisimd {

// One step of discrete soft actor-critic (Christodoulou 2019). See src/native/updates.ts.
class SacUpdate {
 public:
  struct Networks {
    DenseNetwork *policy, *critics[2], *targets[2];
    Optimiser *policy_optimiser, *critic_optimiser;
  };
  enum class Outcome : uint8_t { kStepped, kBadAction, kNoValidAction };
  struct Result {
    double critic_loss = 0, actor_loss = 0, temperature_loss = 0, entropy = 0, critic_norm = 0, policy_norm = 0;
    size_t bad_row = 0;
  };
  SacUpdate(size_t rows, size_t actions, size_t entities, double entropy_share, const Networks& networks);
  size_t rows() const { return rows_; }
  size_t actions() const { return actions_; }
  size_t entities() const { return entities_; }
  // temperature: [log alpha, m, v, steps], advanced by Adam where the rate is above 0.
  Outcome Update(const TransitionBatch& batch, double policy_rate, double critic_rate, double temperature_rate,
                 double max_norm, double* temperature, Result& result);

 private:
  size_t rows_, actions_, entities_;
  double entropy_share_;
  Networks networks_;
  Categorical categorical_;
  AlignedArray<float> logits_, next_logits_, critics_[2], targets_[2], gradients_, goals_;
};

}  // namespace kisimd
