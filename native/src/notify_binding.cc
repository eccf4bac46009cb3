#include <cstdlib>
#include <string>

#include "kisimd/bindings.h"
#include "kisimd/notify.h"
#include "napi_errors.h"

namespace kisimd {
namespace {

Napi::Value Notify(const Napi::CallbackInfo& info) {
  if (!info[0].IsString()) ThrowType(info.Env(), "state to be a string");
  const std::string state = info[0].As<Napi::String>();
  const char* address = std::getenv("NOTIFY_SOCKET");
  if (address == nullptr || *address == '\0') return Napi::Boolean::New(info.Env(), false);
  if (const int error = SendNotification(address, state); error != 0)
    throw SystemError(info.Env(), error, "sendmsg", address);
  return Napi::Boolean::New(info.Env(), true);
}

}  // namespace

void RegisterNotify(Napi::Env env, Napi::Object exports) {
  exports.Set("notify", Napi::Function::New(env, Notify, "notify"));
}

}  // namespace kisimd
