#pragma once
#include <napi.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "kisimd/aligned_array.h"
#include "kisimd/categorical.h"
#include "kisimd/dense_network.h"
#include "kisimd/optimiser.h"
#include "kisimd/transitions.h"
#include "napi_errors.h"

namespace kisimd {

// ---- what was given, in words -----------------------------------------------------------------------------------

inline const char* ArrayTypeName(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array: return "an Int8Array";
    case napi_uint8_array: return "a Uint8Array";
    case napi_uint8_clamped_array: return "a Uint8ClampedArray";
    case napi_int16_array: return "an Int16Array";
    case napi_uint16_array: return "a Uint16Array";
    case napi_int32_array: return "an Int32Array";
    case napi_uint32_array: return "a Uint32Array";
    case napi_float32_array: return "a Float32Array";
    case napi_float64_array: return "a Float64Array";
    default: return "another typed array";
  }
}

inline std::string Given(const Napi::Value& value) {
  if (value.IsEmpty() || value.IsUndefined()) return "undefined";
  if (value.IsNull()) return "null";
  if (value.IsNumber()) return value.ToString().Utf8Value();
  if (value.IsString()) {
    std::string quoted(1, '\'');
    quoted += value.As<Napi::String>().Utf8Value();
    return quoted += '\'';
  }
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value() ? "true" : "false";
  if (value.IsTypedArray()) return ArrayTypeName(value.As<Napi::TypedArray>().TypedArrayType());
  if (value.IsArray()) return "an array";
  if (value.IsFunction()) return "a function";
  return "an object";
}

[[noreturn]] inline void ThrowExpected(Napi::Env env, const std::string& expected, const std::string& got) {
  throw Napi::TypeError::New(env, "expected " + expected + ", got " + got);
}

// ---- arrays -----------------------------------------------------------------------------------------------------

template <class T> struct ArrayTraits;
template <> struct ArrayTraits<float> { static constexpr napi_typedarray_type kType = napi_float32_array; };
template <> struct ArrayTraits<double> { static constexpr napi_typedarray_type kType = napi_float64_array; };
template <> struct ArrayTraits<int32_t> { static constexpr napi_typedarray_type kType = napi_int32_array; };
template <> struct ArrayTraits<uint8_t> { static constexpr napi_typedarray_type kType = napi_uint8_array; };

// Entries of a typed array of exactly T with at least `count` entries.
template <class T>
T* ArrayOf(Napi::Env env, const Napi::Value& value, size_t count, const char* name) {
  if (value.IsEmpty() || !value.IsTypedArray())
    ThrowExpected(env, std::string(name) + " to be " + ArrayTypeName(ArrayTraits<T>::kType), Given(value));
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok)
    throw Napi::Error::New(env);
  if (type != ArrayTraits<T>::kType)
    ThrowExpected(env, std::string(name) + " to be " + ArrayTypeName(ArrayTraits<T>::kType), ArrayTypeName(type));
  if (length < count)
    ThrowExpected(env, std::string(name) + " to hold at least " + std::to_string(count) + " entries",
                  std::to_string(length));
  if (reinterpret_cast<uintptr_t>(data) % alignof(T) != 0)
    ThrowExpected(env, std::string(name) + " to be aligned to its entries", "a misaligned array");
  return static_cast<T*>(data);
}
template <class T>
T* ArrayArgument(const Napi::CallbackInfo& info, size_t index, size_t count, const char* name) {
  return ArrayOf<T>(info.Env(), info[index], count, name);
}
// Null where undefined (or null) was given.
template <class T>
T* OptionalArrayArgument(const Napi::CallbackInfo& info, size_t index, size_t count, const char* name) {
  const Napi::Value value = info[index];
  if (value.IsUndefined() || value.IsNull()) return nullptr;
  return ArrayOf<T>(info.Env(), value, count, name);
}

// A JavaScript array over native memory: `count` entries from `offset`. The memory lives as long as the array.
template <class T>
Napi::ArrayBuffer BufferOver(Napi::Env env, const AlignedArray<T>& array) {
  if (array.size() == 0) return Napi::ArrayBuffer::New(env, 0);
  auto* holder = new std::shared_ptr<T>(array.holder());
  try {
    return Napi::ArrayBuffer::New(
        env, array.data(), array.size() * sizeof(T),
        [](Napi::BasicEnv, void*, std::shared_ptr<T>* held) { delete held; }, holder);
  } catch (...) {
    delete holder;
    throw;
  }
}
template <class T>
Napi::Value ArrayOver(Napi::Env env, const AlignedArray<T>& array) {
  return Napi::TypedArrayOf<T>::New(env, array.size(), BufferOver(env, array), 0);
}

// Constant properties, as data and not as accessors: reading one is no call into native code.
inline void Constant(Napi::Object object, const char* name, const Napi::Value& value) {
  object.DefineProperty(Napi::PropertyDescriptor::Value(name, value, napi_enumerable));
}

// ---- numbers and options ----------------------------------------------------------------------------------------

constexpr double kGreatestCount = 2147483647.0;

inline size_t CountOf(Napi::Env env, const Napi::Value& value, double least, double greatest, const char* name) {
  const double number = !value.IsEmpty() && value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= least && number <= greatest) || number != std::floor(number))
    ThrowExpected(env, std::string(name) + " to be a whole number from " + std::to_string(static_cast<uint64_t>(least)) +
                           " to " + std::to_string(static_cast<uint64_t>(greatest)),
                  Given(value));
  return static_cast<size_t>(number);
}
inline size_t CountArgument(const Napi::CallbackInfo& info, size_t index, const char* name, double least = 0,
                            double greatest = kGreatestCount) {
  return CountOf(info.Env(), info[index], least, greatest, name);
}
// Any number from `least` to `greatest`; never NaN.
inline double NumberOf(Napi::Env env, const Napi::Value& value, double least, double greatest, const char* name) {
  const double number = !value.IsEmpty() && value.IsNumber() ? value.As<Napi::Number>().DoubleValue()
                                                              : std::numeric_limits<double>::quiet_NaN();
  if (!(number >= least && number <= greatest)) {
    std::string range = " to be a number";
    if (std::isfinite(least)) range += " of at least " + Napi::Number::New(env, least).ToString().Utf8Value();
    if (std::isfinite(greatest)) range += " up to " + Napi::Number::New(env, greatest).ToString().Utf8Value();
    ThrowExpected(env, name + range, Given(value));
  }
  return number;
}
constexpr double kInfinity = std::numeric_limits<double>::infinity();

inline double NumberArgument(const Napi::CallbackInfo& info, size_t index, const char* name, double least = 0,
                             double greatest = kInfinity) {
  return NumberOf(info.Env(), info[index], least, greatest, name);
}

// The options object of a constructor or function, field by field.
class Options {
 public:
  explicit Options(const Napi::CallbackInfo& info) : env_(info.Env()) {
    if (!info[0].IsObject()) ThrowExpected(env_, "an object of options", Given(info[0]));
    object_ = info[0].As<Napi::Object>();
  }
  Napi::Value Get(const char* name) const { return object_.Get(name); }
  bool Has(const char* name) const { return !object_.Get(name).IsUndefined(); }
  size_t Count(const char* name, double least, double greatest = kGreatestCount) const {
    return CountOf(env_, Get(name), least, greatest, name);
  }
  size_t CountOr(const char* name, size_t otherwise, double least, double greatest = kGreatestCount) const {
    return Has(name) ? Count(name, least, greatest) : otherwise;
  }
  double Number(const char* name, double least = 0, double greatest = kInfinity) const {
    return NumberOf(env_, Get(name), least, greatest, name);
  }
  double NumberOr(const char* name, double otherwise, double least = 0, double greatest = kInfinity) const {
    return Has(name) ? Number(name, least, greatest) : otherwise;
  }
  bool Flag(const char* name) const {
    const Napi::Value value = Get(name);
    if (!value.IsBoolean()) ThrowExpected(env_, std::string(name) + " to be true or false", Given(value));
    return value.As<Napi::Boolean>().Value();
  }
  bool FlagOr(const char* name, bool otherwise) const { return Has(name) ? Flag(name) : otherwise; }
  // Index into `choices`.
  size_t Choice(const char* name, const std::vector<const char*>& choices) const {
    const Napi::Value value = Get(name);
    std::string expected = name + std::string(" to be");
    for (size_t i = 0; i < choices.size(); ++i) {
      if (value.IsString() && value.As<Napi::String>().Utf8Value() == choices[i]) return i;
      expected += std::string(i == 0 ? " '" : " or '") + choices[i] + "'";
    }
    ThrowExpected(env_, expected, Given(value));
  }
  std::vector<size_t> Counts(const char* name, double least, double greatest, size_t least_length) const {
    const Napi::Value value = Get(name);
    if (!value.IsArray() || value.As<Napi::Array>().Length() < least_length || value.As<Napi::Array>().Length() > 1024)
      ThrowExpected(env_, std::string(name) + " to be an array of " + std::to_string(least_length) +
                              " to 1024 whole numbers",
                    Given(value));
    const auto array = value.As<Napi::Array>();
    std::vector<size_t> counts;
    for (uint32_t i = 0; i < array.Length(); ++i)
      counts.push_back(CountOf(env_, array.Get(i), least, greatest, (std::string("each of ") + name).c_str()));
    return counts;
  }
  template <class T>
  T* Array(const char* name, size_t count) const {
    return ArrayOf<T>(env_, Get(name), count, name);
  }
  template <class T>
  T* OptionalArray(const char* name, size_t count) const {
    return Has(name) ? Array<T>(name, count) : nullptr;
  }
  const Kernels& Set() const {
    if (!Has("instructionSet")) return BestKernels();
    std::vector<const char*> names;
    for (const char* const* each = InstructionSetNames(); *each != nullptr; ++each) names.push_back(*each);
    return *FindKernels(names[Choice("instructionSet", names)]);
  }
  Napi::Env env() const { return env_; }

 private:
  Napi::Env env_;
  Napi::Object object_;
};

// Options of each choice of a policy.
inline std::vector<size_t> ActionsOf(const Options& options) { return options.Counts("actions", 1, 1 << 16, 1); }

[[noreturn]] inline void ThrowRow(Napi::Env env, size_t row, const std::string& what) {
  throw Napi::RangeError::New(env, "row " + std::to_string(row) + ": " + what);
}
inline void CheckRows(Napi::Env env, size_t bad_row) {
  if (bad_row != Categorical::kAllValid) ThrowRow(env, bad_row, "expected a valid action, got a mask without any");
}

// ---- the objects, as other objects take them --------------------------------------------------------------------

// Each throws "expected `name` to be a ..., got ..." where the value is no such object of this addon.
std::shared_ptr<DenseNetwork> NetworkOf(Napi::Env env, const Napi::Value& value, const char* name);
std::shared_ptr<Optimiser> OptimiserOf(Napi::Env env, const Napi::Value& value, const char* name);
std::shared_ptr<TransitionBatch> TransitionBatchOf(Napi::Env env, const Napi::Value& value, const char* name);
std::shared_ptr<Rollout> RolloutOf(Napi::Env env, const Napi::Value& value, const char* name);

// What marks an object as one of a class, so that no other object is ever taken for it.
template <class Wrapper>
Wrapper& Unwrapped(Napi::Env env, const Napi::Value& value, const napi_type_tag& tag, const char* name,
                   const char* kind) {
  bool is = false;
  if (!value.IsEmpty() && value.IsObject()) {
    if (napi_check_object_type_tag(env, value, &tag, &is) != napi_ok) throw Napi::Error::New(env);
  }
  if (!is) ThrowExpected(env, std::string(name) + " to be a " + kind, Given(value));
  return *Wrapper::Unwrap(value.As<Napi::Object>());
}
inline void TagObject(Napi::Env env, Napi::Object object, const napi_type_tag& tag) {
  if (napi_type_tag_object(env, object, &tag) != napi_ok) throw Napi::Error::New(env);
}

}  // namespace kisimd
