#include <memory>
#include <vector>

#include "kisimd/bindings.h"
#include "kisimd/replay_buffer.h"
#include "kisimd/transitions.h"
#include "learner_arguments.h"

namespace kisimd {
namespace {

constexpr napi_type_tag kBatchTag = {0x6b6973696d645442, 0x4154434800000003};
constexpr napi_type_tag kRolloutTag = {0x6b6973696d64524f, 0x4c4c4f5554000004};
// So small that no product of them leaves 64 bits; what does not fit the memory fails to be allocated.
constexpr double kWidest = 1 << 20;
constexpr double kMostEnvironments = 1 << 16;

class TransitionBatchObject : public Napi::ObjectWrap<TransitionBatchObject> {
 public:
  static Napi::Function Class(Napi::Env env) { return DefineClass(env, "TransitionBatch", {}); }
  explicit TransitionBatchObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TransitionBatchObject>(info) {
    const Napi::Env env = info.Env();
    const Options options(info);
    batch_ = std::make_shared<TransitionBatch>(options.Count("rows", 1, kWidest), options.Count("inputs", 1, kWidest),
                                               options.Count("actions", 1, kWidest));
    const Napi::Object self = info.This().As<Napi::Object>();
    const size_t entries = batch_->rows * batch_->inputs;
    const Napi::ArrayBuffer both = BufferOver(env, batch_->both_observations);
    Constant(self, "rows", Napi::Number::New(env, static_cast<double>(batch_->rows)));
    Constant(self, "observations", Napi::Float32Array::New(env, entries, both, 0));
    Constant(self, "nextObservations", Napi::Float32Array::New(env, entries, both, entries * sizeof(float)));
    Constant(self, "masks", ArrayOver(env, batch_->masks));
    Constant(self, "nextMasks", ArrayOver(env, batch_->next_masks));
    Constant(self, "actions", ArrayOver(env, batch_->chosen));
    Constant(self, "indices", ArrayOver(env, batch_->indices));
    Constant(self, "rewards", ArrayOver(env, batch_->rewards));
    Constant(self, "discounts", ArrayOver(env, batch_->discounts));
    Constant(self, "weights", ArrayOver(env, batch_->weights));
    Constant(self, "errors", ArrayOver(env, batch_->errors));
    TagObject(env, self, kBatchTag);
  }
  const std::shared_ptr<TransitionBatch>& batch() const { return batch_; }

 private:
  std::shared_ptr<TransitionBatch> batch_;
};

class ReplayObject : public Napi::ObjectWrap<ReplayObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(
        env, "Replay",
        {InstanceAccessor<&ReplayObject::Size>("size"), InstanceMethod<&ReplayObject::Add>("add"),
         InstanceMethod<&ReplayObject::Flush>("flush"), InstanceMethod<&ReplayObject::Sample>("sample"),
         InstanceMethod<&ReplayObject::Prioritise>("prioritise"), InstanceMethod<&ReplayObject::Priority>("priority"),
         InstanceMethod<&ReplayObject::Save>("save"), InstanceMethod<&ReplayObject::Restore>("restore")});
  }
  explicit ReplayObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ReplayObject>(info) {
    const Options options(info);
    ReplayBuffer::Settings settings{};
    settings.capacity = options.Count("capacity", 1);
    settings.inputs = options.Count("inputs", 1, kWidest);
    settings.actions = options.Count("actions", 1, kWidest);
    settings.masks = options.Flag("masks");
    settings.environments = options.Count("environments", 1, kMostEnvironments);
    settings.steps = options.Count("steps", 1, 1 << 12);
    settings.gamma = options.Number("gamma", 0, 1);
    const Napi::Value prioritised = options.Get("prioritised");
    settings.prioritised = !prioritised.IsUndefined();
    if (settings.prioritised) {
      if (!prioritised.IsObject())
        ThrowExpected(info.Env(), "prioritised to be an object with alpha and epsilon", Given(prioritised));
      settings.alpha = NumberOf(info.Env(), prioritised.As<Napi::Object>().Get("alpha"), 0, 1, "prioritised.alpha");
      settings.epsilon = NumberOf(info.Env(), prioritised.As<Napi::Object>().Get("epsilon"),
                                  std::numeric_limits<double>::min(), 1, "prioritised.epsilon");
    }
    replay_ = std::make_unique<ReplayBuffer>(settings);
  }

 private:
  Napi::Value Size(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(replay_->size()));
  }
  const uint8_t* MasksArgument(const Napi::CallbackInfo& info, size_t index, const char* name) {
    const auto& s = replay_->settings();
    if (s.masks) return ArrayArgument<uint8_t>(info, index, s.environments * s.actions, name);
    if (!info[index].IsUndefined() && !info[index].IsNull())
      ThrowExpected(info.Env(), std::string(name) + " to be undefined, as this replay keeps no masks", Given(info[index]));
    return nullptr;
  }
  Napi::Value Add(const Napi::CallbackInfo& info) {
    const auto& s = replay_->settings();
    const float* observations = ArrayArgument<float>(info, 0, s.environments * s.inputs, "observations");
    const uint8_t* masks = MasksArgument(info, 1, "masks");
    const int32_t* actions = ArrayArgument<int32_t>(info, 2, s.environments, "actions");
    const float* rewards = ArrayArgument<float>(info, 3, s.environments, "rewards");
    const float* next = ArrayArgument<float>(info, 4, s.environments * s.inputs, "nextObservations");
    const uint8_t* next_masks = MasksArgument(info, 5, "nextMasks");
    const uint8_t* terminated = ArrayArgument<uint8_t>(info, 6, s.environments, "terminated");
    const uint8_t* truncated = ArrayArgument<uint8_t>(info, 7, s.environments, "truncated");
    for (size_t e = 0; e < s.environments; ++e)
      if (actions[e] < 0 || static_cast<size_t>(actions[e]) >= s.actions)
        ThrowRow(info.Env(), e, "expected an action from 0 to " + std::to_string(s.actions - 1) + ", got " +
                                    std::to_string(actions[e]));
    replay_->Add(observations, masks, actions, rewards, next, next_masks, terminated, truncated);
    return info.Env().Undefined();
  }
  Napi::Value Flush(const Napi::CallbackInfo& info) {
    replay_->Flush();
    return info.Env().Undefined();
  }
  std::shared_ptr<TransitionBatch> BatchArgument(const Napi::CallbackInfo& info) const {
    auto batch = TransitionBatchOf(info.Env(), info[0], "batch");
    const auto& s = replay_->settings();
    if (batch->inputs != s.inputs || batch->actions != s.actions)
      ThrowExpected(info.Env(), "batch to have " + std::to_string(s.inputs) + " inputs and " + std::to_string(s.actions) +
                                    " actions",
                    std::to_string(batch->inputs) + " and " + std::to_string(batch->actions));
    return batch;
  }
  Napi::Value Sample(const Napi::CallbackInfo& info) {
    const auto batch = BatchArgument(info);
    const double* uniforms = ArrayArgument<double>(info, 1, batch->rows, "uniforms");
    const double beta = NumberArgument(info, 2, "beta", 0, 1);
    if (replay_->size() == 0) throw Napi::RangeError::New(info.Env(), "expected a replay to sample from, got an empty one");
    for (size_t i = 0; i < batch->rows; ++i)
      if (!(uniforms[i] >= 0 && uniforms[i] < 1))
        ThrowRow(info.Env(), i, "expected a uniform number from 0 to below 1");
    replay_->Sample(*batch, uniforms, beta);
    return info.Env().Undefined();
  }
  void NeedsPriorities(Napi::Env env) const {
    if (!replay_->settings().prioritised) throw Napi::Error::New(env, "expected a prioritised replay");
  }
  Napi::Value Prioritise(const Napi::CallbackInfo& info) {
    NeedsPriorities(info.Env());
    if (!replay_->Prioritise(*BatchArgument(info)))
      throw Napi::RangeError::New(info.Env(), "expected indices of this replay and finite errors in the batch");
    return info.Env().Undefined();
  }
  Napi::Value Priority(const Napi::CallbackInfo& info) {
    NeedsPriorities(info.Env());
    const auto last = static_cast<double>(replay_->settings().capacity - 1);
    return Napi::Number::New(info.Env(), replay_->Priority(CountArgument(info, 0, "index", 0, last)));
  }
  Napi::Value Save(const Napi::CallbackInfo& info) {
    auto saved = Napi::Uint8Array::New(info.Env(), replay_->saved_size());
    replay_->Save(saved.Data());
    return saved;
  }
  Napi::Value Restore(const Napi::CallbackInfo& info) {
    const uint8_t* saved = ArrayArgument<uint8_t>(info, 0, 0, "saved");
    if (!replay_->Restore(saved, info[0].As<Napi::TypedArray>().ElementLength()))
      throw Napi::RangeError::New(info.Env(), "expected the bytes of a replay of the same options, got others");
    return info.Env().Undefined();
  }

  std::unique_ptr<ReplayBuffer> replay_;
};

class RolloutObject : public Napi::ObjectWrap<RolloutObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "Rollout", {InstanceMethod<&RolloutObject::ComputeAdvantages>("computeAdvantages")});
  }
  explicit RolloutObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<RolloutObject>(info) {
    const Napi::Env env = info.Env();
    const Options options(info);
    rollout_ = std::make_shared<Rollout>(options.Count("steps", 1, kWidest), options.Count("environments", 1, kMostEnvironments),
                                         options.Count("inputs", 1, kWidest), options.Count("valueInputs", 0, kWidest),
                                         ActionsOf(options));
    const Napi::Object self = info.This().As<Napi::Object>();
    const Napi::Value observations = ArrayOver(env, rollout_->observations);
    Constant(self, "rows", Napi::Number::New(env, static_cast<double>(rollout_->rows())));
    Constant(self, "observations", observations);
    Constant(self, "valueObservations",
             rollout_->value_inputs == 0 ? observations : ArrayOver(env, rollout_->value_observations));
    Constant(self, "masks", ArrayOver(env, rollout_->masks));
    Constant(self, "actions", ArrayOver(env, rollout_->chosen));
    Constant(self, "logProbabilities", ArrayOver(env, rollout_->logs));
    Constant(self, "values", ArrayOver(env, rollout_->values));
    Constant(self, "rewards", ArrayOver(env, rollout_->rewards));
    Constant(self, "terminated", ArrayOver(env, rollout_->terminated));
    Constant(self, "truncated", ArrayOver(env, rollout_->truncated));
    Constant(self, "finalValues", ArrayOver(env, rollout_->final_values));
    Constant(self, "advantages", ArrayOver(env, rollout_->advantages));
    Constant(self, "returns", ArrayOver(env, rollout_->returns));
    TagObject(env, self, kRolloutTag);
  }
  const std::shared_ptr<Rollout>& rollout() const { return rollout_; }

 private:
  Napi::Value ComputeAdvantages(const Napi::CallbackInfo& info) {
    rollout_->ComputeAdvantages(ArrayArgument<float>(info, 0, rollout_->environments, "lastValues"),
                                NumberArgument(info, 1, "gamma", 0, 1), NumberArgument(info, 2, "lambda", 0, 1));
    return info.Env().Undefined();
  }

  std::shared_ptr<Rollout> rollout_;
};

}  // namespace

std::shared_ptr<TransitionBatch> TransitionBatchOf(Napi::Env env, const Napi::Value& value, const char* name) {
  return Unwrapped<TransitionBatchObject>(env, value, kBatchTag, name, "TransitionBatch").batch();
}
std::shared_ptr<Rollout> RolloutOf(Napi::Env env, const Napi::Value& value, const char* name) {
  return Unwrapped<RolloutObject>(env, value, kRolloutTag, name, "Rollout").rollout();
}

void RegisterReplay(Napi::Env env, Napi::Object exports) {
  exports.Set("TransitionBatch", TransitionBatchObject::Class(env));
  exports.Set("Replay", ReplayObject::Class(env));
  exports.Set("Rollout", RolloutObject::Class(env));
}

}  // namespace kisimd
