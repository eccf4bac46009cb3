import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the stand-in says. Its forms are those of minikube's sources (cmd/minikube/cmd: version, status, profile_list). */
export interface StandIn {
  readonly version?: string;
  /** Exit status by the first word of what it is asked. */
  readonly exit?: Readonly<Record<string, number>>;
  /** Answer to `status -o json`. */
  readonly status?: unknown;
  /** `valid` of `profile list -o json`. */
  readonly profiles?: readonly unknown[];
  /** Goes on until it is asked to end. */
  readonly hangs?: boolean;
}

const program = `
const { readFileSync, appendFileSync } = require('node:fs');
const { join } = require('node:path');
const told = JSON.parse(readFileSync(join(__dirname, 'stand-in.json'), 'utf8'));
const words = process.argv.slice(2);
appendFileSync(join(__dirname, 'asked.jsonl'), JSON.stringify(words) + '\\n');
const end = () => process.exit(told.exit?.[words[0]] ?? 0);
const say = (answer) => process.stdout.write(typeof answer === 'string' ? answer : JSON.stringify(answer));
if (words[0] === 'version') {
  say({ commit: 'f6d222e', minikubeVersion: told.version ?? 'v1.36.0' });
  end();
} else if (words[0] === 'status') {
  say(told.status ?? '');
  end();
} else if (words[0] === 'profile') {
  say({ invalid: [], valid: told.profiles ?? [] });
  end();
} else {
  process.stdout.write('* ' + words[0] + ' at work\\n');
  process.stderr.write('! a warning\\n');
  if (told.hangs) {
    setInterval(() => undefined, 1000);
    process.on('SIGINT', () => process.exit(2));
  } else end();
}
`;

/**
 * A program that answers as the minikube command does, for machines without it: put its folder on the PATH. It shows that
 * minikube is asked rightly and its answers are understood, and not that a cluster comes up.
 */
export class StandInMinikube {
  readonly folder: string;

  constructor(folder: string, told: StandIn = {}) {
    this.folder = folder;
    const path = join(folder, 'minikube');
    writeFileSync(path, `#!${process.execPath}\n${program}`);
    chmodSync(path, 0o755);
    this.tell(told);
  }

  tell(told: StandIn): void {
    writeFileSync(join(this.folder, 'stand-in.json'), JSON.stringify(told));
  }

  /** The words of every call so far. */
  get asked(): readonly (readonly string[])[] {
    const path = join(this.folder, 'asked.jsonl');
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as string[]);
  }
}
