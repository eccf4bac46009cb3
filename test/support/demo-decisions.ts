import type { DecisionRecord } from '../../src/history/decision-record.ts';
import { START_UNIX_SECONDS } from './history-intervals.ts';

const joules = (active: number, idle: number) =>
  [
    { term: 'active-energy', amount: active, unit: 'J' },
    { term: 'idle-energy', amount: idle, unit: 'J' },
  ] as const;

/** Three decisions of the demo's hours: one that saved, one that fell back, one that was freed. */
export const demoDecisions: readonly DecisionRecord[] = [
  {
    unixMilliseconds: (START_UNIX_SECONDS + 600) * 1000 + 250,
    namespace: 'shop',
    pod: 'web-7d9f',
    uid: '5f1c',
    node: 'green-1',
    policy: 'marginal-run-out',
    fellBack: undefined,
    terms: joules(5210.4, 812),
    others: [
      { node: 'green-2', terms: joules(5333.25, 1290.5) },
      { node: 'old-1', terms: joules(8104, 2100) },
    ],
    reference: { policy: 'kube-score', node: 'old-1', terms: joules(8104, 2100) },
    candidates: 3,
    mode: 'act',
    outcome: 'placed',
    reason: undefined,
    heldMilliseconds: 41,
  },
  {
    unixMilliseconds: (START_UNIX_SECONDS + 660) * 1000,
    namespace: 'shop',
    pod: 'db-0',
    uid: '9ae0',
    node: 'green-2',
    policy: 'kube-score',
    fellBack: {
      from: 'marginal-run-out',
      why: 'the placement policy failed: marginal-run-out: out of range',
    },
    terms: [{ term: 'least-allocated', amount: 61, unit: 'points' }],
    others: [],
    reference: undefined,
    candidates: 3,
    mode: 'act',
    outcome: 'placed',
    reason: undefined,
    heldMilliseconds: 38,
  },
  {
    unixMilliseconds: (START_UNIX_SECONDS + 720) * 1000,
    namespace: 'shop',
    pod: 'batch-x2x4',
    uid: '77aa',
    node: undefined,
    policy: 'marginal-run-out',
    fellBack: undefined,
    terms: [],
    others: [],
    reference: undefined,
    candidates: 0,
    mode: 'act',
    outcome: 'freed',
    reason: 'no-node',
    heldMilliseconds: 12,
  },
];
