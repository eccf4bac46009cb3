import { defineErrors } from '../util/errors.ts';

export const errors = defineErrors({
  KISIM_E_EVALUATION_UNPAIRED: {
    summary: 'values cannot be compared in pairs',
    expected: 'as many values as baselines, and baselines above 0',
    action: 'report this with the command that you ran',
  },
  KISIM_E_EVALUATION_SUITE: {
    summary: 'the benchmark suite is not usable',
    expected:
      'cells of a known scenario and loads above 0 and at most 1, policies, a baseline, clusters and seeds',
    action: 'correct the suite; docs/user/benchmark.md has an example',
  },
  KISIM_E_EVALUATION_SUITE_FILE: {
    summary: 'the file of the suite cannot be read',
    expected: 'a YAML file in the form of docs/user/benchmark.md, or one of the names default and small',
    action: 'check its path and syntax',
  },
  KISIM_E_EVALUATION_HARDWARE_FILE: {
    summary: 'the table of servers cannot be read',
    expected:
      'a CSV file with cpu_key, system, year, cores, threads, memory_gb and watts, as --hardware describes',
    action: 'check its path',
  },
  KISIM_E_EVALUATION_WORK_DIFFERS: {
    summary: 'two policies did not complete the same work, so that their energies cannot be compared',
    expected: 'the same pods completed under every policy of a pairing',
    action: 'lower the load, or leave out the policy that drops pods',
  },
  KISIM_E_EVALUATION_FOLDER_USED: {
    summary: 'the folder holds runs of an earlier benchmark',
    expected: 'a new or empty folder, or --resume',
    action: 'add --resume to go on with it, or name another folder with --out',
  },
  KISIM_E_EVALUATION_OTHER_RUNS: {
    summary: 'the runs in the folder belong to another benchmark',
    expected: 'runs of the same suite, policies, seed, hardware and version',
    action: 'name another folder with --out',
  },
  KISIM_E_EVALUATION_RUN_LOG: {
    summary: 'the record of runs cannot be used',
    expected: 'a runs.jsonl that this program wrote, in a folder that may be written',
    action: 'check the disk, or name another folder with --out',
  },
  KISIM_E_EVALUATION_RUN_FAILED: {
    summary: 'a run of the benchmark failed',
    expected: 'every policy runs on every cluster of the suite',
    action: 'see the cause; leave the policy out with --policies, or report it',
  },
  KISIM_E_EVALUATION_PORTFOLIO: {
    summary: 'there is nothing to choose a policy from or by',
    expected: 'at least one policy and at least one situation',
    action: 'name the policies and a workload to simulate them on',
  },
});
