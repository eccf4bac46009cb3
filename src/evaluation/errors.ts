import { defineErrors } from '../util/errors.ts';

export const errors = defineErrors({
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
  KISIM_E_EVALUATION_CARD: {
    summary: 'the card of a model cannot be used',
    expected:
      'a card in the form of docs/developer/models.md, beside the model that it is of; with --card one that tells figures',
    action: 'check its path; --into-card writes the figures of a benchmark into it',
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
  KISIM_E_EXPERIMENT_PLAN: {
    summary: 'the experiment cannot be made as planned',
    expected: 'at least six pairs of periods, and a wash-out shorter than a period',
    action: 'change --hours, --period or --wash-out',
  },
  KISIM_E_EXPERIMENT_TOO_FEW: {
    summary: 'too few pairs of periods to call a difference',
    expected: 'six pairs or more, each with both of its periods finished and measured',
    action: 'go on with --resume, or plan more hours',
  },
  KISIM_E_EXPERIMENT_ENERGY_MISSING: {
    summary: 'too much of the energy is missing to call a difference',
    expected: 'the energy of every node for at least 95 % of every period, in four pairs out of five',
    action: 'see the nodes and reasons in the journal; `kisimd doctor` tells what this host can meter',
  },
  KISIM_E_EXPERIMENT_CARRY_OVER: {
    summary: 'too much of what one policy placed ran on under the other',
    expected: 'at most a fifth of the work of a period done by pods that the other policy placed',
    action:
      'make periods and wash-out longer than the pods run; pods that run for days cannot be compared by taking turns',
  },
  KISIM_E_EXPERIMENT_WORK_DIFFERS: {
    summary: 'the work under the two policies differs too much to compare their energy',
    expected: 'work of the two sides within 10 % of each other',
    action: 'plan more hours, so that the load evens out, or keep it steady',
  },
  KISIM_E_EXPERIMENT_NOT_DECIDED: {
    summary: 'a policy of the experiment did not decide',
    expected: 'nine in ten pods of its periods placed by the policy itself',
    action:
      'see the reasons in the log: a policy that fails, pods that no node can take; pods are handed over in namespaces with the label kisimd.io/placement=enabled',
  },
  KISIM_E_EXPERIMENT_JOURNAL: {
    summary: 'the journal of the experiment cannot be used',
    expected: 'a journal.jsonl that this program wrote, in a folder that may be written',
    action: 'check the disk, or name another folder with --out',
  },
});
