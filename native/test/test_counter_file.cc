#include <cerrno>
#include <cmath>
#include <cstring>
#include <random>
#include <string>

#include "check.h"
#include "kisimd/counter_file.h"
#include "kisimd/counter_set.h"
#include "kisimd/errno_name.h"
#include "temporary_folder.h"

using namespace kisimd;

static int Parse(const std::string& text, uint64_t& number) { return ParseDecimal(text.data(), text.size(), number); }

static void NumbersAreParsed() {
  uint64_t number = 7;
  CHECK(Parse("0\n", number) == 0 && number == 0);
  CHECK(Parse("262143328850\n", number) == 0 && number == 262143328850u);
  CHECK(Parse("00042", number) == 0 && number == 42);
  CHECK(Parse("18446744073709551615\n", number) == 0 && number == UINT64_MAX);
}

static void OtherTextIsRefusedAndLeavesTheNumberAlone() {
  uint64_t number = 7;
  CHECK(Parse("", number) == ENODATA);
  CHECK(Parse("\n", number) == ENODATA);
  CHECK(Parse("18446744073709551616", number) == ERANGE);
  CHECK(Parse("99999999999999999999999", number) == ERANGE);
  for (const char* text : {"-1", "+1", "1.5", "12 13", "abc", "0x10", "1e9"}) CHECK(Parse(text, number) == EBADMSG);
  CHECK(ParseDecimal("1\0002", 3, number) == EBADMSG);
  CHECK(number == 7);
}

static void AnyBytesAreParsedOrRefused() {
  std::mt19937 random(20240501);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    const size_t length = random() % 24;
    for (size_t i = 0; i < length; ++i)
      text += random() % 4 == 0 ? static_cast<char>(random()) : static_cast<char>('0' + random() % 10);
    uint64_t number = 7;
    const int error = Parse(text, number);
    CHECK(error == 0 || error == ENODATA || error == EBADMSG || error == ERANGE);
    CHECK(error == 0 || number == 7);
    if (error == 0) CHECK(std::strtoull(text.c_str(), nullptr, 10) == number);
  }
}

static void ASetReadsEveryCounterAndTellsFailuresByIndex() {
  const TemporaryFolder folder;
  const std::string paths[] = {folder.File("a"), folder.File("b"), folder.File("c")};
  for (int i = 0; i < 3; ++i) TemporaryFolder::WriteCounter(paths[i], 100u + static_cast<unsigned>(i));
  CounterSet set;
  size_t index = 9;
  for (size_t i = 0; i < 3; ++i) CHECK(set.Add(paths[i].c_str(), index) == 0 && index == i);
  CHECK(set.Add(folder.File("absent").c_str(), index) == ENOENT && set.size() == 3);

  double values[3];
  double times[3];
  const double before = static_cast<double>(MonotonicNanoseconds());
  CHECK(set.Read(values, times) == 0);
  CHECK(values[0] == 100 && values[1] == 101 && values[2] == 102);
  CHECK(times[0] >= before && times[0] <= times[1] && times[1] <= times[2]);

  TemporaryFolder::Write(paths[1], "");
  TemporaryFolder::WriteCounter(paths[2], 1u << 30);
  CHECK(set.Read(values, times) == 1);
  CHECK(values[0] == 100 && std::isnan(values[1]) && values[2] == 1u << 30);
  CHECK(set.LastError(0) == 0 && set.LastError(1) == ENODATA && set.LastError(2) == 0);

  TemporaryFolder::WriteCounter(paths[1], 5);
  CHECK(set.Read(values, times) == 0 && values[1] == 5 && set.LastError(1) == 0);
}

static void ErrorsHaveTheirSystemNames() {
  CHECK(std::strcmp(ErrnoName(EACCES), "EACCES") == 0);
  CHECK(std::strcmp(ErrnoName(ENODEV), "ENODEV") == 0);
  CHECK(std::strcmp(ErrnoName(123456), "EUNKNOWN") == 0);
}

int main() {
  NumbersAreParsed();
  OtherTextIsRefusedAndLeavesTheNumberAlone();
  AnyBytesAreParsedOrRefused();
  ASetReadsEveryCounterAndTellsFailuresByIndex();
  ErrorsHaveTheirSystemNames();
}
