#include "kisimd/optimiser.h"

#include <cmath>
#include <limits>
#include <utility>

namespace kisimd {
namespace {

// By squaring: the same bits on every machine, which std::pow does not promise.
double Power(double base, double exponent) {
  double result = 1;
  for (auto left = static_cast<uint64_t>(exponent); left > 0; left >>= 1) {
    if (left & 1) result *= base;
    base *= base;
  }
  return result;
}

}  // namespace

Optimiser::Optimiser(const Settings& settings, std::vector<DenseNetwork*> networks)
    : settings_(settings), networks_(std::move(networks)) {
  size_t count = 0;
  for (const DenseNetwork* network : networks_) count += network->parameters().size();
  first_ = AlignedArray<float>(settings.kind == Kind::kAdam ? count : 0);
  second_ = AlignedArray<float>(count);
  if (settings.kind == Kind::kRmspropTensorflow) second_.Fill(1.0f);
}

double Optimiser::Norm() const {
  double squares = 0;
  for (const DenseNetwork* network : networks_)
    squares += network->kernels().sum_of_squares(network->gradients().data(), network->gradients().size());
  return std::sqrt(squares);
}

double Optimiser::Clip(double max_norm) {
  const double norm = Norm();
  const double factor = max_norm / (norm + 1e-6);
  if (factor < 1)
    for (const DenseNetwork* network : networks_)
      network->kernels().scale(network->gradients().data(), network->gradients().size(), static_cast<float>(factor));
  return norm;
}

double Optimiser::Step(double rate, double max_norm) {
  double norm = std::numeric_limits<double>::quiet_NaN();
  double factor = 1;
  if (std::isfinite(max_norm)) {
    norm = Norm();
    factor = std::fmin(1.0, max_norm / (norm + 1e-6));
  }
  steps_ += 1;
  const auto scale = static_cast<float>(factor);
  size_t offset = 0;
  for (const DenseNetwork* network : networks_) {
    float* parameters = network->parameters().data();
    const float* gradients = network->gradients().data();
    const size_t count = network->parameters().size();
    float* second = second_.data() + offset;
    if (settings_.kind == Kind::kAdam) {
      AdamStep step{};
      step.beta1 = static_cast<float>(settings_.beta1);
      step.beta2 = static_cast<float>(settings_.beta2);
      step.new1 = static_cast<float>(1 - settings_.beta1);
      step.new2 = static_cast<float>(1 - settings_.beta2);
      step.rate_over_correction = static_cast<float>(rate / (1 - Power(settings_.beta1, steps_)));
      step.inverse_root_correction = static_cast<float>(1 / std::sqrt(1 - Power(settings_.beta2, steps_)));
      step.epsilon = static_cast<float>(settings_.epsilon);
      step.gradient_scale = scale;
      network->kernels().adam(parameters, gradients, first_.data() + offset, second, count, step);
    } else {
      RmspropStep step{};
      step.alpha = static_cast<float>(settings_.alpha);
      step.fresh = static_cast<float>(1 - settings_.alpha);
      step.rate = static_cast<float>(rate);
      step.epsilon = static_cast<float>(settings_.epsilon);
      step.gradient_scale = scale;
      step.epsilon_inside = settings_.kind == Kind::kRmspropTensorflow;
      network->kernels().rmsprop(parameters, gradients, second, count, step);
    }
    offset += count;
  }
  return norm;
}

}  // namespace kisimd
