#include <memory>
#include <string>
#include <vector>

#include "kisimd/bindings.h"
#include "kisimd/counter_sampler.h"
#include "kisimd/counter_set.h"
#include "napi_errors.h"

namespace kisimd {
namespace {

class CounterSetObject : public Napi::ObjectWrap<CounterSetObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "CounterSet",
                       {InstanceMethod<&CounterSetObject::Add>("add"), InstanceMethod<&CounterSetObject::Read>("read"),
                        InstanceMethod<&CounterSetObject::LastError>("lastError"),
                        InstanceMethod<&CounterSetObject::Close>("close")});
  }
  explicit CounterSetObject(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<CounterSetObject>(info), set_(std::make_unique<CounterSet>()) {}

 private:
  CounterSet& Open(Napi::Env env) {
    if (set_ == nullptr) throw Napi::Error::New(env, "the CounterSet has been closed");
    return *set_;
  }
  Napi::Value Add(const Napi::CallbackInfo& info) {
    auto& set = Open(info.Env());
    if (!info[0].IsString()) ThrowType(info.Env(), "path to be a string");
    const std::string path = info[0].As<Napi::String>();
    size_t index = 0;
    if (const int error = set.Add(path.c_str(), index); error != 0) throw SystemError(info.Env(), error, "open", path);
    return Napi::Number::New(info.Env(), static_cast<double>(index));
  }
  Napi::Value Read(const Napi::CallbackInfo& info) {
    auto& set = Open(info.Env());
    double* values = Float64Argument(info, 0, set.size(), "values");
    double* times = Float64Argument(info, 1, set.size(), "times");
    return Napi::Number::New(info.Env(), static_cast<double>(set.Read(values, times)));
  }
  Napi::Value LastError(const Napi::CallbackInfo& info) {
    auto& set = Open(info.Env());
    if (set.size() == 0) ThrowType(info.Env(), "a counter to have been added");
    const double index = WholeArgument(info.Env(), info[0], static_cast<double>(set.size() - 1), "index");
    const int error = set.LastError(static_cast<size_t>(index));
    return Napi::String::New(info.Env(), error == 0 ? "" : ErrnoName(error));
  }
  void Close(const Napi::CallbackInfo&) { set_.reset(); }

  std::unique_ptr<CounterSet> set_;
};

class CounterSamplerObject : public Napi::ObjectWrap<CounterSamplerObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "CounterSampler",
                       {InstanceMethod<&CounterSamplerObject::Drain>("drain"),
                        InstanceMethod<&CounterSamplerObject::Stop>("stop")});
  }

  explicit CounterSamplerObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<CounterSamplerObject>(info) {
    const Napi::Env env = info.Env();
    const Napi::Object options = OptionsArgument(info);
    const Napi::Value paths = options.Get("paths");
    const Napi::Value ranges = options.Get("wrapRanges");
    const Napi::Value hz = options.Get("hz");
    if (!paths.IsArray()) ThrowType(env, "paths to be an array of strings");
    if (!ranges.IsArray() || ranges.As<Napi::Array>().Length() != paths.As<Napi::Array>().Length())
      ThrowType(env, "wrapRanges to be an array of as many numbers as there are paths");
    const double rate = hz.IsNumber() ? hz.As<Napi::Number>().DoubleValue() : 0;
    if (!(rate > 0 && rate <= 1000)) ThrowType(env, "hz to be above 0 and at most 1000");
    std::vector<std::string> files;
    std::vector<uint64_t> wrap_ranges;
    for (uint32_t i = 0; i < paths.As<Napi::Array>().Length(); ++i) {
      const Napi::Value path = paths.As<Napi::Array>().Get(i);
      if (!path.IsString()) ThrowType(env, "paths to be an array of strings");
      files.push_back(path.As<Napi::String>());
      wrap_ranges.push_back(static_cast<uint64_t>(
          WholeArgument(env, ranges.As<Napi::Array>().Get(i), kGreatestWhole, "each of wrapRanges")));
    }
    std::string failed;
    if (const int error = sampler_.Start(files, wrap_ranges, rate, failed); error != 0)
      throw SystemError(env, error, failed.empty() ? "pthread_create" : "open", failed);
    // The thread must not outlive its environment: a worker may end without its objects having been collected.
    napi_add_env_cleanup_hook(env, StopAtExit, this);
    hooked_ = true;
  }

  void Finalize(Napi::BasicEnv env) override {
    if (hooked_) napi_remove_env_cleanup_hook(env, StopAtExit, this);
    hooked_ = false;
    sampler_.Stop();
  }

 private:
  static void StopAtExit(void* self) {
    auto* object = static_cast<CounterSamplerObject*>(self);
    object->hooked_ = false;  // Node removes a hook that it has run
    object->sampler_.Stop();
  }
  Napi::Value Drain(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    double* energy = Float64Argument(info, 0, sampler_.size(), "energy");
    double* last = Float64Argument(info, 1, sampler_.size(), "lastNanoseconds");
    double* power = Float64Argument(info, 2, sampler_.size(), "maxPerSecond");
    const auto statistics = sampler_.Drain(energy, last, power);
    auto result = Napi::Object::New(env);
    result.Set("samples", Napi::Number::New(env, static_cast<double>(statistics.samples)));
    result.Set("missed", Napi::Number::New(env, static_cast<double>(statistics.missed)));
    result.Set("failures", Napi::Number::New(env, static_cast<double>(statistics.failures)));
    result.Set("cpuNanoseconds", Napi::Number::New(env, static_cast<double>(statistics.cpu_nanoseconds)));
    return result;
  }
  void Stop(const Napi::CallbackInfo&) { sampler_.Stop(); }

  CounterSampler sampler_;
  bool hooked_ = false;
};

}  // namespace

void RegisterCounters(Napi::Env env, Napi::Object exports) {
  exports.Set("CounterSet", CounterSetObject::Class(env));
  exports.Set("CounterSampler", CounterSamplerObject::Class(env));
}

}  // namespace kisimd
