/*
 * The reference that the load generator's latencies are held against: reads doubles (milliseconds, in the order and bytes of
 * this machine) from the file of its argument, keeps them in a histogram of its own, and prints percentiles as JSON, those of
 * the histogram and those of the sorted values.
 *
 * The histogram has buckets whose bounds grow by 1/2048 of themselves (as linear parts of powers of two), over microseconds:
 * another resolution, another rule for the value of a bucket (its middle) and none of the library's code.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { PARTS = 2048, POWERS = 44 };

static uint64_t counts[POWERS][PARTS];
static const double shares[] = {0.5, 0.9, 0.95, 0.99, 0.999};
static const char *names[] = {"p50", "p90", "p95", "p99", "p999"};

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void record(double milliseconds) {
  double microseconds = milliseconds * 1000.0;
  int power;
  if (microseconds < 1.0) microseconds = 1.0;
  /* microseconds = fraction * 2^power with fraction in [0.5, 1). */
  const double fraction = frexp(microseconds, &power);
  if (power < 0 || power >= POWERS) {
    fprintf(stderr, "%g ms is beyond the histogram\n", milliseconds);
    exit(1);
  }
  counts[power][(int)((fraction - 0.5) * 2.0 * PARTS)]++;
}

static double percentile(double share, uint64_t total) {
  const uint64_t rank = (uint64_t)ceil(share * (double)total - 1e-9);
  uint64_t seen = 0;
  for (int power = 0; power < POWERS; power++)
    for (int part = 0; part < PARTS; part++) {
      seen += counts[power][part];
      if (seen >= rank) return ldexp(0.5 + (part + 0.5) / (2.0 * PARTS), power) / 1000.0;
    }
  return NAN;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: latency-reference FILE\n");
    return 2;
  }
  FILE *file = fopen(argv[1], "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
    perror(argv[1]);
    return 1;
  }
  const long bytes = ftell(file);
  const size_t total = (size_t)bytes / sizeof(double);
  double *values = malloc(total * sizeof(double));
  rewind(file);
  if (total == 0 || values == NULL || fread(values, sizeof(double), total, file) != total) {
    fprintf(stderr, "%s cannot be read\n", argv[1]);
    return 1;
  }
  fclose(file);
  for (size_t i = 0; i < total; i++) record(values[i]);
  qsort(values, total, sizeof(double), ascending);
  printf("{\"count\":%zu", total);
  for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
    const size_t rank = (size_t)ceil(shares[i] * (double)total - 1e-9);
    printf(",\"%s\":{\"histogram\":%.9g,\"sorted\":%.9g}", names[i], percentile(shares[i], total), values[rank - 1]);
  }
  printf("}\n");
  free(values);
  return 0;
}
