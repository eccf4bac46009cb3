#include "kisimd/bindings.h"

void kisimd::RegisterPerfEnergy(Napi::Env, Napi::Object) {}
