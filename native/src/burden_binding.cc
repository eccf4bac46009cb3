#include "kisimd/bindings.h"
#include "kisimd/direct_file.h"
#include "kisimd/held_memory.h"
#include "napi_errors.h"

namespace kisimd {
namespace {

class HeldMemoryObject : public Napi::ObjectWrap<HeldMemoryObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "HeldMemory",
                       {InstanceMethod<&HeldMemoryObject::Resize>("resize"),
                        InstanceMethod<&HeldMemoryObject::Touch>("touch"),
                        InstanceMethod<&HeldMemoryObject::HeldBytes>("heldBytes"),
                        InstanceMethod<&HeldMemoryObject::Close>("close")});
  }

  explicit HeldMemoryObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<HeldMemoryObject>(info) {
    const Napi::Env env = info.Env();
    const double capacity = WholeArgument(env, OptionsArgument(info).Get("capacityBytes"), kGreatestWhole, "capacityBytes");
    if (const int error = memory_.Reserve(static_cast<size_t>(capacity)); error != 0)
      throw SystemError(env, error, "mmap");
  }

 private:
  void Resize(const Napi::CallbackInfo& info) {
    Check(info.Env());
    const auto bytes = static_cast<size_t>(WholeArgument(info.Env(), info[0], kGreatestWhole, "bytes"));
    if (bytes > memory_.capacity()) ThrowType(info.Env(), "bytes within the capacity");
    if (const int error = memory_.Resize(bytes); error != 0) throw SystemError(info.Env(), error, "madvise");
  }
  void Touch(const Napi::CallbackInfo& info) {
    Check(info.Env());
    const auto offset = static_cast<size_t>(WholeArgument(info.Env(), info[0], kGreatestWhole, "offset"));
    const auto length = static_cast<size_t>(WholeArgument(info.Env(), info[1], kGreatestWhole, "length"));
    memory_.Touch(offset, length);
  }
  Napi::Value HeldBytes(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(memory_.held()));
  }
  void Close(const Napi::CallbackInfo&) { memory_.Release(); }

  void Check(Napi::Env env) const {
    if (!memory_.IsReserved()) throw Napi::Error::New(env, "the HeldMemory has been closed");
  }

  HeldMemory memory_;
};

class DirectFileObject : public Napi::ObjectWrap<DirectFileObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "DirectFile",
                       {InstanceMethod<&DirectFileObject::Write>("write"),
                        InstanceMethod<&DirectFileObject::Read>("read"),
                        InstanceMethod<&DirectFileObject::Close>("close")});
  }

  explicit DirectFileObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<DirectFileObject>(info) {
    const Napi::Env env = info.Env();
    const Napi::Object options = OptionsArgument(info);
    const Napi::Value folder = options.Get("folder");
    if (!folder.IsString()) ThrowType(env, "folder to be a string");
    const std::string path = folder.As<Napi::String>().Utf8Value();
    const double bytes = WholeArgument(env, options.Get("bytes"), kGreatestWhole, "bytes");
    if (bytes == 0 || static_cast<uint64_t>(bytes) % DirectFile::kAlignment != 0)
      ThrowType(env, "bytes to be a multiple of 4096 above 0");
    const char* call = "open";
    if (const int error = file_.Open(path, static_cast<uint64_t>(bytes), call); error != 0)
      throw SystemError(env, error, call, path);
  }

 private:
  void Write(const Napi::CallbackInfo& info) {
    const auto [offset, length] = PartArguments(info);
    if (const int error = file_.Write(offset, length); error != 0) throw SystemError(info.Env(), error, "pwrite");
  }
  void Read(const Napi::CallbackInfo& info) {
    const auto [offset, length] = PartArguments(info);
    if (const int error = file_.Read(offset, length); error != 0) throw SystemError(info.Env(), error, "pread");
  }
  void Close(const Napi::CallbackInfo&) { file_.Close(); }

  struct Part {
    uint64_t offset;
    size_t length;
  };
  Part PartArguments(const Napi::CallbackInfo& info) const {
    const Napi::Env env = info.Env();
    if (!file_.IsOpen()) throw Napi::Error::New(env, "the DirectFile has been closed");
    const auto offset = static_cast<uint64_t>(WholeArgument(env, info[0], kGreatestWhole, "offset"));
    const auto length =
        static_cast<uint64_t>(WholeArgument(env, info[1], static_cast<double>(DirectFile::kMostBytes), "length"));
    if (offset % DirectFile::kAlignment != 0 || length % DirectFile::kAlignment != 0)
      ThrowType(env, "offset and length to be multiples of 4096");
    if (offset > file_.bytes() || length > file_.bytes() - offset) ThrowType(env, "a part within the file");
    return {offset, static_cast<size_t>(length)};
  }

  DirectFile file_;
};

}  // namespace

void RegisterBurden(Napi::Env env, Napi::Object exports) {
  exports.Set("HeldMemory", HeldMemoryObject::Class(env));
  exports.Set("DirectFile", DirectFileObject::Class(env));
}

}  // namespace kisimd
