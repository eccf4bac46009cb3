import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialView, parseKeys, press, type ViewState } from '../../../../src/cli/top/view-state.ts';

function after(keys: string, from: ViewState = initialView): ViewState {
  let state = from;
  for (const key of parseKeys(keys)) {
    const next = press(state, key, 10);
    assert.ok(typeof next !== 'string', `${key} ended it`);
    state = next;
  }
  return state;
}

test('arrows and unknown sequences are keys of their own, not letters', () => {
  assert.deepEqual(parseKeys('a\x1b[A\x1b[5~q\x1b[1;5C\x1bOBé'), [
    'a',
    'up',
    'page-up',
    'q',
    'unknown',
    'down',
    'é',
  ]);
  assert.deepEqual(parseKeys('\x1b'), ['escape']);
});

test('letters sort, digits and g group', () => {
  assert.equal(after('j').sort, 'joules');
  assert.equal(after('c').sort, 'cpu');
  assert.equal(after('n').sort, 'name');
  assert.equal(after('nw').sort, 'watts');
  assert.equal(after('1').group, 'vm');
  assert.equal(after('3').group, 'container');
  assert.equal(after('g').group, 'vm', 'after process it begins again');
  assert.equal(after('ggggg').group, 'process');
});

test('a filter is typed, corrected, taken and cleared', () => {
  const typing = after('/ngx');
  assert.equal(typing.typing, 'ngx');
  assert.equal(typing.filter, '', 'not before Enter');
  assert.equal(after('\x7finx\r', typing).filter, 'nginx');
  assert.equal(after('\x1b', typing).typing, undefined);
  assert.equal(after('/abc\r\x1b').filter, '');
  assert.equal(after('/q\r').filter, 'q', 'q is a letter while typing');
});

test('q, control-C end it, control-Z suspends it', () => {
  assert.equal(press(initialView, 'q', 10), 'quit');
  assert.equal(press({ ...initialView, typing: 'a' }, '\x03', 10), 'quit');
  assert.equal(press(initialView, '\x1a', 10), 'suspend');
});

test('pause, help and scrolling', () => {
  assert.equal(after('p').paused, true);
  assert.equal(after('pp').paused, false);
  assert.equal(after('h').help, true);
  assert.equal(after('h\x1b').help, false);
  assert.equal(after('\x1b[B\x1b[6~').scroll, 11);
  assert.equal(after('\x1b[A').scroll, 0);
  assert.equal(after('\x1b[6~j').scroll, 0, 'a new order begins at the top');
});
