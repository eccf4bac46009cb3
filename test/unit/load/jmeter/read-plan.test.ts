import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ENDLESS_SECONDS, parseJmeterPlan, readJmeterPlan } from '../../../../src/load/jmeter/read-plan.ts';

const file = new URL('fifty-threads.jmx', import.meta.url).pathname;
const text = readFileSync(file, 'utf8');

const code = (name: string, found: RegExp) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === name && found.test(error.message);

/** The plan with one piece of its text replaced. */
function changed(from: string, to: string): string {
  assert.ok(text.includes(from), from);
  return text.replace(from, to);
}

test('fifty threads start within the ramp-up and run until they are stopped', () => {
  const { groups } = readJmeterPlan(file);
  assert.equal(groups.length, 1);
  const [{ name, pattern, loops }] = groups as [(typeof groups)[0]];
  assert.equal(name, 'customers');
  assert.equal(loops, Number.POSITIVE_INFINITY);
  assert.deepEqual(
    [0, 0.019, 0.021, 0.5, 0.99, 3600].map((at) => pattern.levelAt(at)),
    [1, 1, 2, 26, 50, 50],
  );
  assert.equal(pattern.durationSeconds, ENDLESS_SECONDS);
  assert.equal(readJmeterPlan(file, 30).groups[0]!.pattern.durationSeconds, 30);
});

test('requests have the defaults, headers and bodies in whose scope they stand', () => {
  const { targets, notes } = readJmeterPlan(file);
  assert.deepEqual(
    targets.map(({ name, method, origin, path, body, timeoutMilliseconds }) => ({
      name,
      method,
      url: `${origin}${path}`,
      body,
      timeoutMilliseconds,
    })),
    [
      {
        name: 'burn',
        method: 'GET',
        url: 'http://127.0.0.1:8080/cpu?ms=exp%3A2',
        body: undefined,
        timeoutMilliseconds: 2000,
      },
      {
        name: 'order',
        method: 'POST',
        url: 'http://127.0.0.1:8080/network?kb=1',
        body: '{"item": 7}',
        timeoutMilliseconds: 500,
      },
    ],
  );
  assert.deepEqual(targets[0]!.headers, { Accept: 'text/plain', 'X-Plan': 'shop' });
  assert.deepEqual(targets[1]!.headers, {
    'X-Plan': 'shop',
    'Content-Type': 'application/json',
    accept: 'application/json',
  });
  assert.equal(notes.length, 1);
});

test('timers come before every request in their scope', () => {
  const [group] = readJmeterPlan(file).groups;
  const all = { kind: 'think', time: { kind: 'uniform', fromSeconds: 0.1, toSeconds: 0.30000000000000004 } };
  assert.deepEqual(group!.script, [
    all,
    { kind: 'think', time: { kind: 'constant', seconds: 0.15 } },
    { kind: 'request', target: 0 },
    all,
    { kind: 'request', target: 1 },
  ]);
});

test('an element that is not understood is named with its place', () => {
  const enabled = changed('testname="cookies" enabled="false"', 'testname="cookies" enabled="true"');
  const line = text.split('\n').findIndex((each) => each.includes('<CookieManager')) + 1;
  assert.throws(
    () => parseJmeterPlan('p.jmx', enabled),
    code(
      'KISIM_E_LOAD_PLAN_ELEMENT',
      new RegExp(`p\\.jmx:${line}: TestPlan 'shop' / ThreadGroup 'customers' / CookieManager 'cookies'`),
    ),
  );
  const assertion = changed(
    'testname="not any more" enabled="false"',
    'testname="not any more" enabled="true"',
  );
  assert.throws(
    () => parseJmeterPlan('p.jmx', assertion),
    code('KISIM_E_LOAD_PLAN_ELEMENT', /HTTPSamplerProxy 'not any more' \/ ResponseAssertion/),
  );
});

for (const [from, to, name, found] of [
  ['>50<', '>many<', 'KISIM_E_LOAD_PLAN_VALUE', /ThreadGroup\.num_threads is 'many'/],
  ['>50<', '>2.5<', 'KISIM_E_LOAD_PLAN_VALUE', /num_threads is no whole number/],
  ['>\u0024{host}<', '>\u0024{hots}<', 'KISIM_E_LOAD_PLAN_VALUE', /\$\{hots\} has no value/],
  ['>\u0024{host}<', '>\u0024{__time()}<', 'KISIM_E_LOAD_PLAN_VALUE', /\$\{__time\(\)\} has no value/],
  ['>\u0024{host}<', '><', 'KISIM_E_LOAD_PLAN_VALUE', /HTTPSampler\.domain is not given/],
  ['>http<', '>ftp<', 'KISIM_E_LOAD_PLAN_VALUE', /'burn': 'ftp:\/\/.*no http/],
  ['>continue<', '>stopthread<', 'KISIM_E_LOAD_PLAN_ELEMENT', /on_sample_error is 'stopthread'/],
  ['serialize_threadgroups">false', 'serialize_threadgroups">true', 'KISIM_E_LOAD_PLAN_ELEMENT', /one after/],
  [
    'name="HTTPSampler.postBodyRaw">',
    'name="HTTPSampler.image_parser">',
    'KISIM_E_LOAD_PLAN_ELEMENT',
    /'order': HTTPSampler\.image_parser/,
  ],
  [
    'testname="customers" enabled="true"',
    'testname="customers" enabled="false"',
    'KISIM_E_LOAD_PLAN',
    /no thread group/,
  ],
  ['</jmeterTestPlan>', '', 'KISIM_E_LOAD_PLAN', /p\.jmx: /],
] as const)
  test(`a plan with ${to || 'no end'} in place of ${from} is refused`, () => {
    assert.throws(() => parseJmeterPlan('p.jmx', changed(from, to)), code(name, found));
  });

test('what is no plan is refused', () => {
  assert.throws(() => parseJmeterPlan('p.jmx', '<html/>'), code('KISIM_E_LOAD_PLAN', /<html>/));
  assert.throws(() => parseJmeterPlan('p.jmx', 'nothing'), code('KISIM_E_LOAD_PLAN', /p\.jmx: /));
  assert.throws(() => readJmeterPlan('/nowhere/p.jmx'), code('KISIM_E_LOAD_PLAN', /ENOENT/));
});

test('a scheduler gives a delay and a duration; loops end a group', () => {
  const scheduled = changed('scheduler">false', 'scheduler">true')
    .replace('ThreadGroup.duration">', 'ThreadGroup.duration">20')
    .replace('ThreadGroup.delay">', 'ThreadGroup.delay">5')
    .replace('loops">-1', 'loops">3');
  const [group] = parseJmeterPlan('p.jmx', scheduled).groups;
  assert.equal(group!.loops, 3);
  assert.deepEqual(
    [4.9, 5, 6, 24.9].map((at) => group!.pattern.levelAt(at)),
    [0, 1, 50, 50],
  );
  assert.equal(group!.pattern.durationSeconds, 25);
});

test('a time limit shorter than the ramp-up cuts it', () => {
  const [group] = parseJmeterPlan('p.jmx', text, 0.5).groups;
  assert.equal(group!.pattern.durationSeconds, 0.5);
  assert.equal(group!.pattern.highestLevel, 25);
});

test('controllers group and repeat what is below them', () => {
  const sampler = (name: string) =>
    `<HTTPSamplerProxy testname="${name}"><stringProp name="HTTPSampler.domain">h</stringProp></HTTPSamplerProxy><hashTree/>`;
  const plan = `<jmeterTestPlan><hashTree><TestPlan testname="t"/><hashTree><ThreadGroup testname="g"><intProp name="ThreadGroup.num_threads">2</intProp></ThreadGroup><hashTree>
<GenericController testname="simple"/><hashTree>${sampler('a')}</hashTree>
<LoopController testname="thrice"><stringProp name="LoopController.loops">3</stringProp></LoopController><hashTree>${sampler('b')}</hashTree>
<TransactionController testname="all"/><hashTree>${sampler('c')}</hashTree>
</hashTree></hashTree></hashTree></jmeterTestPlan>`;
  const { groups, targets } = parseJmeterPlan('p.jmx', plan);
  const names = groups[0]!.script.map((step) =>
    step.kind === 'request' ? targets[step.target]!.name : step.kind,
  );
  assert.deepEqual(names, ['a', 'b', 'b', 'b', 'c']);
  assert.equal(groups[0]!.loops, 1);
});

test('parameters of a POST are a form, encoded where the plan says so', () => {
  const form = changed('<boolProp name="HTTPSampler.postBodyRaw">true</boolProp>', '')
    .replace(
      '<stringProp name="Argument.value">{"item": 7}</stringProp>',
      '<stringProp name="Argument.name">a b</stringProp><stringProp name="Argument.value">1 &amp; 2</stringProp><boolProp name="HTTPArgument.always_encode">true</boolProp>',
    )
    .replace('Content-Type', 'X-Other');
  const target = parseJmeterPlan('p.jmx', form).targets[1]!;
  assert.equal(target.body, 'a+b=1+%26+2');
  assert.equal(target.headers['content-type'], 'application/x-www-form-urlencoded');
});
