#pragma once
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "check.h"

// A folder of its own for a test, gone with it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    char name[] = "/tmp/kisimd-test-XXXXXX";
    CHECK(mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string File(const char* name) const { return path_ + "/" + name; }
  // Puts the whole text in place by one write, as sysfs shows a counter: no reader sees half of it, because the
  // new text is never shorter than the digits before it (counters here are written with 20 digits).
  static void WriteCounter(const std::string& path, unsigned long long counter) {
    std::FILE* file = std::fopen(path.c_str(), std::filesystem::exists(path) ? "r+" : "w");
    CHECK(file != nullptr);
    CHECK(std::fprintf(file, "%020llu\n", counter) == 21);
    CHECK(std::fclose(file) == 0);
  }
  static void Write(const std::string& path, const std::string& text) {
    std::FILE* file = std::fopen(path.c_str(), "w");
    CHECK(file != nullptr);
    CHECK(std::fwrite(text.data(), 1, text.size(), file) == text.size());
    CHECK(std::fclose(file) == 0);
  }

 private:
  std::string path_;
};
