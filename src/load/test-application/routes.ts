import type { RandomStream } from '../../util/rng.ts';
import { type Amount, drawAmount, parseAmount } from './amount.ts';
import { testApplicationErrors } from './errors.ts';
import type { Work } from './work.ts';

interface Parameter {
  readonly name: string;
  /** The greatest amount that a request may ask for. */
  readonly most: number;
}

interface Route {
  readonly parameters: readonly Parameter[];
  readonly work: (amounts: readonly number[]) => Work;
}

const MIB = 1024 * 1024;

/** The routes that cost something. One request can hold no more than these bounds say. */
const routes: Readonly<Record<string, Route>> = {
  cpu: {
    parameters: [{ name: 'ms', most: 60_000 }],
    work: ([ms]) => ({ kind: 'cpu', cpuMilliseconds: ms! }),
  },
  memory: {
    parameters: [
      { name: 'mb', most: 4096 },
      { name: 'seconds', most: 300 },
    ],
    work: ([mb, seconds]) => ({ kind: 'memory', bytes: Math.round(mb! * MIB), seconds: seconds! }),
  },
  disk: {
    parameters: [{ name: 'mb', most: 1024 }],
    work: ([mb]) => ({ kind: 'disk', bytes: Math.round(mb! * MIB) }),
  },
  network: {
    parameters: [{ name: 'kb', most: 1024 * 1024 }],
    work: ([kb]) => ({ kind: 'network', bytes: Math.round(kb! * 1024) }),
  },
};

export const routeNames: readonly string[] = Object.keys(routes);

/** What a request asks for, its draws not yet made. */
export interface Asked {
  readonly route: string;
  /** Draws what is random; call it in the order of arrival, so that a seed gives the same work again. */
  readonly draw: (random: RandomStream) => Work;
}

/**
 * Reads path and query of a request.
 *
 * @throws KISIM_E_TEST_APPLICATION_ROUTE, KISIM_E_TEST_APPLICATION_REQUEST
 */
export function parseRequest(method: string, path: string, query: URLSearchParams): Asked {
  const name = path.slice(1);
  const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
  if (route === undefined || method !== 'GET')
    throw testApplicationErrors.KISIM_E_TEST_APPLICATION_ROUTE(`${method} ${path}`);
  const { parameters, work } = route;
  const amounts = parameters.map((parameter) => amountOf(name, parameter, query));
  for (const given of query.keys()) {
    if (parameters.some((parameter) => parameter.name === given)) continue;
    throw testApplicationErrors.KISIM_E_TEST_APPLICATION_REQUEST(`${path} knows no parameter '${given}'`);
  }
  return { route: name, draw: (random) => work(amounts.map((amount) => drawAmount(amount, random))) };
}

function amountOf(route: string, { name, most }: Parameter, query: URLSearchParams): Amount {
  const given = query.getAll(name);
  const text = given[0];
  if (text === undefined || given.length > 1) {
    const found = `${name} is ${text === undefined ? 'missing' : 'given more than once'} in /${route}`;
    throw testApplicationErrors.KISIM_E_TEST_APPLICATION_REQUEST(found);
  }
  const amount = parseAmount(text, most);
  if (amount === undefined) {
    throw testApplicationErrors.KISIM_E_TEST_APPLICATION_REQUEST(`/${route}?${name}=${text}`, {
      expected: `a number from 0 to ${most}, or exp:MEAN with a mean of at most ${most / 10}`,
    });
  }
  return amount;
}
