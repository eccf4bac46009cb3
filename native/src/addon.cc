#include "kisimd/bindings.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  kisimd::RegisterCounters(env, exports);
  kisimd::RegisterPerfEnergy(env, exports);
  kisimd::RegisterNvml(env, exports);
  kisimd::RegisterNotify(env, exports);
  kisimd::RegisterProcessScanner(env, exports);
  return exports;
}

NODE_API_MODULE(kisimd, Init)
