import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NOT_PENDING, PendingQueue, UNFIT, WAITING } from '../../../src/simulation/pending-queue.ts';
import { planOf } from '../../../src/simulation/plan.ts';
import { simInput, simNode, workItems } from '../../support/simulation-input.ts';

const COUNT = 300;
const cpu = (id: number) => 100 * ((id * 37) % 80);
const plan = planOf(
  simInput(
    [simNode('a')],
    workItems(...Array.from({ length: COUNT }, (_, id) => ({ useMilli: 1, pod: { cpuMilli: cpu(id) } }))),
  ),
);

/** Pods that come, go and change their minds; and looks at them with so much room. */
const steps = fc.array(
  fc.oneof(
    fc.record({
      pod: fc.integer({ min: 0, max: COUNT - 1 }),
      state: fc.constantFrom(NOT_PENDING, UNFIT, WAITING),
    }),
    fc.record({ room: fc.integer({ min: 0, max: 8000 }), asks: fc.boolean(), all: fc.boolean() }),
  ),
  { maxLength: 200 },
);

test('every look sees the pods that may fit or wait, and no other, by arrival; what it places is gone', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      let queue = new PendingQueue(plan);
      const states = new Map<number, number>();
      for (const step of taken) {
        if ('pod' in step) {
          if (step.state === UNFIT || step.state === WAITING) queue.mark(step.pod, step.state);
          else queue.remove(step.pod);
          states.set(step.pod, step.state);
        } else {
          const { room, asks, all } = step;
          const expected = [...states.keys()]
            .filter((pod) =>
              states.get(pod) === UNFIT ? all || cpu(pod) <= room : states.get(pod) === WAITING && asks,
            )
            .sort((a, b) => a - b);
          const seen: number[] = [];
          const mayFit = all ? undefined : (cpuMilli: number) => cpuMilli <= room;
          // It stops before every second pod, and goes on from there.
          let stops = false;
          const look = (pod: number) => {
            stops = !stops;
            if (stops) return false;
            seen.push(pod);
            // One of three is placed, one waits from now on, one stays as it is.
            if (pod % 3 === 0) queue.remove(pod);
            if (pod % 3 === 1) queue.mark(pod, WAITING);
            return true;
          };
          for (let from = 0; from >= 0; ) from = queue.forEach(asks, mayFit, look, from);
          assert.deepEqual(seen, expected);
          for (const pod of seen) if (pod % 3 < 2) states.set(pod, pod % 3 === 0 ? NOT_PENDING : WAITING);
          const copy = new PendingQueue(plan);
          copy.restore(queue.save());
          queue = copy;
        }
        const pending = [...states].filter(([, state]) => state !== NOT_PENDING);
        assert.equal(queue.count, pending.length);
        assert.equal(queue.waiting, pending.filter(([, state]) => state === WAITING).length);
        assert.equal(queue.first, pending.length === 0 ? -1 : Math.min(...pending.map(([pod]) => pod)));
      }
    }),
    { numRuns: 60 },
  );
});
