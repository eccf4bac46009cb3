#pragma once
#include <napi.h>

#include <cstring>
#include <string>

#include "kisimd/errno_name.h"

namespace kisimd {

// An Error as Node's own file functions throw it: `code` "EACCES", `errno` negative, `syscall`, `path` where given.
inline Napi::Error SystemError(Napi::Env env, int error, const char* call, const std::string& path = {}) {
  const std::string code = ErrnoName(error);
  std::string text = code + ": " + std::strerror(error) + ", " + call;
  if (!path.empty()) text += " '" + path + "'";
  auto result = Napi::Error::New(env, text);
  result.Set("code", Napi::String::New(env, code));
  result.Set("errno", Napi::Number::New(env, -error));
  result.Set("syscall", Napi::String::New(env, call));
  if (!path.empty()) result.Set("path", Napi::String::New(env, path));
  return result;
}

[[noreturn]] inline void ThrowType(Napi::Env env, const std::string& expected) {
  throw Napi::TypeError::New(env, "expected " + expected);
}

// The entries of a Float64Array of at least `length`; anything else throws a TypeError.
inline double* Float64Argument(const Napi::CallbackInfo& info, size_t index, size_t length, const char* name) {
  const Napi::Value value = info[index];
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array)
    ThrowType(info.Env(), std::string(name) + " to be a Float64Array");
  auto array = value.As<Napi::Float64Array>();
  if (array.ElementLength() < length)
    ThrowType(info.Env(), std::string(name) + " to hold at least " + std::to_string(length) + " entries");
  return array.Data();
}

// A whole number from 0 to `greatest`; anything else throws a TypeError.
inline double WholeArgument(Napi::Env env, const Napi::Value& value, double greatest, const char* name) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number <= greatest) || number != static_cast<double>(static_cast<uint64_t>(number)))
    ThrowType(env, std::string(name) + " to be a whole number from 0 to " +
                       std::to_string(static_cast<uint64_t>(greatest)));
  return number;
}

// 2^53 - 1: whole numbers above are not exact in JavaScript.
constexpr double kGreatestWhole = 9007199254740991.0;

inline Napi::Object OptionsArgument(const Napi::CallbackInfo& info) {
  if (!info[0].IsObject()) ThrowType(info.Env(), "an object of options");
  return info[0].As<Napi::Object>();
}

}  // namespace kisimd
