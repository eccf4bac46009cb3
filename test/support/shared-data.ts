import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/**
 * Captures and traces kept beside the checkout, never in it. Where they are absent the tests that read them are
 * skipped by name: `test('...', { skip: sharedData.skip }, () => ...)`.
 */
export const sharedData = {
  skip: existsSync(folder) ? false : ('no shared data beside the checkout' as string | false),
  path: (...parts: readonly string[]) => folder + parts.join('/'),
};
