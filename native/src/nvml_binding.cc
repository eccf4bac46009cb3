#include <memory>
#include <string>

#include "kisimd/bindings.h"
#include "kisimd/nvml.h"
#include "napi_errors.h"

namespace kisimd {
namespace {

class NvmlObject : public Napi::ObjectWrap<NvmlObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "Nvml",
                       {InstanceAccessor<&NvmlObject::DriverVersion>("driverVersion"),
                        InstanceMethod<&NvmlObject::DeviceCount>("deviceCount"),
                        InstanceMethod<&NvmlObject::Device>("device"),
                        InstanceMethod<&NvmlObject::TotalEnergy>("totalEnergyMillijoules"),
                        InstanceMethod<&NvmlObject::Power>("powerMilliwatts"),
                        InstanceMethod<&NvmlObject::Utilisation>("utilisationPercent"),
                        InstanceMethod<&NvmlObject::ProcessUtilisation>("processUtilisation"),
                        InstanceMethod<&NvmlObject::RunningProcesses>("runningProcesses"),
                        InstanceMethod<&NvmlObject::Close>("close")});
  }

  explicit NvmlObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NvmlObject>(info) {
    const Napi::Value path = OptionsArgument(info).Get("libraryPath");
    if (!path.IsString()) ThrowType(info.Env(), "libraryPath to be a string");
    Guard(info.Env(), [&] { nvml_ = std::make_unique<Nvml>(path.As<Napi::String>()); });
  }

 private:
  // Turns the library's refusals into JavaScript errors with their name as `code`.
  template <typename Call>
  static auto Guard(Napi::Env env, Call call) -> decltype(call()) {
    try {
      return call();
    } catch (const NvmlError& refusal) {
      auto error = Napi::Error::New(env, refusal.what());
      error.Set("code", Napi::String::New(env, refusal.code()));
      throw error;
    }
  }
  Nvml& Open(Napi::Env env) {
    if (nvml_ == nullptr) throw Napi::Error::New(env, "the Nvml has been closed");
    return *nvml_;
  }
  static uint32_t Index(const Napi::CallbackInfo& info) {
    return static_cast<uint32_t>(WholeArgument(info.Env(), info[0], 4095, "index"));
  }
  template <typename Number>
  static Napi::Value OrUndefined(Napi::Env env, const std::optional<Number>& number) {
    if (!number.has_value()) return env.Undefined();
    return Napi::Number::New(env, static_cast<double>(*number));
  }

  Napi::Value DriverVersion(const Napi::CallbackInfo& info) {
    return Napi::String::New(info.Env(), Open(info.Env()).driver_version());
  }
  Napi::Value DeviceCount(const Napi::CallbackInfo& info) {
    auto& nvml = Open(info.Env());
    return Guard(info.Env(), [&]() -> Napi::Value { return Napi::Number::New(info.Env(), nvml.DeviceCount()); });
  }
  Napi::Value Device(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    auto& nvml = Open(env);
    const auto device = Guard(env, [&] { return nvml.Device(Index(info)); });
    auto instances = Napi::Array::New(env, device.mig_instances.size());
    for (uint32_t i = 0; i < device.mig_instances.size(); ++i) {
      auto instance = Napi::Object::New(env);
      instance.Set("uuid", device.mig_instances[i].uuid);
      instance.Set("name", device.mig_instances[i].name);
      instances.Set(i, instance);
    }
    auto result = Napi::Object::New(env);
    result.Set("uuid", device.uuid);
    result.Set("name", device.name);
    result.Set("pciBusId", device.pci_bus_id);
    result.Set("migEnabled", Napi::Boolean::New(env, device.mig_enabled));
    result.Set("migInstances", instances);
    result.Set("powerLimitMilliwatts", OrUndefined(env, device.power_limit_milliwatts));
    return result;
  }
  Napi::Value TotalEnergy(const Napi::CallbackInfo& info) {
    auto& nvml = Open(info.Env());
    return OrUndefined(info.Env(), Guard(info.Env(), [&] { return nvml.TotalEnergyMillijoules(Index(info)); }));
  }
  Napi::Value Power(const Napi::CallbackInfo& info) {
    auto& nvml = Open(info.Env());
    return OrUndefined(info.Env(), Guard(info.Env(), [&] { return nvml.PowerMilliwatts(Index(info)); }));
  }
  Napi::Value Utilisation(const Napi::CallbackInfo& info) {
    auto& nvml = Open(info.Env());
    return OrUndefined(info.Env(), Guard(info.Env(), [&] { return nvml.UtilisationPercent(Index(info)); }));
  }
  Napi::Value ProcessUtilisation(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    auto& nvml = Open(env);
    const uint32_t index = Index(info);
    const auto since = static_cast<uint64_t>(WholeArgument(env, info[1], kGreatestWhole, "sinceMicroseconds"));
    const auto* samples = Guard(env, [&] { return nvml.ProcessUtilisation(index, since); });
    if (samples == nullptr) return env.Undefined();
    auto result = Napi::Array::New(env, samples->size());
    for (uint32_t i = 0; i < samples->size(); ++i) {
      const auto& sample = (*samples)[i];
      auto entry = Napi::Object::New(env);
      entry.Set("pid", Napi::Number::New(env, sample.pid));
      entry.Set("timestampMicroseconds", Napi::Number::New(env, static_cast<double>(sample.timestamp_microseconds)));
      entry.Set("smPercent", Napi::Number::New(env, sample.sm_percent));
      result.Set(i, entry);
    }
    return result;
  }
  Napi::Value RunningProcesses(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    auto& nvml = Open(env);
    const uint32_t index = Index(info);
    const auto processes = Guard(env, [&] { return nvml.RunningProcesses(index); });
    if (!processes.has_value()) return env.Undefined();
    auto result = Napi::Array::New(env, processes->size());
    for (uint32_t i = 0; i < processes->size(); ++i) {
      const auto& process = (*processes)[i];
      auto entry = Napi::Object::New(env);
      entry.Set("pid", Napi::Number::New(env, process.pid));
      entry.Set("usedMemoryBytes", OrUndefined(env, process.used_memory_bytes));
      entry.Set("gpuInstanceId", OrUndefined(env, process.gpu_instance));
      result.Set(i, entry);
    }
    return result;
  }
  void Close(const Napi::CallbackInfo&) { nvml_.reset(); }

  std::unique_ptr<Nvml> nvml_;
};

}  // namespace

void RegisterNvml(Napi::Env env, Napi::Object exports) { exports.Set("Nvml", NvmlObject::Class(env)); }

}  // namespace kisimd
