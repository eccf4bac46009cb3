import { KisimError } from '../../util/errors.ts';
import { type LoadTarget, makeTarget } from '../http/target.ts';
import type { PlanElement } from './element.ts';
import { jmeterErrors } from './errors.ts';
import type { Variables } from './variables.ts';

const FORM = 'application/x-www-form-urlencoded';
const withoutBody: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE'];

/** Properties that change what is sent or counted, and that nothing here does. */
const refusedFlags = ['HTTPSampler.image_parser', 'HTTPSampler.DO_MULTIPART_POST'] as const;
const refusedTexts = ['HTTPSampler.proxyHost', 'HTTPSampler.ipSource'] as const;

/**
 * One HTTP request of a plan. What it does not say is taken from the nearest defaults that do.
 *
 * @param defaults HTTP request defaults in whose scope it stands, nearest first
 * @param headers of all header managers in whose scope it stands
 * @throws KISIM_E_LOAD_PLAN_VALUE, KISIM_E_LOAD_PLAN_ELEMENT
 */
export function requestTarget(
  sampler: PlanElement,
  defaults: readonly PlanElement[],
  headers: Readonly<Record<string, string>>,
  variables: Variables,
): LoadTarget {
  const sources = [sampler, ...defaults];
  const text = (property: string) => firstOf(sources, (source) => source.text(property, variables));
  const number = (property: string) => firstOf(sources, (source) => source.number(property, variables));
  for (const source of sources) refuseWhatIsNotDone(source, variables);
  const method = (sampler.text('HTTPSampler.method', variables) ?? 'GET').toUpperCase();
  const path = text('HTTPSampler.path') ?? '/';
  const parameters = sources.flatMap(
    (source) => source.part('HTTPsampler.Arguments')?.collection('Arguments.arguments') ?? [],
  );
  const isRaw = sampler.flag('HTTPSampler.postBodyRaw', variables);
  const value = (argument: PlanElement) => argument.exactText('Argument.value', variables);
  const raw = parameters.map(value).join('');
  const query = parameters.map((argument) => parameterText(argument, value(argument), variables)).join('&');
  const inUrl = !isRaw && query !== '' && withoutBody.includes(method);
  const url = `${originOf(sampler, path, text, number)}${inUrl ? `${path.includes('?') ? '&' : '?'}${query}` : ''}`;
  const body = isRaw ? raw : inUrl ? '' : query;
  const named = Object.keys(headers).map((name) => name.toLowerCase());
  const type = body !== '' && !isRaw && !named.includes('content-type') ? { 'content-type': FORM } : {};
  try {
    return makeTarget({
      url,
      name: sampler.name === '' ? undefined : sampler.name,
      method,
      headers: { ...type, ...headers },
      body: body === '' ? undefined : body,
      closesConnection: sampler.text('HTTPSampler.use_keepalive', variables) === 'false',
      // 0 is no time-out of its own.
      timeoutMilliseconds: number('HTTPSampler.response_timeout') || undefined,
    });
  } catch (cause) {
    if (!(cause instanceof KisimError)) throw cause;
    throw jmeterErrors.KISIM_E_LOAD_PLAN_VALUE(`${sampler.place}: ${cause.found}`, { cause });
  }
}

function originOf(
  sampler: PlanElement,
  path: string,
  text: (property: string) => string | undefined,
  number: (property: string) => number | undefined,
): string {
  if (/^https?:\/\//i.test(path)) return path;
  const domain = text('HTTPSampler.domain');
  if (domain === undefined)
    throw jmeterErrors.KISIM_E_LOAD_PLAN_VALUE(`${sampler.place}: HTTPSampler.domain is not given`);
  const protocol = (text('HTTPSampler.protocol') ?? 'http').toLowerCase();
  const port = number('HTTPSampler.port');
  return `${protocol}://${domain}${port === undefined ? '' : `:${port}`}${path.startsWith('/') ? '' : '/'}${path}`;
}

function parameterText(argument: PlanElement, value: string, variables: Variables): string {
  const name = argument.text('Argument.name', variables) ?? '';
  const encode = argument.flag('HTTPArgument.always_encode', variables);
  const coded = (text: string) => (encode ? encodeURIComponent(text).replaceAll('%20', '+') : text);
  const equals = argument.text('HTTPArgument.use_equals', variables) !== 'false';
  return equals || value !== '' ? `${coded(name)}=${coded(value)}` : coded(name);
}

function refuseWhatIsNotDone(source: PlanElement, variables: Variables): void {
  const refuse = (property: string) =>
    jmeterErrors.KISIM_E_LOAD_PLAN_ELEMENT(`${source.place}: ${property}`, {
      action: 'clear this setting in the plan, or disable the request',
    });
  for (const property of refusedFlags) if (source.flag(property, variables)) throw refuse(property);
  for (const property of refusedTexts)
    if (source.text(property, variables) !== undefined) throw refuse(property);
  const files = source.part('HTTPsampler.Files')?.collection('HTTPFileArgs.files') ?? [];
  if (files.length > 0) throw refuse('HTTPsampler.Files');
}

function firstOf<S, T>(sources: readonly S[], pick: (source: S) => T | undefined): T | undefined {
  for (const source of sources) {
    const found = pick(source);
    if (found !== undefined) return found;
  }
  return undefined;
}
