import { defineErrors } from '../../util/errors.ts';

export const patternErrors = defineErrors({
  KISIM_E_LOAD_PATTERN: {
    summary: 'the load pattern is not usable',
    expected:
      'constant, ramp, spike, periodic, random, `trace:file=FILE.csv`, or a YAML file, with levels of at least 0 and a duration above 0',
    action: 'correct the part that is named; docs/user/load.md lists what each pattern takes',
  },
  KISIM_E_LOAD_PATTERN_FILE: {
    summary: 'the file of the load pattern is not usable',
    expected: 'YAML with `pattern` and its sizes, or with `steps` of `for` and `level` (or `from` and `to`)',
    action: 'correct the line; docs/user/load.md has examples',
  },
  KISIM_E_LOAD_TRACE_GAP: {
    summary: 'the trace of requests has no record for a part of the time',
    expected: 'a row for every minute of the part that is used, with 0 where nothing came',
    action: 'choose a part without a gap with `from` and `duration`, or give another trace',
  },
});
