import { defineErrors } from '../../util/errors.ts';

export const httpLoadErrors = defineErrors({
  KISIM_E_LOAD_TARGET: {
    summary: 'the target of the load is not usable',
    expected: 'an http or https URL, a method, headers as `name: value`, and a weight above 0',
    action: 'correct the part that is named; docs/user/load.md has examples',
  },
  KISIM_E_LOAD_TARGETS_FILE: {
    summary: 'the file of targets is not usable',
    expected: 'YAML with `targets`, each with `url` and, if wanted, method, weight, headers and body',
    action: 'correct the line; docs/user/load.md has an example',
  },
  KISIM_E_LOAD_REFUSED: {
    summary: 'the target of the load cannot be reached',
    expected: 'a server that takes connections there when the load begins',
    action: 'start the server, or correct host, port and scheme of the URL',
  },
  KISIM_E_LOAD_TARGET_GONE: {
    summary: 'a target of the load gives no answers',
    expected: 'now and then an answer from every target while load is sent to it',
    action: 'see what became of the server; --give-up sets how long to go on without an answer',
  },
  KISIM_E_LOAD_THINK_TIME: {
    summary: 'the text is no think time',
    expected:
      'a duration (`500ms`), a range drawn from uniformly (`1s-3s`), or `exp:2s` (exponential with that mean)',
    action: 'write it in one of these forms',
  },
  KISIM_E_LOAD_SLO: {
    summary: 'the text is no objective of a load',
    expected:
      'a figure, a comparison and a value: `p95<300ms`, `p99.9<=2s`, `mean<50ms`, `errors<1%`, `errors<10`, `rate>100`',
    action: 'write it in one of these forms; several are separated by commas or given one by one',
  },
});
