import { escapeHtml, htmlTable } from '../../evaluation/report/html.ts';
import type { ModelCard } from '../../learning/model-card.ts';
import { percentText } from './progress.ts';

type Entry = Readonly<Record<string, unknown>>;

interface Series {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [number, number])[];
}

const WIDTH = 720;
const HEIGHT = 260;
const LEFT = 64;
const BOTTOM = 36;
const TOP = 16;
const RIGHT = 16;
const TICKS = 5;

const STYLE = `
:root { color-scheme: light dark; --good: #16a34a; --bad: #dc2626; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 860px; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; } td, th { padding: .2rem .7rem; text-align: left; border-bottom: 1px solid #8884; }
svg text { font: 12px system-ui, sans-serif; fill: currentColor; } .grid { stroke: #8884; } pre { overflow-x: auto; }
`;

/** Curves and figures of a training as one page without scripts. */
export function trainingReport(card: ModelCard, log: readonly Entry[]): string {
  const { trained, start, accepted, validation, report, model, origin, weights } = card;
  const validated = log.filter(({ change }) => typeof change === 'number');
  const line = (of: readonly Entry[], key: string, scale = 1) =>
    of.flatMap((entry): (readonly [number, number])[] =>
      typeof entry[key] === 'number' ? [[Number(entry['step']), scale * entry[key]]] : [],
    );
  const interval =
    report.low === null || report.high === null
      ? ''
      : ` (95 % interval ${percentText(report.low)} to ${percentText(report.high)})`;
  const outcome = accepted
    ? `The policy takes ${percentText(report.change)} of the priced energy of ${start}${interval}, on ${report.workloads} workloads that nothing was chosen by.`
    : `Nothing proved better than ${start}: the model is that rule.`;
  const measures = Object.keys(log[0] ?? {}).filter(
    (key) => !['step', 'seconds', 'decisions', 'change', 'upper'].includes(key),
  );
  const rows = [
    ['cluster', trained.cluster.name],
    ['algorithm', `${trained.algorithm}, ${trained.steps} ${trained.unit}, seed ${trained.seed}`],
    ['took', `${trained.seconds} s, ${trained.decisions} placements decided`],
    ['began at', start],
    [
      'on the workloads of acceptance',
      `${percentText(validation.change)}, at most ${percentText(validation.upper)}, after ${validation.generation} ${trained.unit}`,
    ],
    ['accepted', accepted ? 'yes' : 'no'],
    ['model', `sha256 ${model.sha256}`],
    ['command', origin.command],
    ['code', origin.code],
  ];
  const assumptions = 'assumptions' in trained.cluster ? trained.cluster.assumptions : [];
  const zero: Series = {
    name: '',
    colour: '#8888',
    points: [
      [0, 0],
      [trained.steps, 0],
    ],
  };
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Training for ${escapeHtml(trained.cluster.name)}</title><style>${STYLE}</style></head><body>
<h1>Training for ${escapeHtml(trained.cluster.name)}</h1>
<p>${escapeHtml(outcome)}</p>
${htmlTable(['', ''], rows as string[][])}
${assumptions.length === 0 ? '' : `<h2>Taken as usual, since it was not known</h2><ul>${assumptions.map((each) => `<li>${escapeHtml(each)}</li>`).join('')}</ul>`}
<h2>Validation against ${escapeHtml(start)}</h2>
${chart(`${trained.unit}`, '% of the priced energy', [
  { name: 'change', colour: '#0284c7', points: [[0, 0], ...line(validated, 'change', 100)] },
  { name: 'upper end of the 95 % interval', colour: '#ea580c', points: line(validated, 'upper', 100) },
  zero,
])}
${measures.map((name) => `<h2>${escapeHtml(name)}</h2>${chart(trained.unit, name, [{ name, colour: '#16a34a', points: line(log, name) }])}`).join('\n')}
<h2>Weights</h2>
${htmlTable(
  ['term', 'weight'],
  Object.entries(weights).map(([name, weight]) => [name, weight.toPrecision(4)]),
)}
</body></html>
`;
}

function chart(x: string, y: string, series: readonly Series[]): string {
  const all = series.flatMap(({ points }) => points);
  if (all.length === 0) return '<p>nothing to draw</p>';
  const xs = all.map(([at]) => at);
  const ys = all.map(([, value]) => value);
  const [fromX, toX] = [Math.min(...xs), Math.max(...xs, Math.min(...xs) + 1)];
  const [least, most] = [Math.min(...ys), Math.max(...ys)];
  const room = most > least ? (most - least) * 0.06 : 1;
  const [fromY, toY] = [least - room, most + room];
  const px = (at: number) => LEFT + ((at - fromX) / (toX - fromX)) * (WIDTH - LEFT - RIGHT);
  const py = (value: number) => HEIGHT - BOTTOM - ((value - fromY) / (toY - fromY)) * (HEIGHT - BOTTOM - TOP);
  const parts: string[] = [];
  for (let i = 0; i <= TICKS; i++) {
    const value = fromY + ((toY - fromY) * i) / TICKS;
    const at = fromX + ((toX - fromX) * i) / TICKS;
    parts.push(
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${py(value).toFixed(1)}" y2="${py(value).toFixed(1)}"/>`,
      `<text x="${LEFT - 6}" y="${(py(value) + 4).toFixed(1)}" text-anchor="end">${value.toPrecision(3)}</text>`,
      `<text x="${px(at).toFixed(1)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${Math.round(at)}</text>`,
    );
  }
  for (const { colour, points } of series) {
    const path = points.map(([at, value]) => `${px(at).toFixed(1)},${py(value).toFixed(1)}`).join(' ');
    parts.push(`<polyline fill="none" stroke="${colour}" stroke-width="1.8" points="${path}"/>`);
  }
  const legend = series
    .filter(({ name }) => name !== '')
    .map(({ name, colour }) => `<span style="color:${colour}">&#9632;</span> ${escapeHtml(name)}`);
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(y)} by ${escapeHtml(x)}">${parts.join('')}<text x="${WIDTH - RIGHT}" y="${HEIGHT - 4}" text-anchor="end">${escapeHtml(x)}</text></svg><p>${legend.join(' &nbsp; ')} (${escapeHtml(y)})</p>`;
}
