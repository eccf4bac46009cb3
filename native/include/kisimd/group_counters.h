#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "kisimd/proc_files.h"
#include "kisimd/proc_text.h"

namespace kisimd {

/** CPU counters of cgroups, each kept open. Ids are small, dense, and used again after removal. */
class GroupCounters {
 public:
  /**
   * `reopen`: open each file anew at every read, for trees that a program plays by replacing files; a descriptor
   * would go on reading the old one.
   */
  explicit GroupCounters(bool reopen) : reopen_(reopen) {}
  /** The id of the group, or minus the system error where the file cannot be opened. */
  int Add(const std::string& path, GroupFormat format);
  /** False where there is no such group. */
  bool Remove(int group);
  /** Nanoseconds by group id; NaN where the counter cannot be read now, or the id is free. */
  void Read(std::vector<double>& nanoseconds) const;
  // One counter now, in nanoseconds; NaN where it is gone or unreadable.
  double ReadOne(int group) const;

 private:
  struct Group {
    FileDescriptor file;
    std::string path;
    GroupFormat format = GroupFormat::kCpuStat;
    bool used = false;
  };
  bool reopen_;
  std::vector<Group> groups_;
};

}  // namespace kisimd
