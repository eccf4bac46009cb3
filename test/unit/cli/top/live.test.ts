import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import { runPlainTop } from '../../../../src/cli/commands/top.ts';
import { runLiveTop } from '../../../../src/cli/top/live.ts';
import { Screen } from '../../../../src/cli/top/screen.ts';
import type { SnapshotSource } from '../../../../src/cli/top/snapshot-source.ts';
import { initialView } from '../../../../src/cli/top/view-state.ts';
import type { NowSnapshot } from '../../../../src/export/now-snapshot.ts';
import { nowEntity, nowSnapshotOf } from '../../../support/snapshots.ts';

class PlayedSource implements SnapshotSource {
  readonly origin = 'played';
  stopped = 0;
  emit: (snapshot: NowSnapshot) => void = () => undefined;
  trouble: (notice: string) => void = () => undefined;
  readonly #started = Promise.withResolvers<void>();

  get started(): Promise<void> {
    return this.#started.promise;
  }

  async start(
    onSnapshot: (snapshot: NowSnapshot) => void,
    onTrouble: (notice: string) => void,
  ): Promise<void> {
    this.emit = onSnapshot;
    this.trouble = onTrouble;
    this.#started.resolve();
  }

  async stop(): Promise<void> {
    this.stopped++;
  }
}

/** A terminal that keeps what is written on it, at once. */
class PlayedTerminal extends Writable {
  readonly isTTY = true;
  readonly columns = 100;
  rows = 12;
  text = '';

  override write(chunk: unknown): boolean {
    this.text += String(chunk);
    return true;
  }
}

function terminal() {
  const modes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (raw: boolean) => modes.push(raw),
  }) as unknown as NodeJS.ReadStream;
  const type = (keys: string) => stdin.emit('data', Buffer.from(keys));
  return { stdin, stdout: new PlayedTerminal(), modes, type };
}

const snapshot = nowSnapshotOf([nowEntity('process', 'hog', { watts: 9 }), nowEntity('pod', 'web-1')]);

function play() {
  const screen = terminal();
  const source = new PlayedSource();
  const controller = new AbortController();
  const events = new EventEmitter();
  const context = { stdout: screen.stdout, stdin: screen.stdin, signal: controller.signal };
  const options = { view: initialView, colour: false, count: undefined };
  const run = (over: { count?: number } = {}) =>
    runLiveTop(context, source, { ...options, ...over, screen: new Screen(context, events) });
  return { screen, source, controller, events, run };
}

test('it takes the alternate screen, follows keys and gives the terminal back on q', async () => {
  const { screen, source, run } = play();
  const ended = run();
  await source.started;
  source.emit(snapshot);
  assert.ok(screen.stdout.text.startsWith('\x1b[?1049h\x1b[?25l'));
  assert.match(screen.stdout.text, / hog/);
  screen.stdout.text = '';
  screen.type('2');
  assert.match(screen.stdout.text, / web-1/);
  screen.type('q');
  await ended;
  assert.ok(screen.stdout.text.endsWith('\x1b[?25h\x1b[?1049l'));
  assert.deepEqual(screen.modes, [true, false]);
  assert.equal(source.stopped, 1);
});

test('the signal ends it and gives the terminal back', async () => {
  const { screen, source, controller, run } = play();
  const ended = run();
  await source.started;
  controller.abort('SIGTERM');
  await ended;
  assert.ok(screen.stdout.text.endsWith('\x1b[?1049l'));
});

test('a source that fails to start gives the terminal back before the error is told', async () => {
  const { screen, source, run } = play();
  source.start = () => Promise.reject(new Error('no meter'));
  await assert.rejects(run(), /no meter/);
  assert.ok(screen.stdout.text.endsWith('\x1b[?1049l'));
  assert.deepEqual(screen.modes, [true, false]);
});

test('the end of the process gives the terminal back, however it comes about', () => {
  const { stdin, stdout } = terminal();
  const events = new EventEmitter();
  new Screen({ stdin, stdout }, events).enter();
  events.emit('exit');
  assert.ok(stdout.text.endsWith('\x1b[?1049l'));
  assert.equal(events.listenerCount('exit'), 0);
});

test('a new size is drawn at once', async () => {
  const { screen, source, controller, run } = play();
  const ended = run();
  await source.started;
  source.emit(snapshot);
  screen.stdout.text = '';
  screen.stdout.rows = 7;
  screen.stdout.emit('resize');
  assert.equal(screen.stdout.text.split('\r\n').length, 7);
  controller.abort();
  await ended;
});

test('paused, new intervals change nothing; the count ends it', async () => {
  const { screen, source, run } = play();
  const ended = run({ count: 2 });
  await source.started;
  source.emit(snapshot);
  screen.type('p');
  screen.stdout.text = '';
  source.emit(nowSnapshotOf([nowEntity('process', 'another')]));
  assert.doesNotMatch(screen.stdout.text, /another/);
  await ended;
});

test('a lost daemon is told in the foot while the last figures stay', async () => {
  const { screen, source, controller, run } = play();
  const ended = run();
  await source.started;
  source.emit(snapshot);
  screen.stdout.text = '';
  source.trouble('no daemon answers');
  assert.match(screen.stdout.text, /hog(.|\r|\n)*no daemon answers/);
  controller.abort();
  await ended;
});

test('plain: prints until the count and stops the source', async () => {
  const source = new PlayedSource();
  const printed: NowSnapshot[] = [];
  const { signal } = new AbortController();
  const ended = runPlainTop(source, (s) => printed.push(s), { count: 2, signal, onTrouble: () => undefined });
  await source.started;
  for (let i = 0; i < 5; i++) source.emit(snapshot);
  await ended;
  assert.equal(printed.length, 2);
  assert.equal(source.stopped, 1);
});

test('plain: a reader that has gone (aborted signal) ends it quietly', async () => {
  const source = new PlayedSource();
  const controller = new AbortController();
  const ended = runPlainTop(source, () => controller.abort('stdout closed'), {
    count: undefined,
    signal: controller.signal,
    onTrouble: () => undefined,
  });
  await source.started;
  source.emit(snapshot);
  await ended;
  assert.equal(source.stopped, 1);
});
