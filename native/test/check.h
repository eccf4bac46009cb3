#pragma once
#include <cstdio>
#include <cstdlib>

// The smallest thing that can fail: a failed check names its place and ends the program with status 1.
#define CHECK(condition)                                                             \
  do {                                                                               \
    if (!(condition)) {                                                              \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                                                  \
    }                                                                                \
  } while (0)
