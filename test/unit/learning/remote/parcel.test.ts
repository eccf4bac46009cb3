import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkParcel, decodeParcel, encodeParcel } from '../../../../src/learning/remote/parcel.ts';
import type { FinishedTraining } from '../../../../src/learning/run-training.ts';
import { order, parcelOf } from '../../../support/played-workers.ts';

test('a result is found among other output, to the byte', () => {
  const parcel = parcelOf(5);
  const { text, sha256 } = encodeParcel({ ...parcel, log: `${parcel.log}${'x'.repeat(100_000)}` });
  const lines = text.trimEnd().split('\n');
  assert.ok(lines.every((line) => line.length < 16_384));
  const noisy = ['simulating all rules', ...lines.flatMap((line) => [line, 'a line of stderr']), ''].join(
    '\n',
  );
  const found = decodeParcel(noisy, sha256, 'here');
  assert.deepEqual(found.card, JSON.parse(JSON.stringify(parcel.card)));
  assert.deepEqual(Buffer.from(found.onnx), Buffer.from(parcel.onnx));
  assert.equal(checkParcel(found, order, 5, 'here').model.sha256, parcel.card.model.sha256);
});

test('what is cut, changed or missing is no result', () => {
  const { text, sha256 } = encodeParcel(parcelOf(5));
  const refused = (output: string, found: RegExp) =>
    assert.throws(() => decodeParcel(output, sha256, 'here'), {
      code: 'KISIM_E_TRAINING_RESULT',
      message: found,
    });
  refused('', /no result in it/);
  refused('other output\n', /no result in it/);
  refused(text.slice(0, -10), /told was/);
  const at = text.length >> 1;
  refused(text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1), /told was/);
});

test('a result that was not asked for is refused by what differs', () => {
  const refused = (parcel: ReturnType<typeof parcelOf>, seed: number, found: RegExp) =>
    assert.throws(() => checkParcel(parcel, order, seed, 'here'), {
      code: 'KISIM_E_TRAINING_RESULT',
      message: found,
    });
  refused(parcelOf(5), 6, /seed is 5, wanted 6/);
  const { request } = order;
  const asked = (more: Partial<FinishedTraining['request']>) =>
    parcelOf(5, -0.01, { request: { ...request, seed: 5, steps: 3, ...more } });
  refused(asked({ steps: 4 }), 5, /steps is 4, wanted 3/);
  refused(asked({ algorithm: 'other' }), 5, /algorithm is other/);
  refused(asked({ plan: { kind: 'scenario', scenario: 'B', load: 0.6, clusterSeed: 0 } }), 5, /cluster is/);
  const parcel = parcelOf(5);
  refused({ ...parcel, onnx: parcelOf(6).onnx }, 5, /the sha256 of the model/);
  assert.throws(() => checkParcel({ ...parcel, onnx: parcel.onnx.subarray(0, 99) }, order, 5, 'here'), {
    code: /KISIM_E_(ONNX|MODEL)_/,
  });
});
