import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { jsonLine, plainTable } from '../../../../src/cli/top/plain.ts';
import { pageRows, renderScreen, type TopScene } from '../../../../src/cli/top/render.ts';
import { selectRows } from '../../../../src/cli/top/rows.ts';
import { displayWidth } from '../../../../src/cli/top/text.ts';
import { initialView } from '../../../../src/cli/top/view-state.ts';
import { simulatedView } from '../../../support/placement-views.ts';
import { nowEntity, nowSnapshotOf } from '../../../support/snapshots.ts';

const entities = [
  nowEntity('process', 'nginx', { pid: 10, watts: 3, joules: 5, containerId: 'c1', podUid: 'u1' }),
  nowEntity('process', 'hog', { pid: 11, watts: 9, joules: 2, cpus: 1 }),
  nowEntity('process', 'lost', { pid: 12, watts: null, joules: 50 }),
  nowEntity('process', 'gone', { pid: 13, state: 'terminated' }),
  nowEntity('container', 'web', { containerId: 'c1', podUid: 'u1', runtime: 'containerd' }),
  nowEntity('pod', 'web-1', { podUid: 'u1', namespace: 'default' }),
];
const snapshot = nowSnapshotOf(entities);
const scene: TopScene = { snapshot, recentWatts: [40, null, 45], origin: 'own meter', notice: '' };
const size = { columns: 120, rows: 20 };
const screen = (over: Partial<TopScene> = {}, view = {}) =>
  renderScreen({ ...scene, ...over }, { ...initialView, ...view }, size, false);
const names = (view: Partial<typeof initialView>) =>
  selectRows(snapshot, { ...initialView, ...view }).map(({ entity }) => entity.name);

test('rows are sorted, the unknown last by watts, and what has ended is left out', () => {
  assert.deepEqual(names({ sort: 'watts' }), ['hog', 'nginx', 'lost']);
  assert.deepEqual(names({ sort: 'joules' }), ['lost', 'nginx', 'hog']);
  assert.deepEqual(names({ sort: 'cpu' })[0], 'hog');
  assert.deepEqual(names({ sort: 'name' }), ['hog', 'lost', 'nginx']);
});

test('the filter looks at name, pid and place', () => {
  assert.deepEqual(names({ filter: 'NGI' }), ['nginx']);
  assert.deepEqual(names({ filter: '11' }), ['hog']);
  assert.deepEqual(names({ filter: 'default/web-1' }), ['nginx']);
});

test('a process is shown with its executable, for names that many share', () => {
  const shared = nowSnapshotOf([nowEntity('process', 'MainThread', { exe: '/opt/app/bin/node' })], {});
  assert.match(
    plainTable(shared, { group: 'process', sort: 'watts', filter: '', limit: 9 }),
    /MainThread +- +\/opt\/app\/bin\/node/,
  );
});

test('the screen tells the node, its parts, the source and the rows', () => {
  const text = screen().join('\n');
  assert.match(text, /node 45\.25 W {3}measured by rapl-powercap {3}▇ █/);
  assert.match(
    text,
    /idle 30\.00 W {3}active 14\.00 W {3}unattributed 1\.250 W {3}CPU 120 % of 800 % {3}321 processes/,
  );
  assert.match(text, /9\.000 {4}100\.0 {7}2\.00 {7}11 {2}hog/);
  assert.match(text, /nginx +pod default\/web-1, container web/);
  assert.match(text, /\? {5}50\.0 {6}50\.00 {7}12 {2}lost/);
});

test('an estimate is marked in the head and in every row, with and without colour', () => {
  const estimated = nowSnapshotOf([nowEntity('process', 'hog', { provenance: 'estimated', watts: 9 })], {
    node: { provenance: 'estimated', sources: ['estimated'], idleState: 'provisional' },
  });
  const text = screen({ snapshot: estimated }).join('\n');
  assert.match(text, /ESTIMATED/);
  assert.match(text, /idle 30\.00 W \(provisional\)/);
  assert.match(text, /~9\.000 .*~10\.00/);
  const coloured = renderScreen({ ...scene, snapshot: estimated }, initialView, size, true).join('\n');
  assert.ok(coloured.includes('\x1b[1;33mESTIMATED\x1b[0m'));
  assert.equal(stripVTControlCharacters(coloured), text);
  assert.match(plainTable(estimated, { ...initialView, limit: 5 }), /ESTIMATED\n(.|\n)*~9\.000/);
});

test('the lines are as many as the screen has and none is wider, at any size', () => {
  for (const columns of [1, 10, 40, 80, 200]) {
    for (const rows of [1, 2, 5, 6, 24, 60]) {
      for (const help of [false, true]) {
        const lines = renderScreen(scene, { ...initialView, help }, { columns, rows }, false);
        assert.equal(lines.length, rows);
        for (const line of lines) assert.ok(displayWidth(line) <= columns, `${columns}: ${line}`);
      }
    }
  }
});

test('scrolling stops at the last page', () => {
  const many = nowSnapshotOf(
    Array.from({ length: 100 }, (_, i) => nowEntity('process', `p${i}`, { pid: i + 1, watts: 100 - i })),
  );
  const lines = screen({ snapshot: many }, { scroll: 1e9 });
  assert.match(lines.at(-2) ?? '', / p99/);
  assert.match(lines.join('\n'), /87-100 of 100/);
});

test('before the first interval and without a source it says so', () => {
  assert.match(screen({ snapshot: undefined }).join('\n'), /waiting for the first interval/);
  const none = nowSnapshotOf([], { node: { provenance: null, sources: [], watts: null } });
  assert.match(screen({ snapshot: none }).join('\n'), /node \? W {3}NO SOURCE OF ENERGY/);
});

test('names are made harmless', () => {
  const evil = nowSnapshotOf([nowEntity('process', 'a\x1b]0;x\x07', { exe: '\x1b[2J' })], {
    nodeName: 'n\x1b[H',
  });
  assert.ok(!screen({ snapshot: evil }).join('').includes('\x1b'));
  assert.ok(!plainTable(evil, { ...initialView, limit: 5 }).includes('\x1b'));
});

test('the foot shows the filter being typed, the pause and a notice', () => {
  assert.match(screen({}, { typing: 'ngi' }).at(-1) ?? '', /^filter: ngi/);
  assert.match(screen({}, { paused: true }).at(-1) ?? '', /^PAUSED/);
  const noticed = renderScreen({ ...scene, notice: 'no daemon answers' }, initialView, size, false);
  assert.match(noticed.at(-1) ?? '', /no daemon answers/);
});

test('a plain table is limited and says what it leaves out', () => {
  const text = plainTable(snapshot, { ...initialView, limit: 2 });
  assert.match(text, /and 1 more/);
  assert.ok(text.endsWith('\n\n'));
  assert.match(text.split('\n')[0] ?? '', /^2026-01-31T12:00:00\.000Z {2}node-1 {2}node 45\.25 W/);
});

test('a JSON line has the node and the chosen rows with null for the unknown', () => {
  const line = jsonLine(snapshot, { ...initialView, sort: 'name', limit: 2 });
  assert.ok(line.endsWith('\n') && !line.slice(0, -1).includes('\n'));
  const { node, by, entities: rows } = JSON.parse(line);
  assert.equal(node.watts, 45.25);
  assert.equal(by, 'process');
  assert.deepEqual(
    rows.map(({ name, watts }: { name: string; watts: number | null }) => [name, watts]),
    [
      ['hog', 9],
      ['lost', null],
    ],
  );
});

test('the help tells where the energy of each zone comes from', () => {
  const zone = {
    id: 'node-estimated',
    kind: 'other',
    socket: null,
    counted: true,
    exclusion: '',
    source: 'estimated',
    provenance: 'estimated',
    path: 'models/cpu-watts.json#any',
    description: 'unknown processor, error up to 60 %',
    watts: 1,
    maxWatts: null,
    idleWatts: 0.5,
    idleState: 'set',
    joules: 1,
    gap: null,
    gaps: {},
  } as const;
  const plain = { ...zone, id: 'package-0', path: '/sys/class/powercap/intel-rapl:0', description: '' };
  const help = renderScreen(
    { ...scene, snapshot: nowSnapshotOf(entities, { zones: [zone, plain] }) },
    { ...initialView, help: true },
    { columns: 120, rows: 30 },
    false,
  ).join('\n');
  assert.match(help, /node-estimated {3}models\/cpu-watts\.json#any: unknown processor, error up to 60 %/);
  assert.match(help, /package-0 {3}\/sys\/class\/powercap\/intel-rapl:0 *\n/);
});

test('lines of placement stand between the table and the foot, and leave the table three rows', () => {
  const placement = ['placement  SIMULATED cluster', '  a decision', '  energy'];
  const lines = screen({ placement });
  assert.equal(lines.length, size.rows);
  assert.match(lines.at(-1)!, /q quit/);
  assert.deepEqual(
    lines.slice(-4, -1).map((line) => line.trimEnd()),
    placement,
  );
  const small = renderScreen({ ...scene, placement }, initialView, { columns: 60, rows: 11 }, false);
  assert.equal(small.length, 11);
  assert.equal(small.filter((line) => /nginx|hog|lost/.test(line)).length, 3);
  assert.equal(small.filter((line) => line.startsWith('placement')).length, 1);
  assert.equal(pageRows({ columns: 60, rows: 11 }, 3), 3);
  const tiny = renderScreen({ ...scene, placement }, initialView, { columns: 60, rows: 4 }, false);
  assert.equal(tiny.length, 4);
});

test('a simulated cluster is marked by colour too', () => {
  const placement = ['placement  SIMULATED cluster'];
  const lines = renderScreen({ ...scene, placement }, initialView, size, true);
  assert.ok(lines.find((line) => line.includes('SIMULATED'))!.startsWith('\u001b[1;33m'));
});

test('plain tables have the lines of placement below, JSON has the view', () => {
  const plain = { group: 'process', sort: 'watts', filter: '', limit: 9 } as const;
  assert.match(plainTable(snapshot, plain, ['placement  x', '  y']), /\nplacement {2}x\n {2}y\n\n$/);
  assert.equal(JSON.parse(jsonLine(snapshot, plain, simulatedView())).placement.cluster, 'simulated');
  assert.equal(JSON.parse(jsonLine(snapshot, plain, null)).placement, null);
  assert.ok(!('placement' in JSON.parse(jsonLine(snapshot, plain))));
});
