#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "kisimd/bindings.h"
#include "kisimd/dqn_update.h"
#include "kisimd/policy_update.h"
#include "kisimd/sac_update.h"
#include "learner_arguments.h"

namespace kisimd {
namespace {

void CheckOutputs(Napi::Env env, const DenseNetwork& network, size_t entities, size_t wanted, const char* name) {
  if (network.outputs() * entities != wanted)
    ThrowExpected(env, std::string(name) + " to have " + std::to_string(wanted) + " outputs over its entities",
                  std::to_string(network.outputs() * entities));
}
// An optimiser over other networks would step what was not trained, and leave what was.
void CheckTrains(Napi::Env env, const Optimiser& optimiser, const std::vector<DenseNetwork*>& networks,
                 const char* name) {
  if (optimiser.networks() != networks)
    ThrowExpected(env, std::string(name) + " to have been made over exactly the networks it is to train",
                  "an optimiser of others");
}
void CheckBatch(Napi::Env env, const TransitionBatch& batch, size_t rows, size_t inputs, size_t actions) {
  if (batch.rows > rows || batch.inputs != inputs || batch.actions != actions)
    ThrowExpected(env, "batch to have at most " + std::to_string(rows) + " rows, " + std::to_string(inputs) +
                           " inputs and " + std::to_string(actions) + " actions",
                  std::to_string(batch.rows) + ", " + std::to_string(batch.inputs) + " and " +
                      std::to_string(batch.actions));
}
size_t RowsOption(const Options& options) { return options.Count("rows", 1, 1 << 24); }
size_t EntitiesOption(const Options& options) { return options.CountOr("entities", 1, 1, 1 << 20); }

void Write(const AlignedArray<double>& statistics, std::initializer_list<double> values) {
  size_t i = 0;
  for (const double value : values) statistics[i++] = value;
}

class DqnUpdateObject : public Napi::ObjectWrap<DqnUpdateObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "DqnUpdate", {InstanceMethod<&DqnUpdateObject::Update>("update")});
  }
  explicit DqnUpdateObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<DqnUpdateObject>(info), statistics_(4) {
    const Napi::Env env = info.Env();
    const Options options(info);
    online_ = NetworkOf(env, options.Get("online"), "online");
    target_ = NetworkOf(env, options.Get("target"), "target");
    optimiser_ = OptimiserOf(env, options.Get("optimiser"), "optimiser");
    DqnUpdate::Settings settings{};
    settings.rows = RowsOption(options);
    settings.actions = options.Count("actions", 1, 1 << 20);
    settings.entities = EntitiesOption(options);
    const size_t quantiles = options.CountOr("quantiles", 0, 0, 1 << 12);
    settings.distributional = quantiles > 0;
    settings.quantiles = quantiles > 0 ? quantiles : 1;
    settings.double_q = options.Flag("double");
    settings.dueling = options.FlagOr("dueling", false);
    settings.squared = options.Has("loss") && options.Choice("loss", {"smooth-l1", "mean-squared"}) == 1;
    settings.conservative = options.NumberOr("conservative", 0);
    if (settings.dueling && settings.entities > 1) ThrowExpected(env, "dueling with one entity", "several");
    if (settings.distributional && settings.squared) ThrowExpected(env, "loss to be left out with quantiles", "'mean-squared'");
    if (settings.distributional && settings.conservative > 0)
      ThrowExpected(env, "conservative to be 0 with quantiles", "more");
    if (online_ == target_) ThrowExpected(env, "target to be another network than online", "the same");
    if (online_->sizes() != target_->sizes())
      ThrowExpected(env, "target to have the layers of online", "a network of other sizes");
    CheckOutputs(env, *online_, settings.entities,
                 (settings.actions + (settings.dueling ? 1 : 0)) * settings.quantiles, "online");
    CheckTrains(env, *optimiser_, {online_.get()}, "optimiser");
    update_ = std::make_unique<DqnUpdate>(settings, *online_, *target_, *optimiser_);
    Constant(info.This().As<Napi::Object>(), "statistics", ArrayOver(env, statistics_));
  }

 private:
  Napi::Value Update(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const auto batch = TransitionBatchOf(env, info[0], "batch");
    const double rate = NumberArgument(info, 1, "learningRate");
    const double max_norm = NumberArgument(info, 2, "maxNorm");
    const auto& settings = update_->settings();
    CheckBatch(env, *batch, settings.rows, online_->inputs() * settings.entities, settings.actions);
    DqnUpdate::Result result;
    const size_t bad = update_->Update(*batch, rate, max_norm, result);
    if (bad != DqnUpdate::kGood) ThrowRow(env, bad, "expected a valid action, got " + std::to_string(batch->chosen[bad]));
    Write(statistics_, {result.loss, result.norm, result.mean_value, result.penalty});
    return Napi::Number::New(env, result.loss);
  }

  AlignedArray<double> statistics_;
  std::shared_ptr<DenseNetwork> online_, target_;
  std::shared_ptr<Optimiser> optimiser_;
  std::unique_ptr<DqnUpdate> update_;
};

// What PPO and A2C have in common.
struct PolicyParts {
  std::shared_ptr<DenseNetwork> policy, value;
  std::shared_ptr<Optimiser> optimiser;
  std::unique_ptr<PolicyUpdate> update;
  bool normalise_advantages;
  double value_coefficient;

  explicit PolicyParts(const Options& options) {
    const Napi::Env env = options.env();
    policy = NetworkOf(env, options.Get("policy"), "policy");
    value = NetworkOf(env, options.Get("value"), "value");
    optimiser = OptimiserOf(env, options.Get("optimiser"), "optimiser");
    normalise_advantages = options.Flag("normaliseAdvantages");
    value_coefficient = options.Number("valueCoefficient");
    const size_t entities = EntitiesOption(options);
    update = std::make_unique<PolicyUpdate>(RowsOption(options), ActionsOf(options), entities, *policy, *value, *optimiser);
    CheckOutputs(env, *policy, entities, update->categorical().options(), "policy");
    CheckOutputs(env, *value, 1, 1, "value");
    CheckTrains(env, *optimiser, {policy.get(), value.get()}, "optimiser");
  }
  void CheckRollout(Napi::Env env, const Rollout& rollout) const {
    if (rollout.inputs != policy->inputs() * update->entities())
      ThrowExpected(env, "rollout to have " + std::to_string(policy->inputs() * update->entities()) + " inputs",
                    std::to_string(rollout.inputs));
    const size_t value_inputs = rollout.value_inputs == 0 ? rollout.inputs : rollout.value_inputs;
    if (value_inputs != value->inputs())
      ThrowExpected(env, "rollout to have " + std::to_string(value->inputs()) + " inputs of the value network",
                    std::to_string(value_inputs));
    if (rollout.actions != update->categorical().actions())
      ThrowExpected(env, "rollout to have the actions of the update", "others");
  }
  static void ThrowOutcome(Napi::Env env, PolicyUpdate::Outcome outcome, size_t row) {
    if (outcome == PolicyUpdate::Outcome::kBadIndex)
      throw Napi::RangeError::New(env, "expected indices of the rollout's rows, got another at place " + std::to_string(row));
    ThrowRow(env, row, outcome == PolicyUpdate::Outcome::kBadAction ? "expected a valid action, got another"
                                                                    : "expected a valid action, got a mask without any");
  }
};

class PpoUpdateObject : public Napi::ObjectWrap<PpoUpdateObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "PpoUpdate", {InstanceMethod<&PpoUpdateObject::Update>("update")});
  }
  explicit PpoUpdateObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PpoUpdateObject>(info), statistics_(8) {
    const Options options(info);
    parts_ = std::make_unique<PolicyParts>(options);
    value_loss_ = static_cast<ValueLoss>(options.Choice("valueLoss", {"squared", "clipped", "greatest"}));
    Constant(info.This().As<Napi::Object>(), "statistics", ArrayOver(info.Env(), statistics_));
  }

 private:
  Napi::Value Update(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const auto rollout = RolloutOf(env, info[0], "rollout");
    parts_->CheckRollout(env, *rollout);
    const size_t from = CountArgument(info, 2, "from");
    const size_t count = CountArgument(info, 3, "count", 1, static_cast<double>(parts_->update->rows()));
    const int32_t* indices = ArrayArgument<int32_t>(info, 1, from + count, "indices") + from;
    PpoSettings settings{};
    settings.normalise_advantages = parts_->normalise_advantages;
    settings.value_loss = value_loss_;
    settings.value_coefficient = parts_->value_coefficient;
    const double rate = NumberArgument(info, 4, "learningRate");
    settings.clip = NumberArgument(info, 5, "clip");
    settings.value_clip = NumberArgument(info, 6, "valueClip");
    settings.entropy_coefficient = NumberArgument(info, 7, "entropyCoefficient");
    const double max_norm = NumberArgument(info, 8, "maxNorm");
    const double kl_limit = NumberArgument(info, 9, "klLimit");
    PolicyUpdate::Result result;
    const auto outcome = parts_->update->Ppo(*rollout, indices, count, settings, rate, max_norm, kl_limit, result);
    const bool stepped = outcome == PolicyUpdate::Outcome::kStepped;
    if (!stepped && outcome != PolicyUpdate::Outcome::kStopped) PolicyParts::ThrowOutcome(env, outcome, result.bad_row);
    const PolicyResult& losses = result.losses;
    Write(statistics_, {losses.loss, losses.policy_loss, losses.value_loss, losses.entropy, losses.approximate_kl,
                        losses.clip_fraction, result.norm, stepped ? 1.0 : 0.0});
    return Napi::Boolean::New(env, stepped);
  }

  AlignedArray<double> statistics_;
  ValueLoss value_loss_ = ValueLoss::kSquared;
  std::unique_ptr<PolicyParts> parts_;
};

class A2cUpdateObject : public Napi::ObjectWrap<A2cUpdateObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "A2cUpdate", {InstanceMethod<&A2cUpdateObject::Update>("update")});
  }
  explicit A2cUpdateObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<A2cUpdateObject>(info), statistics_(5) {
    parts_ = std::make_unique<PolicyParts>(Options(info));
    Constant(info.This().As<Napi::Object>(), "statistics", ArrayOver(info.Env(), statistics_));
  }

 private:
  Napi::Value Update(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const auto rollout = RolloutOf(env, info[0], "rollout");
    parts_->CheckRollout(env, *rollout);
    if (rollout->rows() > parts_->update->rows())
      ThrowExpected(env, "rollout to have at most " + std::to_string(parts_->update->rows()) + " rows",
                    std::to_string(rollout->rows()));
    const double rate = NumberArgument(info, 1, "learningRate");
    const double entropy_coefficient = NumberArgument(info, 2, "entropyCoefficient");
    const double max_norm = NumberArgument(info, 3, "maxNorm");
    PolicyUpdate::Result result;
    const auto outcome = parts_->update->A2c(*rollout, parts_->normalise_advantages, parts_->value_coefficient,
                                             entropy_coefficient, rate, max_norm, result);
    if (outcome != PolicyUpdate::Outcome::kStepped) PolicyParts::ThrowOutcome(env, outcome, result.bad_row);
    Write(statistics_, {result.losses.loss, result.losses.policy_loss, result.losses.value_loss, result.losses.entropy,
                        result.norm});
    return Napi::Number::New(env, result.losses.loss);
  }

  AlignedArray<double> statistics_;
  std::unique_ptr<PolicyParts> parts_;
};

class SacUpdateObject : public Napi::ObjectWrap<SacUpdateObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "SacUpdate", {InstanceMethod<&SacUpdateObject::Update>("update")});
  }
  explicit SacUpdateObject(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<SacUpdateObject>(info), statistics_(6), temperature_(4) {
    const Napi::Env env = info.Env();
    const Options options(info);
    const size_t actions = options.Count("actions", 1, 1 << 20), entities = EntitiesOption(options);
    const auto take = [&](const Napi::Value& value, const char* name) {
      networks_.push_back(NetworkOf(env, value, name));
      DenseNetwork* network = networks_.back().get();
      CheckOutputs(env, *network, entities, actions, name);
      if (network->inputs() != networks_.front()->inputs())
        ThrowExpected(env, std::string(name) + " to have the inputs of the policy", std::to_string(network->inputs()));
      for (size_t i = 0; i + 1 < networks_.size(); ++i)
        if (networks_[i].get() == network) ThrowExpected(env, "five different networks", "one of them twice");
      return network;
    };
    const auto pair = [&](const char* name, size_t index) {
      const Napi::Value value = options.Get(name);
      if (!value.IsArray() || value.As<Napi::Array>().Length() != 2)
        ThrowExpected(env, std::string(name) + " to be two Networks", Given(value));
      return take(value.As<Napi::Array>().Get(static_cast<uint32_t>(index)), name);
    };
    SacUpdate::Networks networks{};
    networks.policy = take(options.Get("policy"), "policy");
    for (size_t i = 0; i < 2; ++i) {
      networks.critics[i] = pair("critics", i);
      networks.targets[i] = pair("targets", i);
      if (networks.critics[i]->sizes() != networks.targets[i]->sizes())
        ThrowExpected(env, "targets to have the layers of critics", "networks of other sizes");
    }
    policy_optimiser_ = OptimiserOf(env, options.Get("policyOptimiser"), "policyOptimiser");
    critic_optimiser_ = OptimiserOf(env, options.Get("criticOptimiser"), "criticOptimiser");
    CheckTrains(env, *policy_optimiser_, {networks.policy}, "policyOptimiser");
    CheckTrains(env, *critic_optimiser_, {networks.critics[0], networks.critics[1]}, "criticOptimiser");
    networks.policy_optimiser = policy_optimiser_.get();
    networks.critic_optimiser = critic_optimiser_.get();
    temperature_[0] = options.Number("logTemperature", -100, 100);
    update_ = std::make_unique<SacUpdate>(RowsOption(options), actions, entities,
                                          options.Number("targetEntropyShare"), networks);
    const Napi::Object self = info.This().As<Napi::Object>();
    Constant(self, "statistics", ArrayOver(env, statistics_));
    Constant(self, "temperature", ArrayOver(env, temperature_));
  }

 private:
  Napi::Value Update(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const auto batch = TransitionBatchOf(env, info[0], "batch");
    const double policy_rate = NumberArgument(info, 1, "policyRate");
    const double critic_rate = NumberArgument(info, 2, "criticRate");
    const double temperature_rate = NumberArgument(info, 3, "temperatureRate");
    const double max_norm = NumberArgument(info, 4, "maxNorm");
    CheckBatch(env, *batch, update_->rows(), networks_.front()->inputs() * update_->entities(), update_->actions());
    SacUpdate::Result result;
    const auto outcome =
        update_->Update(*batch, policy_rate, critic_rate, temperature_rate, max_norm, temperature_.data(), result);
    if (outcome != SacUpdate::Outcome::kStepped)
      ThrowRow(env, result.bad_row, outcome == SacUpdate::Outcome::kBadAction
                                        ? "expected a valid action, got another"
                                        : "expected a valid action, got a mask without any");
    Write(statistics_, {result.critic_loss, result.actor_loss, result.temperature_loss, result.entropy,
                        result.critic_norm, result.policy_norm});
    return Napi::Number::New(env, result.critic_loss);
  }

  AlignedArray<double> statistics_, temperature_;
  std::vector<std::shared_ptr<DenseNetwork>> networks_;
  std::shared_ptr<Optimiser> policy_optimiser_, critic_optimiser_;
  std::unique_ptr<SacUpdate> update_;
};

}  // namespace

void RegisterUpdates(Napi::Env env, Napi::Object exports) {
  exports.Set("DqnUpdate", DqnUpdateObject::Class(env));
  exports.Set("PpoUpdate", PpoUpdateObject::Class(env));
  exports.Set("A2cUpdate", A2cUpdateObject::Class(env));
  exports.Set("SacUpdate", SacUpdateObject::Class(env));
}

}  // namespace kisimd
