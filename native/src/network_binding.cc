#include <ctime>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kisimd/bindings.h"
#include "kisimd/running_statistics.h"
#include "learner_arguments.h"

namespace kisimd {
namespace {

constexpr napi_type_tag kNetworkTag = {0x6b6973696d644e45, 0x54574f524b000001};
constexpr napi_type_tag kOptimiserTag = {0x6b6973696d644f50, 0x54494d4953455202};

class NetworkObject : public Napi::ObjectWrap<NetworkObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "Network",
                       {InstanceMethod<&NetworkObject::Forward>("forward"),
                        InstanceMethod<&NetworkObject::Backward>("backward"),
                        InstanceMethod<&NetworkObject::CopyFrom>("copyFrom")});
  }
  explicit NetworkObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NetworkObject>(info) {
    const Napi::Env env = info.Env();
    const Options options(info);
    constexpr double kWidest = 1 << 20;
    std::vector<size_t> sizes{options.Count("inputs", 1, kWidest)};
    for (const size_t size : options.Counts("hidden", 1, kWidest, 0)) sizes.push_back(size);
    sizes.push_back(options.Count("outputs", 1, kWidest));
    const auto activation = static_cast<Activation>(options.Choice("activation", {"relu", "tanh"}));
    network_ = std::make_shared<DenseNetwork>(sizes, activation, options.Set());
    const Napi::Object self = info.This().As<Napi::Object>();
    Constant(self, "inputs", Napi::Number::New(env, static_cast<double>(network_->inputs())));
    Constant(self, "outputs", Napi::Number::New(env, static_cast<double>(network_->outputs())));
    Constant(self, "parameters", ArrayOver(env, network_->parameters()));
    Constant(self, "gradients", ArrayOver(env, network_->gradients()));
    TagObject(env, self, kNetworkTag);
  }
  const std::shared_ptr<DenseNetwork>& network() const { return network_; }

 private:
  Napi::Value Forward(const Napi::CallbackInfo& info) {
    const size_t rows = CountArgument(info, 1, "rows");
    const float* inputs = ArrayArgument<float>(info, 0, rows * network_->inputs(), "inputs");
    float* outputs = ArrayArgument<float>(info, 2, rows * network_->outputs(), "outputs");
    network_->Forward(inputs, rows, outputs);
    return info.Env().Undefined();
  }
  Napi::Value Backward(const Napi::CallbackInfo& info) {
    const size_t rows = CountArgument(info, 2, "rows");
    const float* inputs = ArrayArgument<float>(info, 0, rows * network_->inputs(), "inputs");
    const float* gradients = ArrayArgument<float>(info, 1, rows * network_->outputs(), "outputGradients");
    float* back = OptionalArrayArgument<float>(info, 3, rows * network_->inputs(), "inputGradients");
    if (!info[4].IsUndefined() && !info[4].IsBoolean())
      ThrowExpected(info.Env(), "accumulate to be true or false", Given(info[4]));
    const bool accumulate = info[4].IsBoolean() && info[4].As<Napi::Boolean>().Value();
    if (rows != network_->rows())
      throw Napi::Error::New(info.Env(), "expected backward of the " + std::to_string(network_->rows()) +
                                             " rows of the last forward, got " + std::to_string(rows));
    network_->Backward(inputs, gradients, rows, back, accumulate);
    return info.Env().Undefined();
  }
  Napi::Value CopyFrom(const Napi::CallbackInfo& info) {
    const auto other = NetworkOf(info.Env(), info[0], "other");
    const double share = info[1].IsUndefined() ? 1 : NumberArgument(info, 1, "share", 0, 1);
    if (other->sizes() != network_->sizes())
      ThrowExpected(info.Env(), "other to have the same layers", "a network of other sizes");
    const auto& parameters = network_->parameters();
    if (share == 1)
      std::memmove(parameters.data(), other->parameters().data(), parameters.size() * sizeof(float));
    else
      network_->kernels().blend(parameters.data(), other->parameters().data(), parameters.size(),
                                static_cast<float>(share));
    return info.Env().Undefined();
  }

  std::shared_ptr<DenseNetwork> network_;
};

// Keeps the networks for as long as the optimiser.
struct OptimiserAndNetworks {
  std::vector<std::shared_ptr<DenseNetwork>> networks;
  std::unique_ptr<Optimiser> optimiser;
};

class OptimiserObject : public Napi::ObjectWrap<OptimiserObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "Optimiser",
                       {InstanceAccessor<&OptimiserObject::Steps, &OptimiserObject::SetSteps>("steps"),
                        InstanceMethod<&OptimiserObject::Clip>("clip"), InstanceMethod<&OptimiserObject::Step>("step")});
  }
  explicit OptimiserObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<OptimiserObject>(info) {
    const Napi::Env env = info.Env();
    const Options options(info);
    Optimiser::Settings settings;
    if (options.Choice("kind", {"adam", "rmsprop"}) == 0) {
      settings.kind = Optimiser::Kind::kAdam;
      settings.beta1 = options.NumberOr("beta1", 0.9, 0, 0.999999);
      settings.beta2 = options.NumberOr("beta2", 0.999, 0, 0.9999999);
      settings.epsilon = options.NumberOr("epsilon", 1e-8, 0, 1);
    } else {
      settings.kind = options.Choice("style", {"torch", "tensorflow"}) == 0 ? Optimiser::Kind::kRmspropTorch
                                                                            : Optimiser::Kind::kRmspropTensorflow;
      settings.alpha = options.NumberOr("alpha", 0.99, 0, 1);
      settings.epsilon = options.NumberOr("epsilon", 1e-5, 0, 1);
    }
    const Napi::Value networks = options.Get("networks");
    if (!networks.IsArray() || networks.As<Napi::Array>().Length() == 0)
      ThrowExpected(env, "networks to be an array of at least one Network", Given(networks));
    auto held = std::make_shared<OptimiserAndNetworks>();
    std::vector<DenseNetwork*> plain;
    for (uint32_t i = 0; i < networks.As<Napi::Array>().Length(); ++i) {
      auto network = NetworkOf(env, networks.As<Napi::Array>().Get(i), "each of networks");
      for (const DenseNetwork* other : plain)
        if (other == network.get()) ThrowExpected(env, "each of networks once", "one of them twice");
      plain.push_back(network.get());
      held->networks.push_back(std::move(network));
    }
    held->optimiser = std::make_unique<Optimiser>(settings, plain);
    optimiser_ = std::shared_ptr<Optimiser>(held, held->optimiser.get());
    const Napi::Object self = info.This().As<Napi::Object>();
    Constant(self, "firstMoments", ArrayOver(env, optimiser_->first()));
    Constant(self, "secondMoments", ArrayOver(env, optimiser_->second()));
    TagObject(env, self, kOptimiserTag);
  }
  const std::shared_ptr<Optimiser>& optimiser() const { return optimiser_; }

 private:
  Napi::Value Steps(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), optimiser_->steps()); }
  void SetSteps(const Napi::CallbackInfo& info, const Napi::Value& value) {
    optimiser_->set_steps(static_cast<double>(CountOf(info.Env(), value, 0, kGreatestWhole, "steps")));
  }
  Napi::Value Clip(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), optimiser_->Clip(NumberArgument(info, 0, "maxNorm")));
  }
  Napi::Value Step(const Napi::CallbackInfo& info) {
    const double rate = NumberArgument(info, 0, "learningRate");
    const double max_norm = info[1].IsUndefined() ? kInfinity : NumberArgument(info, 1, "maxNorm");
    return Napi::Number::New(info.Env(), optimiser_->Step(rate, max_norm));
  }

  std::shared_ptr<Optimiser> optimiser_;
};

class NormaliserObject : public Napi::ObjectWrap<NormaliserObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "Normaliser",
                       {InstanceMethod<&NormaliserObject::Update>("update"),
                        InstanceMethod<&NormaliserObject::Apply>("apply")});
  }
  explicit NormaliserObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NormaliserObject>(info) {
    const Options options(info);
    size_ = options.Count("size", 1, 1 << 24);
    epsilon_ = options.NumberOr("epsilon", 1e-8);
    clip_ = options.NumberOr("clip", 10);
    state_ = AlignedArray<double>(1 + 2 * size_);
    Constant(info.This().As<Napi::Object>(), "state", ArrayOver(info.Env(), state_));
  }

 private:
  Napi::Value Update(const Napi::CallbackInfo& info) {
    const size_t rows = CountArgument(info, 1, "rows");
    UpdateStatistics(state_.data(), size_, ArrayArgument<float>(info, 0, rows * size_, "values"), rows);
    return info.Env().Undefined();
  }
  Napi::Value Apply(const Napi::CallbackInfo& info) {
    const size_t rows = CountArgument(info, 2, "rows");
    const float* from = ArrayArgument<float>(info, 0, rows * size_, "from");
    float* to = ArrayArgument<float>(info, 1, rows * size_, "to");
    ApplyStatistics(state_.data(), size_, epsilon_, clip_, from, to, rows);
    return info.Env().Undefined();
  }

  size_t size_ = 0;
  double epsilon_ = 0, clip_ = 0;
  AlignedArray<double> state_;
};

class RewardNormaliserObject : public Napi::ObjectWrap<RewardNormaliserObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "RewardNormaliser", {InstanceMethod<&RewardNormaliserObject::Apply>("apply")});
  }
  explicit RewardNormaliserObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<RewardNormaliserObject>(info) {
    const Options options(info);
    environments_ = options.Count("environments", 1, 1 << 24);
    gamma_ = options.Number("gamma", 0, 1);
    epsilon_ = options.NumberOr("epsilon", 1e-8);
    clip_ = options.NumberOr("clip", 10);
    state_ = AlignedArray<double>(3 + environments_);
    Constant(info.This().As<Napi::Object>(), "state", ArrayOver(info.Env(), state_));
  }

 private:
  Napi::Value Apply(const Napi::CallbackInfo& info) {
    float* rewards = ArrayArgument<float>(info, 0, environments_, "rewards");
    const uint8_t* ended = ArrayArgument<uint8_t>(info, 1, environments_, "ended");
    double* returns = state_.data() + 3;
    for (size_t e = 0; e < environments_; ++e) {
      returns[e] = gamma_ * returns[e] + static_cast<double>(rewards[e]);
      const auto value = static_cast<float>(returns[e]);
      UpdateStatistics(state_.data(), 1, &value, 1);
    }
    const double inverse = 1 / std::sqrt(state_[2] / state_[0] + epsilon_);
    for (size_t e = 0; e < environments_; ++e) {
      const double reward = static_cast<double>(rewards[e]) * inverse;
      rewards[e] = static_cast<float>(reward < -clip_ ? -clip_ : reward > clip_ ? clip_ : reward);
      if (ended[e] != 0) returns[e] = 0;
    }
    return info.Env().Undefined();
  }

  size_t environments_ = 0;
  double gamma_ = 0, epsilon_ = 0, clip_ = 0;
  AlignedArray<double> state_;
};

Napi::Value InstructionSets(const Napi::CallbackInfo& info) {
  auto names = Napi::Array::New(info.Env());
  for (const char* const* each = InstructionSetNames(); *each != nullptr; ++each)
    names.Set(names.Length(), Napi::String::New(info.Env(), *each));
  return names;
}

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

Napi::Value MeasurePeak(const Napi::CallbackInfo& info) {
  const Kernels* kernels = info[0].IsString() ? FindKernels(info[0].As<Napi::String>().Utf8Value().c_str()) : nullptr;
  if (kernels == nullptr) ThrowExpected(info.Env(), "set to be one of instructionSets()", Given(info[0]));
  const double seconds = NumberArgument(info, 1, "seconds", 0, 60);
  // The best of short runs: what else the machine does only ever slows one down.
  const double begin = CpuSeconds();
  double best = 0;
  do {
    float result = 0;
    const double before = CpuSeconds();
    const double operations = kernels->peak(20000, &result);
    const double rate = operations / (CpuSeconds() - before);
    if (rate > best && result == result) best = rate;
  } while (CpuSeconds() - begin < seconds);
  return Napi::Number::New(info.Env(), best);
}

}  // namespace

std::shared_ptr<DenseNetwork> NetworkOf(Napi::Env env, const Napi::Value& value, const char* name) {
  return Unwrapped<NetworkObject>(env, value, kNetworkTag, name, "Network").network();
}
std::shared_ptr<Optimiser> OptimiserOf(Napi::Env env, const Napi::Value& value, const char* name) {
  return Unwrapped<OptimiserObject>(env, value, kOptimiserTag, name, "Optimiser").optimiser();
}

void RegisterNetworks(Napi::Env env, Napi::Object exports) {
  exports.Set("instructionSets", Napi::Function::New<InstructionSets>(env, "instructionSets"));
  exports.Set("measurePeak", Napi::Function::New<MeasurePeak>(env, "measurePeak"));
  exports.Set("Network", NetworkObject::Class(env));
  exports.Set("Optimiser", OptimiserObject::Class(env));
  exports.Set("Normaliser", NormaliserObject::Class(env));
  exports.Set("RewardNormaliser", RewardNormaliserObject::Class(env));
}

}  // namespace kisimd
