import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Corpus } from '../corpora/corpus.ts';
import type { Act } from './run-corpus.ts';

/** A corpus and what the real scheduler made of it: all that a replay needs. */
export interface Recording {
  /** Version of the Kubernetes that was asked. */
  readonly kubernetes: string;
  readonly corpus: Corpus;
  readonly acts: readonly Act[];
}

const folder = fileURLToPath(new URL('../../golden/kube-agreement/', import.meta.url));

export function recordingNames(): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json.gz'))
    .sort();
}

export function readRecording(name: string): Recording {
  return JSON.parse(gunzipSync(readFileSync(folder + name)).toString()) as Recording;
}

export function writeRecording(name: string, recording: Recording): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(folder + name, gzipSync(JSON.stringify(recording), { level: 9 }));
}
