#include <memory>
#include <vector>

#include "kisimd/bindings.h"
#include "kisimd/policy_losses.h"
#include "kisimd/value_losses.h"
#include "learner_arguments.h"

namespace kisimd {
namespace {

class CategoricalObject : public Napi::ObjectWrap<CategoricalObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "Categorical",
                       {InstanceMethod<&CategoricalObject::Sample>("sample"),
                        InstanceMethod<&CategoricalObject::Greedy>("greedy"),
                        InstanceMethod<&CategoricalObject::LogProbabilities>("logProbabilities"),
                        InstanceMethod<&CategoricalObject::Evaluate>("evaluate"),
                        InstanceMethod<&CategoricalObject::Gradient>("gradient")});
  }
  explicit CategoricalObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<CategoricalObject>(info) {
    const Options options(info);
    categorical_ = std::make_unique<Categorical>(ActionsOf(options), options.Set());
  }

 private:
  // The first three arguments of every method.
  struct Rows {
    size_t rows;
    const float* logits;
    const uint8_t* masks;
  };
  Rows RowsOf(const Napi::CallbackInfo& info) const {
    const size_t rows = CountArgument(info, 2, "rows");
    return {rows, ArrayArgument<float>(info, 0, rows * categorical_->options(), "logits"),
            OptionalArrayArgument<uint8_t>(info, 1, rows * categorical_->options(), "masks")};
  }
  const int32_t* ActionsArgument(const Napi::CallbackInfo& info, const Rows& rows) const {
    const int32_t* actions = ArrayArgument<int32_t>(info, 3, rows.rows * categorical_->choices(), "actions");
    const size_t bad = categorical_->FirstInvalidAction(actions, rows.masks, rows.rows);
    if (bad != Categorical::kAllValid) ThrowRow(info.Env(), bad, "expected a valid action");
    return actions;
  }

  Napi::Value Sample(const Napi::CallbackInfo& info) {
    const Rows rows = RowsOf(info);
    const size_t choices = categorical_->choices();
    const double* uniforms = ArrayArgument<double>(info, 3, rows.rows * choices, "uniforms");
    int32_t* actions = ArrayArgument<int32_t>(info, 4, rows.rows * choices, "actions");
    float* logs = ArrayArgument<float>(info, 5, rows.rows, "logProbabilities");
    CheckRows(info.Env(), categorical_->Sample(rows.logits, rows.masks, rows.rows, uniforms, actions, logs));
    return info.Env().Undefined();
  }
  Napi::Value Greedy(const Napi::CallbackInfo& info) {
    const Rows rows = RowsOf(info);
    int32_t* actions = ArrayArgument<int32_t>(info, 3, rows.rows * categorical_->choices(), "actions");
    CheckRows(info.Env(), categorical_->Greedy(rows.logits, rows.masks, rows.rows, actions));
    return info.Env().Undefined();
  }
  Napi::Value LogProbabilities(const Napi::CallbackInfo& info) {
    const Rows rows = RowsOf(info);
    float* result = ArrayArgument<float>(info, 3, rows.rows * categorical_->options(), "result");
    CheckRows(info.Env(), categorical_->LogProbabilities(rows.logits, rows.masks, rows.rows, result));
    return info.Env().Undefined();
  }
  Napi::Value Evaluate(const Napi::CallbackInfo& info) {
    const Rows rows = RowsOf(info);
    const int32_t* actions = ActionsArgument(info, rows);
    float* logs = ArrayArgument<float>(info, 4, rows.rows, "logProbabilities");
    float* entropies = ArrayArgument<float>(info, 5, rows.rows, "entropies");
    CheckRows(info.Env(), categorical_->Evaluate(rows.logits, rows.masks, rows.rows, entropies));
    for (size_t row = 0; row < rows.rows; ++row)
      logs[row] = categorical_->LogProbability(row, actions + row * categorical_->choices());
    return info.Env().Undefined();
  }
  Napi::Value Gradient(const Napi::CallbackInfo& info) {
    const Rows rows = RowsOf(info);
    const int32_t* actions = ActionsArgument(info, rows);
    const float* for_log = ArrayArgument<float>(info, 4, rows.rows, "forLogProbability");
    const float* for_entropy = ArrayArgument<float>(info, 5, rows.rows, "forEntropy");
    float* result = ArrayArgument<float>(info, 6, rows.rows * categorical_->options(), "result");
    CheckRows(info.Env(), categorical_->Evaluate(rows.logits, rows.masks, rows.rows, nullptr));
    for (size_t row = 0; row < rows.rows; ++row)
      categorical_->Gradient(row, actions + row * categorical_->choices(), for_log[row], for_entropy[row],
                             result + row * categorical_->options());
    return info.Env().Undefined();
  }

  std::unique_ptr<Categorical> categorical_;
};

// predictions, targets, weights, count, ...
Napi::Value SmoothL1Loss(const Napi::CallbackInfo& info) {
  const size_t count = CountArgument(info, 3, "count");
  const double beta = NumberArgument(info, 4, "beta", std::numeric_limits<double>::min());
  return Napi::Number::New(
      info.Env(), SmoothL1(ArrayArgument<float>(info, 0, count, "predictions"),
                           ArrayArgument<float>(info, 1, count, "targets"),
                           OptionalArrayArgument<float>(info, 2, count, "weights"), count, beta,
                           ArrayArgument<float>(info, 5, count, "gradients")));
}
Napi::Value MeanSquaredLoss(const Napi::CallbackInfo& info) {
  const size_t count = CountArgument(info, 3, "count");
  return Napi::Number::New(
      info.Env(), MeanSquared(ArrayArgument<float>(info, 0, count, "predictions"),
                              ArrayArgument<float>(info, 1, count, "targets"),
                              OptionalArrayArgument<float>(info, 2, count, "weights"), count,
                              ArrayArgument<float>(info, 4, count, "gradients")));
}
Napi::Value QuantileHuberLoss(const Napi::CallbackInfo& info) {
  const size_t rows = CountArgument(info, 3, "rows");
  const size_t quantiles = CountArgument(info, 4, "quantiles", 1, 1 << 20);
  const size_t targets = CountArgument(info, 5, "targetQuantiles", 1, 1 << 20);
  if (!info[6].IsBoolean()) ThrowExpected(info.Env(), "sumOverQuantiles to be true or false", Given(info[6]));
  return Napi::Number::New(
      info.Env(),
      QuantileHuber(ArrayArgument<float>(info, 0, rows * quantiles, "current"),
                    ArrayArgument<float>(info, 1, rows * targets, "targets"),
                    OptionalArrayArgument<float>(info, 2, rows, "weights"), rows, quantiles, targets,
                    info[6].As<Napi::Boolean>().Value(), ArrayArgument<float>(info, 7, rows * quantiles, "gradients")));
}

struct DuelingSizes {
  size_t rows, actions, quantiles;
  explicit DuelingSizes(const Napi::CallbackInfo& info)
      : rows(CountArgument(info, 1, "rows")),
        actions(CountArgument(info, 2, "actions", 1, 1 << 20)),
        quantiles(CountArgument(info, 3, "quantiles", 1, 1 << 12)) {}
  size_t streams() const { return rows * (1 + actions) * quantiles; }
  size_t values() const { return rows * actions * quantiles; }
};
Napi::Value DuelingForwardCall(const Napi::CallbackInfo& info) {
  const DuelingSizes sizes(info);
  DuelingForward(ArrayArgument<float>(info, 0, sizes.streams(), "streams"), sizes.rows, sizes.actions, sizes.quantiles,
                 ArrayArgument<float>(info, 4, sizes.values(), "values"));
  return info.Env().Undefined();
}
Napi::Value DuelingBackwardCall(const Napi::CallbackInfo& info) {
  const DuelingSizes sizes(info);
  DuelingBackward(ArrayArgument<float>(info, 0, sizes.values(), "valueGradients"), sizes.rows, sizes.actions,
                  sizes.quantiles, ArrayArgument<float>(info, 4, sizes.streams(), "streamGradients"));
  return info.Env().Undefined();
}
Napi::Value DqnTargetsCall(const Napi::CallbackInfo& info) {
  const size_t rows = CountArgument(info, 5, "rows");
  const size_t actions = CountArgument(info, 6, "actions", 1, 1 << 20);
  DqnTargets(ArrayArgument<float>(info, 0, rows * actions, "onlineNext"),
             ArrayArgument<float>(info, 1, rows * actions, "targetNext"),
             OptionalArrayArgument<uint8_t>(info, 2, rows * actions, "nextMasks"),
             ArrayArgument<float>(info, 3, rows, "rewards"), ArrayArgument<float>(info, 4, rows, "discounts"), rows,
             actions, 1, ArrayArgument<float>(info, 7, rows, "targets"), ArrayArgument<int32_t>(info, 8, rows, "chosen"));
  return info.Env().Undefined();
}

Napi::Value PpoLossCall(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Options options(info);
  const size_t rows = options.Count("rows", 0);
  Categorical categorical(ActionsOf(options), options.Set());
  const size_t width = categorical.options();
  PpoSettings settings{};
  settings.normalise_advantages = options.Flag("normaliseAdvantages");
  settings.value_loss = static_cast<ValueLoss>(options.Choice("valueLoss", {"squared", "clipped", "greatest"}));
  settings.clip = options.Number("clip");
  settings.value_clip = options.Number("valueClip");
  settings.value_coefficient = options.Number("valueCoefficient");
  settings.entropy_coefficient = options.Number("entropyCoefficient");
  const PolicyRows given{rows,
                         options.Array<float>("logits", rows * width),
                         options.OptionalArray<uint8_t>("masks", rows * width),
                         options.Array<int32_t>("chosen", rows * categorical.choices()),
                         options.Array<float>("oldLogProbabilities", rows),
                         options.Array<float>("advantages", rows),
                         options.Array<float>("values", rows),
                         options.Array<float>("oldValues", rows),
                         options.Array<float>("returns", rows),
                         options.Array<float>("logitGradients", rows * width),
                         options.Array<float>("valueGradients", rows)};
  const size_t bad = categorical.FirstInvalidAction(given.chosen, given.masks, rows);
  if (bad != Categorical::kAllValid) ThrowRow(env, bad, "expected a valid action");
  AlignedArray<float> scratch;
  PolicyResult result{};
  CheckRows(env, PpoLoss(settings, given, categorical, options.Set(), scratch, result));
  auto object = Napi::Object::New(env);
  object.Set("loss", result.loss);
  object.Set("policyLoss", result.policy_loss);
  object.Set("valueLoss", result.value_loss);
  object.Set("entropy", result.entropy);
  object.Set("approximateKl", result.approximate_kl);
  object.Set("clipFraction", result.clip_fraction);
  return object;
}

Napi::Value SacLossCall(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Options options(info);
  const size_t rows = options.Count("rows", 0);
  const size_t actions = options.Count("actions", 1, 1 << 20);
  const size_t count = rows * actions;
  Categorical categorical({actions}, options.Set());
  const int32_t* chosen = options.Array<int32_t>("chosen", rows);
  const uint8_t* masks = options.OptionalArray<uint8_t>("masks", count);
  const size_t bad = categorical.FirstInvalidAction(chosen, masks, rows);
  if (bad != Categorical::kAllValid) ThrowRow(env, bad, "expected a valid action");
  const double temperature = std::exp(options.Number("logTemperature", -kInfinity));
  const double share = options.Number("targetEntropyShare");
  float* targets = options.Array<float>("targets", rows);
  const float* critics[2] = {options.Array<float>("critic1", count), options.Array<float>("critic2", count)};
  float* gradients[2] = {options.Array<float>("critic1Gradients", count), options.Array<float>("critic2Gradients", count)};
  const float* logits = options.Array<float>("logits", count);
  float* logit_gradients = options.Array<float>("logitGradients", count);
  CheckRows(env, SacTargets(categorical, options.Array<float>("nextLogits", count),
                            options.OptionalArray<uint8_t>("nextMasks", count), options.Array<float>("nextTarget1", count),
                            options.Array<float>("nextTarget2", count), options.Array<float>("rewards", rows),
                            options.Array<float>("discounts", rows), rows, temperature, targets));
  double critic_loss = 0;
  for (size_t i = 0; i < 2; ++i)
    critic_loss += SacCriticLoss(critics[i], targets, nullptr, chosen, rows, actions, gradients[i], nullptr, 0);
  SacActorResult actor{};
  CheckRows(env, SacActorLoss(categorical, logits, masks, critics[0], critics[1], rows, temperature, share,
                              logit_gradients, actor));
  auto object = Napi::Object::New(env);
  object.Set("criticLoss", critic_loss);
  object.Set("actorLoss", actor.loss);
  object.Set("entropy", actor.entropy);
  object.Set("temperatureLoss", actor.temperature_loss);
  return object;
}

}  // namespace

void RegisterLosses(Napi::Env env, Napi::Object exports) {
  exports.Set("Categorical", CategoricalObject::Class(env));
  auto losses = Napi::Object::New(env);
  losses.Set("smoothL1", Napi::Function::New<SmoothL1Loss>(env, "smoothL1"));
  losses.Set("meanSquared", Napi::Function::New<MeanSquaredLoss>(env, "meanSquared"));
  losses.Set("quantileHuber", Napi::Function::New<QuantileHuberLoss>(env, "quantileHuber"));
  losses.Set("duelingForward", Napi::Function::New<DuelingForwardCall>(env, "duelingForward"));
  losses.Set("duelingBackward", Napi::Function::New<DuelingBackwardCall>(env, "duelingBackward"));
  losses.Set("dqnTargets", Napi::Function::New<DqnTargetsCall>(env, "dqnTargets"));
  losses.Set("ppo", Napi::Function::New<PpoLossCall>(env, "ppo"));
  losses.Set("sacDiscrete", Napi::Function::New<SacLossCall>(env, "sacDiscrete"));
  exports.Set("losses", losses);
}

}  // namespace kisimd
