#include "kisimd/bindings.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  kisimd::RegisterCounters(env, exports);
  kisimd::RegisterPerfEnergy(env, exports);
  kisimd::RegisterNvml(env, exports);
  kisimd::RegisterNotify(env, exports);
  kisimd::RegisterProcessScanner(env, exports);
  kisimd::RegisterNetworks(env, exports);
  kisimd::RegisterLosses(env, exports);
  kisimd::RegisterReplay(env, exports);
  kisimd::RegisterUpdates(env, exports);
  kisimd::RegisterBurden(env, exports);
  return exports;
}

NODE_API_MODULE(kisimd, Init)
