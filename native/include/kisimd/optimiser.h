#pragma once
#include <cstdint>
#include <vector>

#include "kisimd/aligned_array.h"
#include "kisimd/dense_network.h"

namespace kisimd {

// Adam (Kingma and Ba 2015) or RMSprop, in the forms named in src/native/network.ts, over the networks given.
class Optimiser {
 public:
  enum class Kind : uint8_t { kAdam, kRmspropTorch, kRmspropTensorflow };
  struct Settings {
    Kind kind = Kind::kAdam;
    double beta1 = 0.9, beta2 = 0.999;  // Adam
    double alpha = 0.99;                // RMSprop
    double epsilon = 1e-8;
  };
  // The networks must outlive the optimiser.
  Optimiser(const Settings& settings, std::vector<DenseNetwork*> networks);

  const std::vector<DenseNetwork*>& networks() const { return networks_; }
  const AlignedArray<float>& first() const { return first_; }
  const AlignedArray<float>& second() const { return second_; }
  double steps() const { return steps_; }
  void set_steps(double steps) { steps_ = steps; }

  // Of all gradients together.
  double Norm() const;
  // Scales the gradients; returns the norm before.
  double Clip(double max_norm);
  // One step; the gradients are scaled on the way (and stay as they are) where they are to be clipped. Returns the norm, NaN
  // where it was not asked for (max_norm not finite).
  double Step(double rate, double max_norm);

 private:
  Settings settings_;
  std::vector<DenseNetwork*> networks_;
  AlignedArray<float> first_, second_;
  double steps_ = 0;
};

}  // namespace kisimd
