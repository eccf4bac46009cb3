// What `kisimd block` is held against: the usual loop, which works for a share of each tenth of a second by the clock on
// the wall and sleeps for the rest, and looks at nothing, until it is ended. Arguments: kind, amount, and a folder or a port.
import { openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const [kind = '', amountText, where = ''] = process.argv.slice(2);
const amount = Number(amountText);
const SLICE_SECONDS = 0.1;

const acts: Readonly<Record<string, () => () => Promise<void>>> = {
  cpu: () => async () => {
    const until = performance.now() + amount * SLICE_SECONDS * 1000;
    while (performance.now() < until);
    await sleep((1 - amount) * SLICE_SECONDS * 1000);
  },
  memory: () => {
    const memory = Buffer.alloc(amount, 1);
    return async () => {
      await sleep(SLICE_SECONDS * 1000);
      if (memory.length !== amount) throw new Error('the memory has gone');
    };
  },
  'disk-write': () => {
    const file = ownFile();
    const block = Buffer.alloc(amount * SLICE_SECONDS, 7);
    let slices = 0;
    return async () => {
      writeSync(file, block, 0, block.length, (slices++ % 10) * block.length);
      await sleep(SLICE_SECONDS * 1000);
    };
  },
  'disk-read': () => {
    const file = ownFile();
    const block = Buffer.alloc(amount * SLICE_SECONDS, 7);
    for (let i = 0; i < 10; i++) writeSync(file, block);
    let slices = 0;
    return async () => {
      readSync(file, block, 0, block.length, (slices++ % 10) * block.length);
      await sleep(SLICE_SECONDS * 1000);
    };
  },
  network: () => {
    const socket: Socket = connect(Number(where), '127.0.0.1');
    socket.write('kisimd-block-1\n');
    socket.resume();
    const block = Buffer.alloc(amount * SLICE_SECONDS, 7);
    return async () => {
      socket.write(block);
      await sleep(SLICE_SECONDS * 1000);
    };
  },
};

const act = acts[kind]!();
process.stdout.write('{}\n');
for (;;) await act();

function ownFile(): number {
  const path = join(where, `kisimd-naive-${process.pid}`);
  const file = openSync(path, 'wx+');
  unlinkSync(path);
  return file;
}
