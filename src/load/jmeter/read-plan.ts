import { readFileSync } from 'node:fs';
import { systemErrorCode } from '../../util/errors.ts';
import type { ScriptStep, UserGroup } from '../http/closed-loop.ts';
import type { LoadTarget } from '../http/target.ts';
import { type LoadPattern, type PatternStep, StepPattern } from '../pattern/load-pattern.ts';
import { type PlanElement, parsePlan } from './element.ts';
import { jmeterErrors } from './errors.ts';
import { requestTarget } from './http-request.ts';
import { Variables } from './variables.ts';

/** What of a JMeter plan is driven here. */
export interface JmeterPlan {
  readonly targets: readonly LoadTarget[];
  readonly groups: readonly UserGroup[];
  /** What is done otherwise than in JMeter, for the user to know. */
  readonly notes: readonly string[];
}

/** Of groups that run until somebody stops them. */
export const ENDLESS_SECONDS = 1e9;
const MOST_STEPS = 100_000;

/** They only show or keep what was measured. */
const listeners: readonly string[] = ['ResultCollector', 'Summariser'];
const samplers: readonly string[] = ['HTTPSamplerProxy', 'HTTPSampler', 'HTTPSampler2'];

/**
 * Thread groups and HTTP samplers of a `.jmx` file, as users with scripts. Disabled elements are passed over.
 *
 * @param mostSeconds ends every group after so long
 * @throws KISIM_E_LOAD_PLAN, KISIM_E_LOAD_PLAN_ELEMENT, KISIM_E_LOAD_PLAN_VALUE; with file, line and path of the element
 */
export function readJmeterPlan(path: string, mostSeconds?: number): JmeterPlan {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw jmeterErrors.KISIM_E_LOAD_PLAN(`${path}: ${systemErrorCode(cause) ?? String(cause)}`, { cause });
  }
  return parseJmeterPlan(path, text, mostSeconds);
}

/** @param file its name in messages */
export function parseJmeterPlan(file: string, text: string, mostSeconds?: number): JmeterPlan {
  const reader = new PlanReader(mostSeconds ?? Number.POSITIVE_INFINITY);
  for (const element of parsePlan(file, text)) {
    if (!element.isEnabled) continue;
    if (element.kind !== 'TestPlan') throw unknown(element);
    reader.testPlan(element);
  }
  if (reader.groups.length === 0)
    throw jmeterErrors.KISIM_E_LOAD_PLAN(`${file}: no thread group that is enabled`);
  return reader;
}

function unknown(element: PlanElement): Error {
  return jmeterErrors.KISIM_E_LOAD_PLAN_ELEMENT(element.place);
}

/** What the elements around a sampler give to it, nearest first. */
interface Scope {
  readonly defaults: readonly PlanElement[];
  readonly headers: Readonly<Record<string, string>>;
  readonly timers: readonly ScriptStep[];
}

class PlanReader implements JmeterPlan {
  readonly targets: LoadTarget[] = [];
  readonly groups: UserGroup[] = [];
  readonly notes: string[] = [];
  readonly #mostSeconds: number;
  readonly #variables = new Variables();

  constructor(mostSeconds: number) {
    this.#mostSeconds = mostSeconds;
  }

  testPlan(plan: PlanElement): void {
    const own = plan.part('TestPlan.user_defined_variables');
    if (own !== undefined) this.#define(own);
    if (plan.flag('TestPlan.serialize_threadgroups', this.#variables))
      throw jmeterErrors.KISIM_E_LOAD_PLAN_ELEMENT(`${plan.place}: thread groups one after the other`);
    const scope = this.#scopeOf(plan, { defaults: [], headers: {}, timers: [] });
    for (const child of plan.children) {
      if (!child.isEnabled || this.#isConfiguration(child)) continue;
      if (child.kind !== 'ThreadGroup') throw unknown(child);
      this.#group(child, scope);
    }
  }

  #define(list: PlanElement): void {
    for (const argument of list.collection('Arguments.arguments')) {
      const name = argument.text('Argument.name', this.#variables);
      const value = argument.text('Argument.value', this.#variables) ?? '';
      if (name !== undefined) this.#variables.define(name, value, argument.place);
    }
  }

  #isConfiguration({ kind }: PlanElement): boolean {
    return (
      listeners.includes(kind) ||
      ['ConfigTestElement', 'HeaderManager', 'Arguments', 'ConstantTimer', 'UniformRandomTimer'].includes(
        kind,
      )
    );
  }

  /** Configuration and timers count for everything beside and below them. */
  #scopeOf(parent: PlanElement, outer: Scope): Scope {
    const enabled = parent.children.filter(({ isEnabled }) => isEnabled);
    for (const child of enabled) if (child.kind === 'Arguments') this.#define(child);
    const variables = this.#variables;
    const headers: Record<string, string> = { ...outer.headers };
    const timers = [...outer.timers];
    for (const child of enabled) {
      if (child.kind === 'HeaderManager')
        for (const header of child.collection('HeaderManager.headers'))
          setHeader(
            headers,
            header.text('Header.name', variables) ?? '',
            header.text('Header.value', variables) ?? '',
          );
      const delay = () => (child.number('ConstantTimer.delay', variables) ?? 0) / 1000;
      if (child.kind === 'ConstantTimer')
        timers.push({ kind: 'think', time: { kind: 'constant', seconds: delay() } });
      if (child.kind === 'UniformRandomTimer') {
        const fromSeconds = delay();
        const toSeconds = fromSeconds + (child.number('RandomTimer.range', variables) ?? 0) / 1000;
        timers.push({ kind: 'think', time: { kind: 'uniform', fromSeconds, toSeconds } });
      }
    }
    const defaults = enabled.filter(({ kind }) => kind === 'ConfigTestElement');
    return { defaults: [...defaults, ...outer.defaults], headers, timers };
  }

  #group(group: PlanElement, outer: Scope): void {
    const variables = this.#variables;
    const onError = group.text('ThreadGroup.on_sample_error', variables) ?? 'continue';
    if (onError !== 'continue')
      throw jmeterErrors.KISIM_E_LOAD_PLAN_ELEMENT(
        `${group.place}: ThreadGroup.on_sample_error is '${onError}'`,
      );
    const threads = group.number('ThreadGroup.num_threads', variables, 1);
    if (threads === undefined || !Number.isInteger(threads))
      throw jmeterErrors.KISIM_E_LOAD_PLAN_VALUE(
        `${group.place}: ThreadGroup.num_threads is no whole number`,
      );
    const controller = group.part('ThreadGroup.main_controller');
    const loops =
      controller?.flag('LoopController.continue_forever', variables) === true &&
      controller.text('LoopController.loops', variables) === undefined
        ? -1
        : (controller?.number('LoopController.loops', variables, -1) ?? 1);
    const script = this.#script(group, this.#scopeOf(group, outer));
    if (!script.some(({ kind }) => kind === 'request'))
      throw jmeterErrors.KISIM_E_LOAD_PLAN_VALUE(`${group.place}: no HTTP request that is enabled`);
    this.groups.push({
      name: group.name,
      pattern: this.#pattern(group, threads),
      script,
      loops: loops < 0 ? Number.POSITIVE_INFINITY : loops,
    });
  }

  /** Thread number i of n starts after i / n of the ramp-up. */
  #pattern(group: PlanElement, threads: number): LoadPattern {
    const number = (property: string) => group.number(property, this.#variables);
    const scheduled = group.flag('ThreadGroup.scheduler', this.#variables);
    const delay = scheduled ? (number('ThreadGroup.delay') ?? 0) : 0;
    const ramp = number('ThreadGroup.ramp_time') ?? 0;
    const duration = scheduled ? number('ThreadGroup.duration') : undefined;
    const end = Math.min(
      duration === undefined || duration === 0 ? ENDLESS_SECONDS : delay + duration,
      this.#mostSeconds,
    );
    const steps: PatternStep[] = [];
    const until = (untilSeconds: number, level: number) => {
      const last = steps.at(-1)?.untilSeconds ?? 0;
      if (untilSeconds > last && last < end) steps.push({ untilSeconds: Math.min(untilSeconds, end), level });
    };
    until(delay, 0);
    for (let i = 1; i < threads; i++) until(delay + (i * ramp) / threads, i);
    until(end, threads);
    return new StepPattern(group.name === '' ? 'thread group' : group.name, steps);
  }

  #script(parent: PlanElement, scope: Scope): ScriptStep[] {
    return parent.children.flatMap((child) => {
      if (!child.isEnabled || this.#isConfiguration(child)) return [];
      if (samplers.includes(child.kind)) return this.#request(child, this.#scopeOf(child, scope));
      if (child.kind === 'GenericController' || child.kind === 'TransactionController')
        return this.#script(child, this.#scopeOf(child, scope));
      if (child.kind === 'LoopController') {
        const times = child.number('LoopController.loops', this.#variables, 1) ?? 1;
        const once = this.#script(child, this.#scopeOf(child, scope));
        if (once.length * times > MOST_STEPS)
          throw jmeterErrors.KISIM_E_LOAD_PLAN_VALUE(
            `${child.place}: ${times} loops of ${once.length} steps`,
          );
        return Array.from({ length: times }, () => once).flat();
      }
      throw unknown(child);
    });
  }

  #request(sampler: PlanElement, scope: Scope): ScriptStep[] {
    for (const child of sampler.children)
      if (child.isEnabled && !this.#isConfiguration(child)) throw unknown(child);
    const redirects = ['HTTPSampler.follow_redirects', 'HTTPSampler.auto_redirects'];
    const note = 'redirects are not followed: an answer of status 3xx counts as it is';
    if (redirects.some((name) => sampler.flag(name, this.#variables)) && !this.notes.includes(note))
      this.notes.push(note);
    this.targets.push(requestTarget(sampler, scope.defaults, scope.headers, this.#variables));
    return [...scope.timers, { kind: 'request', target: this.targets.length - 1 }];
  }
}

/** Names of headers are the same in any case; the nearest one counts. */
function setHeader(headers: Record<string, string>, name: string, value: string): void {
  const same = Object.keys(headers).find((each) => each.toLowerCase() === name.toLowerCase());
  if (same !== undefined) delete headers[same];
  headers[name] = value;
}
