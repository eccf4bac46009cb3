#include "kisimd/group_counters.h"

#include <cerrno>
#include <limits>

namespace kisimd {

int GroupCounters::Add(const std::string& path, GroupFormat format) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file.valid()) return -errno;
  size_t id = 0;
  while (id < groups_.size() && groups_[id].used) id++;
  if (id == groups_.size()) groups_.emplace_back();
  if (reopen_) file.Close();
  groups_[id] = {std::move(file), path, format, true};
  return static_cast<int>(id);
}

bool GroupCounters::Remove(int group) {
  if (group < 0 || static_cast<size_t>(group) >= groups_.size() || !groups_[static_cast<size_t>(group)].used)
    return false;
  groups_[static_cast<size_t>(group)] = {};
  return true;
}

double GroupCounters::ReadOne(int group) const {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  if (group < 0 || static_cast<size_t>(group) >= groups_.size()) return kUnknown;
  const Group& entry = groups_[static_cast<size_t>(group)];
  if (!entry.used) return kUnknown;
  // usage_usec is the first line of cpu.stat (kernel/cgroup/rstat.c, cgroup_base_stat_cputime_show).
  char text[512];
  const ssize_t length = reopen_ ? ReadFileAt(AT_FDCWD, entry.path.c_str(), text, sizeof text)
                                 : ::pread(entry.file.get(), text, sizeof text, 0);
  return length > 0 ? ParseGroupUsage({text, static_cast<size_t>(length)}, entry.format) : kUnknown;
}

void GroupCounters::Read(std::vector<double>& nanoseconds) const {
  nanoseconds.resize(groups_.size());
  for (size_t id = 0; id < groups_.size(); id++) nanoseconds[id] = ReadOne(static_cast<int>(id));
}

}  // namespace kisimd
