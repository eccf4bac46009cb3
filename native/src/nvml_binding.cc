#include "kisimd/bindings.h"

void kisimd::RegisterNvml(Napi::Env, Napi::Object) {}
