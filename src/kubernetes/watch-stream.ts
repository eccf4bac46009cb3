import { unanswered } from './connection.ts';
import { errors } from './errors.ts';
import type { OpenAnswer } from './http-exchange.ts';
import type { WatchEvent } from './kube-api.ts';

const LINE_END = 10;
/** An object may have 1.5 MB in etcd; what is longer than this without a line end is no watch. */
const MAX_LINE_BYTES = 64 * 2 ** 20;

/**
 * The events of an open watch, until the server ends it.
 *
 * @throws KISIM_E_KUBE_UNREACHABLE where the connection breaks, also in the middle of an event; KISIM_E_KUBE_TIMEOUT after
 *   too long a silence; KISIM_E_KUBE_ANSWER for what is no event
 */
export async function* watchEvents(
  what: string,
  answer: OpenAnswer,
  inactivityMilliseconds: number,
): AsyncGenerator<WatchEvent, void, undefined> {
  const silence = setTimeout(
    () => answer.destroy(errors.KISIM_E_KUBE_TIMEOUT(`${what}: silent for ${inactivityMilliseconds} ms`)),
    inactivityMilliseconds,
  );
  let rest: Buffer[] = [];
  let restBytes = 0;
  let ended = false;
  try {
    for await (const chunk of answer.response as AsyncIterable<Buffer>) {
      silence.refresh();
      let from = 0;
      for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, from)) {
        const line = chunk.subarray(from, at);
        from = at + 1;
        const text = rest.length === 0 ? line.toString() : Buffer.concat([...rest, line]).toString();
        rest = [];
        restBytes = 0;
        if (text.trim() !== '') yield eventOf(what, text);
      }
      if (from === chunk.length) continue;
      rest.push(chunk.subarray(from));
      restBytes += chunk.length - from;
      if (restBytes > MAX_LINE_BYTES)
        throw errors.KISIM_E_KUBE_ANSWER(`${what}: a line of ${restBytes} bytes`);
    }
    ended = true;
  } catch (error) {
    throw answer.failure() ?? unanswered(what, error);
  } finally {
    clearTimeout(silence);
    answer.release();
    if (!ended) answer.destroy(new Error('the watch was left'));
  }
  if (restBytes > 0) throw errors.KISIM_E_KUBE_UNREACHABLE(`${what}: ended in the middle of an event`);
}

const types = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);

function eventOf(what: string, text: string): WatchEvent {
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw errors.KISIM_E_KUBE_ANSWER(`${what}: ${error.message}`, { cause: error });
  }
  const isEvent =
    typeof event === 'object' &&
    event !== null &&
    'type' in event &&
    types.has(String(event.type)) &&
    'object' in event;
  if (!isEvent) throw errors.KISIM_E_KUBE_ANSWER(`${what}: ${text.slice(0, 100)}`);
  return event as WatchEvent;
}
