import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { systemErrorCode } from '../../util/errors.ts';
import { BlockError } from './failure.ts';
import { ConfirmationReader, HELLO } from './peer-protocol.ts';
import type { ThreadWords } from './thread-words.ts';

const HELLO_MILLISECONDS = 5_000;
const SEND_EVERY_MILLISECONDS = 5;
/** Random, so that nothing on the way makes it smaller. */
const block = randomBytes(64 * 1024);

export interface NetworkTask {
  readonly host: string;
  readonly port: number;
  /** Sent and not confirmed; beyond it nothing is sent. */
  readonly mostUnconfirmedBytes: number;
}

/**
 * Sends what is granted to the peer. Resolves once all is to be let go.
 *
 * @throws BlockError with KISIM_E_BLOCK_PEER or KISIM_E_BLOCK_PEER_LOST
 */
export async function runNetworkThread(
  task: NetworkTask,
  words: ThreadWords,
  isOver: () => boolean,
  ready: () => void,
): Promise<void> {
  const where = `${task.host}:${task.port}`;
  const socket = connect(task.port, task.host);
  try {
    await greet(socket, where);
    ready();
    await send(socket, where, task, words, isOver);
  } finally {
    socket.destroy();
  }
}

async function greet(socket: Socket, where: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const refuse = (what: string, cause?: unknown) =>
    reject(new BlockError('KISIM_E_BLOCK_PEER', `${where}: ${what}`, cause));
  const late = setTimeout(() => refuse(`no greeting within ${HELLO_MILLISECONDS} ms`), HELLO_MILLISECONDS);
  let hello = '';
  const onData = (chunk: Buffer) => {
    hello += chunk.toString('latin1');
    if (hello === HELLO) resolve();
    else if (!HELLO.startsWith(hello)) refuse('what listens there is no peer of this program');
  };
  const onError = (error: Error) => refuse(systemErrorCode(error) ?? error.message, error);
  const onClose = () => refuse('it has closed the connection');
  socket.setNoDelay(true);
  socket.once('connect', () => socket.write(HELLO));
  socket.on('data', onData).on('error', onError).on('close', onClose);
  try {
    await promise;
  } finally {
    clearTimeout(late);
    socket.off('data', onData).off('error', onError).off('close', onClose);
  }
}

async function send(
  socket: Socket,
  where: string,
  { mostUnconfirmedBytes }: NetworkTask,
  words: ThreadWords,
  isOver: () => boolean,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const lost = (what: string, cause?: unknown) =>
    reject(
      new BlockError('KISIM_E_BLOCK_PEER_LOST', `${where}: ${what} after ${words.confirmed} bytes`, cause),
    );
  const confirmations = new ConfirmationReader();
  socket.on('data', (chunk: Buffer) => {
    words.confirmed = confirmations.push(chunk) ?? words.confirmed;
  });
  socket.on('error', (error) => lost(systemErrorCode(error) ?? error.message, error));
  socket.on('close', () => lost('the connection was closed'));
  const timer = setInterval(() => {
    if (isOver()) {
      resolve();
      return;
    }
    let sent = words.done;
    const until = Math.min(words.granted, words.confirmed + mostUnconfirmedBytes);
    while (sent < until) {
      const part = Math.min(block.length, until - sent);
      socket.write(part === block.length ? block : block.subarray(0, part));
      sent += part;
    }
    words.done = sent;
  }, SEND_EVERY_MILLISECONDS);
  try {
    await promise;
  } finally {
    clearInterval(timer);
  }
}
