#pragma once
#include <napi.h>

// Each part of the addon registers its classes here; addon.cc calls them once per environment. No part keeps state
// outside the objects it hands to JavaScript, so the addon can be loaded by several workers.
namespace kisimd {
void RegisterCounters(Napi::Env env, Napi::Object exports);        // counters_binding.cc
void RegisterPerfEnergy(Napi::Env env, Napi::Object exports);      // perf_energy_binding.cc
void RegisterNvml(Napi::Env env, Napi::Object exports);            // nvml_binding.cc
void RegisterNotify(Napi::Env env, Napi::Object exports);          // notify_binding.cc
void RegisterProcessScanner(Napi::Env env, Napi::Object exports);  // process_scanner_binding.cc
void RegisterNetworks(Napi::Env env, Napi::Object exports);        // network_binding.cc
void RegisterLosses(Napi::Env env, Napi::Object exports);          // losses_binding.cc
void RegisterReplay(Napi::Env env, Napi::Object exports);          // replay_binding.cc
void RegisterUpdates(Napi::Env env, Napi::Object exports);         // updates_binding.cc
void RegisterBurden(Napi::Env env, Napi::Object exports);          // burden_binding.cc
}  // namespace kisimd
