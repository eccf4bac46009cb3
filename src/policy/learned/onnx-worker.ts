import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { TERM_COUNT, WAIT_TERM_COUNT } from '../energy/term-table.ts';
import { INPUT, OUTPUT } from './model-format.ts';
import { CONTROL, type OnnxBuffers, type OnnxWorkerSetup, STATUS } from './onnx-engine.ts';

/*
 * The thread that runs a model while the caller's thread waits for it with a deadline. It sleeps until a question is
 * there; onnxruntime-node works in the calling thread, so that a session in the daemon's own would hold up everything.
 */
const { onnx, control: controlBuffer, port } = workerData as OnnxWorkerSetup & { readonly port: MessagePort };
const control = new Int32Array(controlBuffer);

const session = await InferenceSession.create(onnx, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  logSeverityLevel: 4,
});
Atomics.store(control, CONTROL.status, STATUS.ready);
Atomics.notify(control, CONTROL.status);

let buffers: OnnxBuffers | undefined;
for (let seen = 0; ; ) {
  Atomics.wait(control, CONTROL.asked, seen);
  seen = Atomics.load(control, CONTROL.asked);
  const message = receiveMessageOnPort(port) as { readonly message: OnnxBuffers } | undefined;
  if (message !== undefined) buffers = message.message;
  const outcome = await answer(buffers!, Atomics.load(control, CONTROL.count));
  Atomics.store(control, CONTROL.outcome, outcome ? 0 : 1);
  Atomics.store(control, CONTROL.answered, seen);
  Atomics.notify(control, CONTROL.answered);
}

/** The tensors are views of the shared memory: nothing is copied, here or there. */
async function answer(
  { terms, mask, waitTerms, scores, wait }: OnnxBuffers,
  count: number,
): Promise<boolean> {
  try {
    await session.run(
      {
        [INPUT.terms]: new Tensor('float64', new Float64Array(terms, 0, TERM_COUNT * count), [
          TERM_COUNT,
          count,
        ]),
        [INPUT.mask]: new Tensor('bool', new Uint8Array(mask, 0, count), [count]),
        [INPUT.waitTerms]: new Tensor('float64', new Float64Array(waitTerms), [WAIT_TERM_COUNT]),
      },
      {
        [OUTPUT.scores]: new Tensor('float64', new Float64Array(scores, 0, count), [count]),
        [OUTPUT.wait]: new Tensor('float64', new Float64Array(wait), []),
      },
    );
    return true;
  } catch {
    // Told to the caller as a question without an answer, and counted there.
    return false;
  }
}
