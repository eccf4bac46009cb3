import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ApiPod } from '../../../src/kubernetes/api-objects.ts';
import { Actor } from '../../../src/kubernetes/bind-decision.ts';
import { NODE_ANNOTATION, PLACEMENT_GATE } from '../../../src/kubernetes/names.ts';
import { seededRandom } from '../../../src/util/rng.ts';
import type { Fields } from '../../support/fake-api/objects.ts';
import { ManualTime } from '../../support/manual-time.ts';
import { MemoryApi } from '../../support/memory-api.ts';

type Event = 'none' | 'cut' | 'cut-after' | 'hang' | 'touch' | 'respec' | 'lose' | 'delete' | number;

const events = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Event>('none') },
    fc.constantFrom<Event>('cut', 'cut-after', 'hang', 'touch', 'touch', 'respec', 'lose', 'delete'),
    fc.constantFrom<Event>(409, 422, 429, 500, 503, 403),
  ),
  { maxLength: 24 },
);

test('whatever fails, a pod is placed by one leader, and what is told is what happened', async () => {
  await fc.assert(
    fc.asyncProperty(events, fc.boolean(), async (plan, secondTries) => {
      const api = new MemoryApi();
      const time = new ManualTime();
      const pod = api.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web' },
        spec: { containers: [{ name: 'main' }], schedulingGates: [{ name: PLACEMENT_GATE }] },
      }) as ApiPod & ReturnType<MemoryApi['create']>;
      const now = () => api.find('Pod', 'web') as ApiPod | undefined;
      const leading = [true, true];
      const actors = leading.map(
        (_, i) =>
          new Actor({
            api,
            sleep: time.noSleep,
            random: seededRandom(i),
            stillLeader: () => leading[i]!,
            decidedBy: () => `host-${i}#${i}`,
            decideAgain: () => ({ node: `again-${i}`, strength: 'preferred' }),
          }),
      );
      const rest = plan.values();
      api.meanwhile = () => {
        const event = rest.next().value ?? 'none';
        const exists = now() !== undefined;
        if (event === 'lose') leading[0] = false;
        else if (event === 'delete' && exists) api.remove(pod);
        else if (event === 'touch' && exists)
          api.change(pod, ({ metadata }) => {
            metadata['labels'] = { version: String(api.store.version) };
          });
        else if (event === 'respec' && exists)
          api.change(pod, (copy) => {
            (copy['spec'] as Fields)['nodeSelector'] = { version: String(api.store.version) };
          });
        else if (event === 'cut' || event === 'cut-after' || event === 'hang')
          api.faults.add({ fault: event });
        else if (typeof event === 'number') api.faults.add({ fault: { status: event } });
      };
      const results = await Promise.all(
        actors
          .slice(0, secondTries ? 2 : 1)
          .map((actor, i) => actor.freePod(pod, { node: `n${i}`, strength: 'preferred' })),
      );

      const after = now();
      const said = results.map(({ outcome }) => outcome);
      const preferences =
        after?.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
      const gated = (after?.spec?.schedulingGates ?? []).length > 0;
      assert(preferences.length <= 1, 'two placed it');
      assert(said.filter((outcome) => outcome === 'placed').length <= 1, 'two say that they placed it');
      for (const result of results) {
        if (after === undefined) continue;
        if (result.outcome === 'placed') {
          assert.equal(preferences[0]?.preference.matchFields?.[0]?.values?.[0], result.node);
          assert.equal(after.metadata?.annotations?.[NODE_ANNOTATION], result.node);
        }
        if (
          result.outcome === 'placed' ||
          result.outcome === 'unmodified' ||
          result.outcome === 'already-free'
        )
          assert(!gated, `${result.outcome}, and still gated`);
        if (result.outcome === 'gone') assert.fail('said to be gone');
      }
      if (preferences.length === 1) assert(!gated, 'placed and not freed');
    }),
    { numRuns: 500 },
  );
});
