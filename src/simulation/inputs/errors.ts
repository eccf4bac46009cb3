import { defineErrors } from '../../util/errors.ts';

export const inputErrors = defineErrors({
  KISIM_E_INPUT_UNREADABLE: {
    summary: 'an input file cannot be read',
    expected: 'a file that exists and may be read',
    action: 'correct the path, or its permissions',
  },
  KISIM_E_INPUT_COLUMN: {
    summary: 'a table lacks a column',
    expected: 'comma-separated values whose first line names all columns that are needed',
    action: 'add the column, or give another file',
  },
  KISIM_E_INPUT_VALUE: {
    summary: 'a table holds a value that is not usable',
    expected: 'in every line as many fields as the first one names, and numbers where numbers belong',
    action: 'correct the line',
  },
  KISIM_E_INPUT_SCALE: {
    summary: 'a trace cannot be brought to this size',
    expected: 'a trace with jobs that hold something, and a factor above 0',
    action: 'choose another load, stretch or trace',
  },
  KISIM_E_INPUT_MACHINES: {
    summary: 'the machines are not described as they can be',
    expected: '`50x64` (50 nodes of 64 threads), `20x96+8xV100M16` (with 8 GPUs each)',
    action: 'correct the description',
  },
  KISIM_E_INPUT_NODE_TABLE: {
    summary: 'the table of nodes is not usable',
    expected:
      'YAML with `nodes`, each with `match` (a name pattern or labels) and `power` (a model, watts or a curve)',
    action: 'correct the line; docs/user/node-table.md has examples',
  },
});
