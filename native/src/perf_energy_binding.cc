#include "kisimd/bindings.h"
#include "kisimd/perf_energy.h"
#include "napi_errors.h"

namespace kisimd {
namespace {

class PerfEnergyObject : public Napi::ObjectWrap<PerfEnergyObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "PerfEnergy",
                       {InstanceMethod<&PerfEnergyObject::ReadJoules>("readJoules"),
                        InstanceMethod<&PerfEnergyObject::Close>("close")});
  }

  explicit PerfEnergyObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PerfEnergyObject>(info) {
    const Napi::Env env = info.Env();
    const Napi::Object options = OptionsArgument(info);
    const double type = WholeArgument(env, options.Get("type"), 4294967295.0, "type");
    const double config = WholeArgument(env, options.Get("config"), kGreatestWhole, "config");
    const double cpu = WholeArgument(env, options.Get("cpu"), 2147483647.0, "cpu");
    const Napi::Value scale = options.Get("joulesPerCount");
    joules_per_count_ = scale.IsNumber() ? scale.As<Napi::Number>().DoubleValue() : 0;
    if (!(joules_per_count_ > 0 && joules_per_count_ <= 1e6)) ThrowType(env, "joulesPerCount to be above 0");
    const int error =
        energy_.Open(static_cast<uint32_t>(type), static_cast<uint64_t>(config), static_cast<int>(cpu));
    if (error != 0) throw SystemError(env, error, "perf_event_open");
  }

 private:
  Napi::Value ReadJoules(const Napi::CallbackInfo& info) {
    if (!energy_.IsOpen()) throw Napi::Error::New(info.Env(), "the PerfEnergy has been closed");
    uint64_t count = 0;
    if (const int error = energy_.Read(count); error != 0) throw SystemError(info.Env(), error, "read");
    return Napi::Number::New(info.Env(), static_cast<double>(count) * joules_per_count_);
  }
  void Close(const Napi::CallbackInfo&) { energy_.Close(); }

  PerfEnergy energy_;
  double joules_per_count_ = 0;
};

}  // namespace

void RegisterPerfEnergy(Napi::Env env, Napi::Object exports) {
  exports.Set("PerfEnergy", PerfEnergyObject::Class(env));
}

}  // namespace kisimd
