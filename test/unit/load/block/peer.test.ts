import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { BlockError } from '../../../../src/load/block/failure.ts';
import { runNetworkThread } from '../../../../src/load/block/network-thread.ts';
import { BlockPeer } from '../../../../src/load/block/peer.ts';
import { ConfirmationReader, confirmationOf, HELLO } from '../../../../src/load/block/peer-protocol.ts';
import { ThreadWords } from '../../../../src/load/block/thread-words.ts';
import { createLogger } from '../../../../src/util/log.ts';

const log = createLogger('error');

async function peerOf(t: TestContext): Promise<{ peer: BlockPeer; port: number }> {
  const peer = new BlockPeer({ host: '127.0.0.1', port: 0, log });
  const { port } = await peer.start();
  t.after(() => peer.stop());
  return { peer, port };
}

/** A server that says what it likes to whoever connects. */
async function stranger(t: TestContext, says: string | undefined): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (says === undefined) socket.destroy();
    else socket.write(says);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

const failsWith = (code: string, found: RegExp) => (error: unknown) => {
  assert.ok(error instanceof BlockError, String(error));
  assert.equal(error.failure.code, code);
  assert.match(error.failure.found, found);
  return true;
};

function task(port: number) {
  return { host: '127.0.0.1', port, mostUnconfirmedBytes: 1e6 };
}

test('confirmations are read wherever the network has cut them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { minLength: 1, maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 19 }), { minLength: 1 }),
      (sums, cuts) => {
        const stream = Buffer.concat(sums.map(confirmationOf));
        const reader = new ConfirmationReader();
        let last: number | undefined;
        for (let at = 0, i = 0; at < stream.length; i++) {
          const length = cuts[i % cuts.length]!;
          last = reader.push(stream.subarray(at, at + length)) ?? last;
          at += length;
        }
        assert.equal(last, sums.at(-1));
      },
    ),
  );
});

test('what is granted is sent, no more, and the peer confirms all of it', async (t) => {
  const { port } = await peerOf(t);
  const words = new ThreadWords();
  const ready = Promise.withResolvers<void>();
  const ended = runNetworkThread(task(port), words, () => words.isOver(0), ready.resolve);
  await Promise.race([ready.promise, ended]);
  words.granted = 3_000_001;
  while (words.confirmed < 3_000_001) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(words.confirmed, 3_000_001);
  assert.equal(words.done, 3_000_001);
  words.end();
  await ended;
});

test('a peer that goes is an error that says how far it was', async (t) => {
  const { peer, port } = await peerOf(t);
  const words = new ThreadWords();
  const ready = Promise.withResolvers<void>();
  const ended = runNetworkThread(task(port), words, () => false, ready.resolve);
  await ready.promise;
  words.granted = 1000;
  while (words.confirmed < 1000) await new Promise((resolve) => setImmediate(resolve));
  await peer.stop();
  await assert.rejects(ended, failsWith('KISIM_E_BLOCK_PEER_LOST', /after 1000 bytes/));
});

test('nobody, somebody else, and one who hangs up are no peers, and get nothing but the greeting', async (t) => {
  const never = () => assert.fail('it cannot be ready');
  const attempt = (port: number) => runNetworkThread(task(port), new ThreadWords(), () => false, never);
  await assert.rejects(
    attempt(await stranger(t, '220 mail.example ESMTP\r\n')),
    failsWith('KISIM_E_BLOCK_PEER', /no peer of this program/),
  );
  await assert.rejects(attempt(await stranger(t, undefined)), failsWith('KISIM_E_BLOCK_PEER', /./));
  const { peer, port } = await peerOf(t);
  await peer.stop();
  await assert.rejects(attempt(port), failsWith('KISIM_E_BLOCK_PEER', /ECONNREFUSED/));
});

test('the peer hangs up on whoever greets otherwise, and answers a greeting in parts', async (t) => {
  const { port } = await peerOf(t);
  const rude = connect(port, '127.0.0.1');
  rude.write('GET / HTTP/1.1\r\n');
  await once(rude, 'close');
  const slow = connect(port, '127.0.0.1');
  for (const letter of HELLO.slice(0, 4)) slow.write(letter);
  slow.write(HELLO.slice(4));
  const [answer] = (await once(slow, 'data')) as [Buffer];
  assert.equal(answer.toString(), HELLO);
  slow.destroy();
});

test('a port that is taken is a coded error', async (t) => {
  const { port } = await peerOf(t);
  const second = new BlockPeer({ host: '127.0.0.1', port, log });
  await assert.rejects(second.start(), { code: 'KISIM_E_BLOCK_LISTEN', message: /EADDRINUSE/ });
});
