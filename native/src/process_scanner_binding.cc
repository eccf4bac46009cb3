#include <cmath>
#include <cstring>
#include <memory>

#include "kisimd/bindings.h"
#include "kisimd/errno_name.h"
#include "kisimd/process_scanner.h"

namespace {

Napi::Error SystemError(Napi::Env env, int error, const std::string& message) {
  const char* name = kisimd::ErrnoName(error);
  Napi::Error result = Napi::Error::New(env, std::string(name) + ": " + message);
  result.Set("code", Napi::String::New(env, name));
  result.Set("errno", Napi::Number::New(env, error));
  return result;
}

std::string StringOption(const Napi::Object& options, const char* name) {
  const Napi::Value value = options.Get(name);
  if (!value.IsString()) throw Napi::TypeError::New(options.Env(), std::string("expected ") + name + " to be a string");
  return value.As<Napi::String>();
}

double NumberOption(const Napi::Object& options, const char* name, bool zeroAllowed) {
  const Napi::Value value = options.Get(name);
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  if (!(number > 0 || (zeroAllowed && number == 0)))
    throw Napi::TypeError::New(options.Env(), std::string("expected ") + name + " to be a number " +
                                                  (zeroAllowed ? "not below 0" : "above 0"));
  return number;
}

kisimd::Tier TierOption(const Napi::Object& options, const char* name, const char* events, const char* without) {
  const std::string value = StringOption(options, name);
  if (value == "auto") return kisimd::Tier::kAuto;
  if (value == events) return kisimd::Tier::kEvents;
  if (value == without) return kisimd::Tier::kNone;
  throw Napi::TypeError::New(options.Env(), std::string("expected ") + name + " to be auto, " + events + " or " +
                                                without + ", not " + value);
}

kisimd::ScannerOptions OptionsOf(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsObject()) throw Napi::TypeError::New(info.Env(), "expected an object of options");
  const auto from = info[0].As<Napi::Object>();
  kisimd::ScannerOptions options;
  options.procRoot = StringOption(from, "procRoot");
  const std::string clock = StringOption(from, "clock");
  if (clock != "cpu-clock" && clock != "stat")
    throw Napi::TypeError::New(info.Env(), "expected clock to be cpu-clock or stat, not " + clock);
  options.statClock = clock == "stat";
  options.births = TierOption(from, "births", "connector", "readdir");
  options.exits = TierOption(from, "exits", "taskstats", "none");
  options.stormExitsPerSecond = NumberOption(from, "stormExitsPerSecond", false);
  options.reconcileSeconds = NumberOption(from, "reconcileSeconds", false);
  const double lastCpuAbove = NumberOption(from, "lastCpuAboveNanoseconds", true);
  // Above what an int64 holds there is nothing to reach: as good as never.
  options.lastCpuAboveNanoseconds = lastCpuAbove < 9e18 ? static_cast<int64_t>(std::ceil(lastCpuAbove)) : INT64_MAX;
  return options;
}

/** A typed array over memory that JavaScript owns, made anew only when it has to grow (or was transferred away). */
template <typename Array, typename Element>
class Column {
 public:
  /** `exact`: the array's length tells how many there are; else it may be longer. */
  Napi::Value Fill(Napi::Env env, const Element* data, size_t count, bool exact) {
    size_t length = array_.IsEmpty() ? 0 : array_.Value().ElementLength();
    if (array_.IsEmpty() || length < count || (exact && length != count)) {
      length = exact ? count : (count < 128 ? 256 : count * 2);
      array_ = Napi::Persistent(Array::New(env, length));
    }
    Array array = array_.Value();
    if (count > 0) std::memcpy(array.Data(), data, count * sizeof(Element));
    return array;
  }
  void Reset() { array_.Reset(); }

 private:
  Napi::Reference<Array> array_;
};

class ProcessScannerWrap : public Napi::ObjectWrap<ProcessScannerWrap> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "ProcessScanner",
                       {InstanceAccessor<&ProcessScannerWrap::Refusals>("refusals"),
                        InstanceMethod<&ProcessScannerWrap::AddGroup>("addGroup"),
                        InstanceMethod<&ProcessScannerWrap::RemoveGroup>("removeGroup"),
                        InstanceMethod<&ProcessScannerWrap::ReadGroup>("readGroup"),
                        InstanceMethod<&ProcessScannerWrap::Tick>("tick"),
                        InstanceMethod<&ProcessScannerWrap::Close>("close")});
  }

  explicit ProcessScannerWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ProcessScannerWrap>(info) {
    const kisimd::ScannerOptions options = OptionsOf(info);
    try {
      scanner_ = std::make_unique<kisimd::ProcessScanner>(options);
    } catch (const kisimd::ScanError& error) {
      throw SystemError(info.Env(), error.error(), error.what());
    }
    Napi::Array empty = Napi::Array::New(info.Env(), 0);
    empty.Freeze();
    empty_ = Napi::Persistent(empty);
  }

 private:
  kisimd::ProcessScanner& Open(Napi::Env env) {
    if (!scanner_) throw SystemError(env, EBADF, "the process scanner has been closed");
    return *scanner_;
  }

  Napi::Value Refusals(const Napi::CallbackInfo& info) {
    const auto& refusals = Open(info.Env()).refusals();
    Napi::Array list = Napi::Array::New(info.Env(), refusals.size());
    for (uint32_t i = 0; i < refusals.size(); i++) list.Set(i, refusals[i]);
    return list;
  }

  Napi::Value AddGroup(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    auto& scanner = Open(env);
    if (info.Length() < 2 || !info[0].IsString() || !info[1].IsString())
      throw Napi::TypeError::New(env, "expected a path and a format");
    const std::string path = info[0].As<Napi::String>();
    const std::string format = info[1].As<Napi::String>();
    if (format != "usage-ns" && format != "cpu-stat")
      throw Napi::TypeError::New(env, "expected format to be usage-ns or cpu-stat, not " + format);
    const int group = scanner.groups().Add(path, format == "usage-ns" ? kisimd::GroupFormat::kUsageNanoseconds
                                                                      : kisimd::GroupFormat::kCpuStat);
    if (group < 0) throw SystemError(env, -group, path + ": " + std::strerror(-group));
    return Napi::Number::New(env, group);
  }

  void RemoveGroup(const Napi::CallbackInfo& info) {
    auto& scanner = Open(info.Env());
    if (info.Length() < 1 || !info[0].IsNumber() || !scanner.groups().Remove(info[0].As<Napi::Number>().Int32Value()))
      throw Napi::RangeError::New(info.Env(), "expected the id of a group");
  }

  Napi::Value ReadGroup(const Napi::CallbackInfo& info) {
    auto& scanner = Open(info.Env());
    if (info.Length() < 1 || !info[0].IsNumber()) throw Napi::TypeError::New(info.Env(), "expected the id of a group");
    return Napi::Number::New(info.Env(), scanner.groups().ReadOne(info[0].As<Napi::Number>().Int32Value()));
  }

  Napi::Value Tick(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    auto& scanner = Open(env);
    const kisimd::ScanResult* result = nullptr;
    try {
      result = &scanner.Tick();
    } catch (const kisimd::ScanError& error) {
      throw SystemError(env, error.error(), error.what());
    }
    Napi::Object tick = Napi::Object::New(env);
    tick.Set("monotonicNanoseconds", result->monotonicNanoseconds);
    tick.Set("born", Born(env, result->born));
    tick.Set("exited", Exited(env, result->exited));
    tick.Set("shortLived", ShortLived(env, result->shortLived));
    tick.Set("alive", scanner.alive());
    const size_t active = result->activeCount;
    tick.Set("activeCount", static_cast<double>(active));
    tick.Set("activeSlots", slots_.Fill(env, result->activeSlots.data(), active, false));
    tick.Set("activeCpuNanoseconds", cpu_.Fill(env, result->activeCpu.data(), active, false));
    tick.Set("activeLastCpu", lastCpu_.Fill(env, result->activeLastCpu.data(), active, false));
    tick.Set("groupCpuNanoseconds", groups_.Fill(env, result->groups.data(), result->groups.size(), true));
    tick.Set("hostCpuNanoseconds", host_.Fill(env, result->host.data(), result->host.size(), true));
    tick.Set("hostCpuIds", hostCpus_.Fill(env, result->hostCpus.data(), result->hostCpus.size(), true));
    Napi::Object status = Napi::Object::New(env);
    status.Set("births", scanner.birthsByEvents() ? "connector" : "readdir");
    status.Set("exits", scanner.exitsByEvents() ? "taskstats" : "none");
    status.Set("storm", scanner.storm());
    status.Set("overruns", static_cast<double>(scanner.overruns()));
    status.Set("unreadable", scanner.unreadable());
    tick.Set("status", status);
    return tick;
  }

  void Close(const Napi::CallbackInfo&) { scanner_.reset(); }

  Napi::Value Born(Napi::Env env, const std::vector<kisimd::BornProcess>& born) {
    if (born.empty()) return empty_.Value();
    Napi::Array list = Napi::Array::New(env, born.size());
    for (uint32_t i = 0; i < born.size(); i++) {
      const auto& process = born[i];
      Napi::HandleScope scope(env);
      Napi::Object record = Napi::Object::New(env);
      record.Set("slot", process.slot);
      record.Set("pid", process.pid);
      record.Set("ppid", process.ppid);
      record.Set("startTicks", static_cast<double>(process.startTicks));
      record.Set("comm", process.comm);
      record.Set("cmdline", process.cmdline);
      record.Set("cgroup", process.cgroup);
      record.Set("kernelThread", process.kernelThread);
      record.Set("unreadable", process.error == 0 ? "" : kisimd::ErrnoName(process.error));
      list.Set(i, record);
    }
    return list;
  }

  Napi::Value Exited(Napi::Env env, const std::vector<kisimd::ExitedProcess>& exited) {
    if (exited.empty()) return empty_.Value();
    Napi::Array list = Napi::Array::New(env, exited.size());
    for (uint32_t i = 0; i < exited.size(); i++) {
      Napi::HandleScope scope(env);
      Napi::Object exit = Napi::Object::New(env);
      exit.Set("slot", exited[i].slot);
      exit.Set("cpuNanoseconds", exited[i].cpuNanoseconds);
      exit.Set("exact", exited[i].exact);
      list.Set(i, exit);
    }
    return list;
  }

  Napi::Value ShortLived(Napi::Env env, const std::vector<kisimd::ShortLived>& ended) {
    if (ended.empty()) return empty_.Value();
    Napi::Array list = Napi::Array::New(env, ended.size());
    for (uint32_t i = 0; i < ended.size(); i++) {
      Napi::HandleScope scope(env);
      Napi::Object process = Napi::Object::New(env);
      process.Set("pid", ended[i].pid);
      process.Set("ppid", ended[i].ppid);
      process.Set("comm", ended[i].comm);
      process.Set("cpuNanoseconds", ended[i].cpuNanoseconds);
      process.Set("ancestorSlot", ended[i].ancestorSlot);
      list.Set(i, process);
    }
    return list;
  }

  std::unique_ptr<kisimd::ProcessScanner> scanner_;
  Napi::Reference<Napi::Array> empty_;
  Column<Napi::Int32Array, int32_t> slots_;
  Column<Napi::Float64Array, double> cpu_;
  Column<Napi::Int32Array, int32_t> lastCpu_;
  Column<Napi::Float64Array, double> groups_;
  Column<Napi::Float64Array, double> host_;
  Column<Napi::Int32Array, int32_t> hostCpus_;
};

}  // namespace

void kisimd::RegisterProcessScanner(Napi::Env env, Napi::Object exports) {
  exports.Set("ProcessScanner", ProcessScannerWrap::Define(env));
}
