#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kisimd/aligned_array.h"
#include "kisimd/categorical.h"
#include "kisimd/dense_network.h"
#include "kisimd/optimiser.h"
#include "kisimd/policy_losses.h"
#include "kisimd/transitions.h"

namespace kisimd {

// One step of PPO (Schulman and others 2017) on some rows of a rollout, or of A2C (Mnih and others 2016) on all of them.
// See src/native/updates.ts.
class PolicyUpdate {
 public:
  enum class Outcome : uint8_t { kStepped, kStopped, kBadIndex, kBadAction, kNoValidAction };
  struct Result {
    PolicyResult losses{};
    double norm = 0;
    size_t bad_row = 0;  // of the rollout; for the last three outcomes
  };
  PolicyUpdate(size_t rows, std::vector<size_t> actions, size_t entities, DenseNetwork& policy, DenseNetwork& value,
               Optimiser& optimiser);
  size_t rows() const { return rows_; }
  size_t entities() const { return entities_; }
  const Categorical& categorical() const { return categorical_; }

  // Nothing is changed unless the outcome is kStepped.
  Outcome Ppo(const Rollout& rollout, const int32_t* indices, size_t count, const PpoSettings& settings, double rate,
              double max_norm, double kl_limit, Result& result);
  Outcome A2c(const Rollout& rollout, bool normalise_advantages, double value_coefficient, double entropy_coefficient,
              double rate, double max_norm, Result& result);

 private:
  void Step(const float* observations, const float* value_observations, size_t count, double rate, double max_norm,
            Result& result);

  size_t rows_, entities_;
  Categorical categorical_;
  DenseNetwork& policy_;
  DenseNetwork& value_;
  Optimiser& optimiser_;
  AlignedArray<float> observations_, value_observations_, logits_, values_, logit_gradients_, value_gradients_;
  AlignedArray<float> old_logs_, advantages_, old_values_, returns_, scratch_;
  AlignedArray<uint8_t> masks_;
  AlignedArray<int32_t> chosen_;
};

}  // namespace kisimd
