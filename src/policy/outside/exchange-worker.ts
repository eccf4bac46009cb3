import { Agent, request } from 'node:http';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

/**
 * The thread that talks to an outside scorer while the simulation's thread waits for it. One request at a time; the
 * connection is kept.
 */
export interface ExchangeSetup {
  readonly url: string;
  readonly port: MessagePort;
  /** One 32-bit word: the number of the last request that was answered. */
  readonly answered: SharedArrayBuffer;
}

export interface ExchangeRequest {
  readonly number: number;
  readonly body: string;
  readonly timeoutMilliseconds: number;
}

export type ExchangeReply =
  | { readonly number: number; readonly status: number; readonly body: string }
  | {
      readonly number: number;
      readonly failure: 'timeout' | 'connection' | 'too-long';
      readonly reason: string;
    };

/** A score a node and a little: more is no answer. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

const setup = workerData as ExchangeSetup;
const answered = new Int32Array(setup.answered);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function reply(message: ExchangeReply): void {
  setup.port.postMessage(message);
  Atomics.store(answered, 0, message.number);
  Atomics.notify(answered, 0);
}

function ask({ number, body, timeoutMilliseconds }: ExchangeRequest): void {
  let replied = false;
  const once = (message: ExchangeReply) => {
    if (replied) return;
    replied = true;
    clearTimeout(timer);
    reply(message);
  };
  const bytes = Buffer.from(body);
  const sent = request(
    setup.url,
    {
      method: 'POST',
      agent,
      headers: {
        'Content-Type': 'application/json',
        'Content-Length': bytes.length,
        Accept: 'application/json',
      },
    },
    (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > MAX_ANSWER_BYTES) {
          once({ number, failure: 'too-long', reason: `more than ${MAX_ANSWER_BYTES} bytes` });
          sent.destroy();
        } else chunks.push(chunk);
      });
      response.on('end', () =>
        once({ number, status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      );
      response.on('error', (error) => once({ number, failure: 'connection', reason: error.message }));
      response.on('aborted', () => once({ number, failure: 'connection', reason: 'the answer broke off' }));
    },
  );
  const timer = setTimeout(() => {
    once({ number, failure: 'timeout', reason: `nothing within ${timeoutMilliseconds} ms` });
    sent.destroy();
  }, timeoutMilliseconds);
  sent.on('error', (error) => once({ number, failure: 'connection', reason: error.message }));
  sent.end(bytes);
}

parentPort!.on('message', ask);
