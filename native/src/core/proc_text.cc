#include "kisimd/proc_text.h"

#include <charconv>
#include <limits>

namespace kisimd {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kHostColumns = 10;

/** Takes the next word of a text whose words are separated by single or repeated blanks. */
std::string_view TakeWord(std::string_view& text) {
  const size_t start = text.find_first_not_of(' ');
  if (start == std::string_view::npos) {
    text = {};
    return {};
  }
  const size_t end = text.find_first_of(" \n", start);
  const std::string_view word =
      text.substr(start, end == std::string_view::npos ? std::string_view::npos : end - start);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end);
  return word;
}

template <typename T>
bool Parse(std::string_view word, T& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size();
}

template <typename T>
bool TakeNumber(std::string_view& text, T& value) {
  const std::string_view word = TakeWord(text);
  return !word.empty() && Parse(word, value);
}

std::string_view TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace

bool ParseStatLine(std::string_view text, StatLine& line) {
  // The name may hold any character, ')' too: it ends at the LAST parenthesis.
  const size_t open = text.find('(');
  const size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return false;
  std::string_view head = text.substr(0, open);
  if (!TakeNumber(head, line.pid)) return false;
  line.comm = text.substr(open + 1, close - open - 1);

  std::string_view rest = text.substr(close + 1);
  const std::string_view state = TakeWord(rest);
  if (state.size() != 1) return false;
  line.state = state[0];
  if (!TakeNumber(rest, line.ppid)) return false;
  for (int field = 5; field <= 8; field++) TakeWord(rest);
  if (!TakeNumber(rest, line.flags)) return false;
  for (int field = 10; field <= 13; field++) TakeWord(rest);
  if (!TakeNumber(rest, line.userTicks) || !TakeNumber(rest, line.systemTicks)) return false;
  for (int field = 16; field <= 19; field++) TakeWord(rest);
  if (!TakeNumber(rest, line.threads)) return false;
  TakeWord(rest);
  if (!TakeNumber(rest, line.startTicks)) return false;
  for (int field = 23; field <= 38; field++) TakeWord(rest);
  if (!TakeNumber(rest, line.lastCpu)) line.lastCpu = -1;
  return true;
}

double ParseGroupUsage(std::string_view text, GroupFormat format) {
  uint64_t value = 0;
  if (format == GroupFormat::kUsageNanoseconds) {
    std::string_view line = TakeLine(text);
    return TakeNumber(line, value) ? static_cast<double>(value) : kMissing;
  }
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    if (TakeWord(line) != "usage_usec") continue;
    return TakeNumber(line, value) ? static_cast<double>(value) * 1000.0 : kMissing;
  }
  return kMissing;
}

bool ParseHostCpus(std::string_view text, double nanosecondsPerTick, std::vector<double>& rows,
                   std::vector<int32_t>& cpuIds) {
  rows.clear();
  cpuIds.clear();
  while (text.substr(0, 3) == "cpu") {
    std::string_view line = TakeLine(text);
    std::string_view name = TakeWord(line);
    name.remove_prefix(3);
    if (name.empty() != rows.empty()) break;  // the line of all CPUs comes first, and once
    int32_t cpu = 0;
    if (!name.empty()) {
      if (!Parse(name, cpu)) break;
      cpuIds.push_back(cpu);
    }
    for (size_t column = 0; column < kHostColumns; column++) {
      uint64_t ticks = 0;
      rows.push_back(TakeNumber(line, ticks) ? static_cast<double>(ticks) * nanosecondsPerTick : kMissing);
    }
  }
  return !rows.empty();
}

bool ParseForkCount(std::string_view text, uint64_t& forks) {
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    if (TakeWord(line) == "processes") return TakeNumber(line, forks);
  }
  return false;
}

}  // namespace kisimd
