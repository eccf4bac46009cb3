#include "kisimd/bindings.h"

void kisimd::RegisterProcessScanner(Napi::Env, Napi::Object) {}
