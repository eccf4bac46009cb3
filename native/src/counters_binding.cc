#include "kisimd/bindings.h"

void kisimd::RegisterCounters(Napi::Env, Napi::Object) {}
