import { permissions } from '../../src/kubernetes/permissions.ts';
import { controlPlaneMissing } from '../cluster/support/needs.ts';
import type { Bench } from './bench.ts';
import type { RbacGiven, RbacResult } from './support/live/rbac-run.ts';
import { runLive } from './support/live/run-live.ts';

/** Each verb taken away alone breaks a named test, and nothing else is granted: by test, by the server's review, by what is asked. */
export const rbacBench: Bench = {
  name: 'rbac',
  what: 'verbs that are granted: each one needed by a named test, none beside them',
  skip: () => controlPlaneMissing() || undefined,
  async run({ quick, progress }) {
    const given: RbacGiven = { pods: quick ? 20 : 200, seconds: quick ? 5 : 30 };
    const result = await runLive<RbacResult>('rbac-run.ts', given, progress);
    const verbs = new Set(
      permissions.flatMap(({ verbs: each, apiGroup, resource }) =>
        each.map((verb) => `${verb} ${resource}${apiGroup === 'metrics.k8s.io' ? `.${apiGroup}` : ''}`),
      ),
    );
    const broken = [...verbs].filter((verb) =>
      result.passed.includes(`without "${verb}" it may not, and says so`),
    );
    const control = {
      what: 'verbs that a working daemon has asked for',
      value: Object.keys(result.asked).length,
    };
    return {
      figures: [
        {
          what: 'verbs that, taken away alone, break a named test',
          value: (100 * broken.length) / verbs.size,
          unit: '%',
          goal: 100,
          direction: 'at-least',
          control: { what: 'verbs granted', value: verbs.size },
        },
        {
          what: 'other tests of the permissions that do not pass',
          value: result.failed.length,
          unit: 'tests',
          goal: 0,
          direction: 'at-most',
          control: { what: 'tests that pass', value: result.passed.length },
        },
        {
          what: "rules of the account beyond the table, by the server's own review",
          value: result.surplus.length + result.missing.length,
          unit: 'rules',
          goal: 0,
          direction: 'at-most',
          control: { what: 'rules that every account has', value: result.everybody },
        },
        {
          what: 'verbs asked for by a working daemon that are not granted, and requests refused',
          value: result.askedInVain.length + result.refused,
          unit: 'verbs',
          goal: 0,
          direction: 'at-most',
          control,
        },
      ],
      seeds: [],
      details: {
        'pods placed meanwhile': result.placed,
        'asked for': Object.keys(result.asked).sort().join(', '),
        'granted, not asked for in this time': [...result.notAsked].sort().join(', ') || 'none',
        'beyond the table': result.surplus.join(', ') || 'none',
        'missing of the table': result.missing.join(', ') || 'none',
        'not granted and asked for': result.askedInVain.join(', ') || 'none',
        'tests that do not pass': result.failed.join(', ') || 'none',
      },
    };
  },
};
