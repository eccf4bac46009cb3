import type { NowSnapshot } from '../../export/now-snapshot.ts';
import type { CommandContext } from '../command.ts';
import { pageRows, renderScreen, type TopScene } from './render.ts';
import { selectRows } from './rows.ts';
import { Screen } from './screen.ts';
import type { SnapshotSource } from './snapshot-source.ts';
import { parseKeys, press, type ViewState } from './view-state.ts';

export interface LiveTopOptions {
  readonly view: ViewState;
  readonly colour: boolean;
  /** Ends after so many intervals. */
  readonly count: number | undefined;
  /** Something worth telling that came up elsewhere (a log event); '' for none. */
  readonly notice?: () => string;
  /** What the placement loop does: lines under the table. */
  readonly placement?: () => readonly string[];
  readonly screen?: Screen;
}

const MINUTE_MILLISECONDS = 60_000;

/** `top` on a terminal: draws every interval and every key, until `q`, the signal or the count. */
export async function runLiveTop(
  context: Pick<CommandContext, 'stdout' | 'stdin' | 'signal'>,
  source: SnapshotSource,
  options: LiveTopOptions,
): Promise<void> {
  const { stdout, stdin, signal } = context;
  const screen = options.screen ?? new Screen(context);
  let view = options.view;
  let intervals = 0;
  let recent: { readonly at: number; readonly watts: number | null }[] = [];
  let scene: TopScene = { snapshot: undefined, recentWatts: [], origin: source.origin, notice: '' };
  const draw = () => screen.draw(renderScreen(scene, view, screen.size(), options.colour));

  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const onSnapshot = (snapshot: NowSnapshot) => {
    const { unixMilliseconds: at, node } = snapshot;
    recent = [...recent.filter((point) => at - point.at < MINUTE_MILLISECONDS), { at, watts: node.watts }];
    if (!view.paused) {
      const recentWatts = recent.map(({ watts }) => watts);
      scene = { ...scene, snapshot, recentWatts, notice: options.notice?.() ?? '' };
      if (options.placement !== undefined) scene = { ...scene, placement: options.placement() };
      draw();
    }
    if (++intervals === options.count) finish();
  };
  const onTrouble = (notice: string) => {
    scene = { ...scene, notice };
    draw();
  };
  const onResume = () => {
    screen.enter();
    draw();
  };
  const onData = (chunk: Buffer | string) => {
    for (const key of parseKeys(chunk.toString())) {
      const rows = pageRows(screen.size(), scene.placement?.length);
      const next = press(view, key, rows);
      if (next === 'quit') return finish();
      if (next === 'suspend') {
        screen.leave();
        process.once('SIGCONT', onResume);
        process.kill(process.pid, 'SIGTSTP');
        return;
      }
      const count = scene.snapshot === undefined ? 0 : selectRows(scene.snapshot, next).length;
      view = { ...next, scroll: Math.min(next.scroll, Math.max(0, count - rows)) };
    }
    draw();
  };
  try {
    screen.enter();
    stdin.on('data', onData);
    stdin.on('end', finish);
    stdout.on('resize', draw);
    signal.addEventListener('abort', finish);
    if (signal.aborted) return;
    draw();
    await source.start(onSnapshot, onTrouble);
    await finished;
  } finally {
    process.off('SIGCONT', onResume);
    signal.removeEventListener('abort', finish);
    stdout.off('resize', draw);
    stdin.off('data', onData);
    stdin.off('end', finish);
    screen.leave();
    await source.stop();
  }
}
