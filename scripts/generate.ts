// `npm run generate`: writes the files that are made from the source.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './generators/generated-files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
for (const [file, text] of await generatedFiles(root)) {
  const path = join(root, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  process.stdout.write(`${file}\n`);
}
