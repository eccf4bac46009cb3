#include "kisimd/bindings.h"

void kisimd::RegisterNotify(Napi::Env, Napi::Object) {}
