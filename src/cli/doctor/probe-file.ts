import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { systemErrorCode } from '../../util/errors.ts';

/** What came of looking at a file: its text, or the system's error name. */
export type Probed<T> = { readonly found: T } | { readonly error: string };

function probe<T>(look: () => T): Probed<T> {
  try {
    return { found: look() };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return { error: code };
  }
}

/** The text of a file without the blanks around it. */
export function probeText(path: string): Probed<string> {
  return probe(() => readFileSync(path, 'utf8').trim());
}

/** The entries of a folder, by name. */
export function probeFolder(path: string): Probed<readonly Dirent[]> {
  return probe(() =>
    readdirSync(path, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : a.name > b.name ? 1 : 0,
    ),
  );
}

/** What was found, or undefined for every kind of failure. Where the kind matters, look at the result itself. */
export function foundOr<T>(probed: Probed<T>): T | undefined {
  return 'found' in probed ? probed.found : undefined;
}
