import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const shipped = fileURLToPath(new URL('../../../models/frozen.onnx', import.meta.url));

/** The model for any cluster that comes with the program; undefined where none does. */
export function shippedModel(): string | undefined {
  return existsSync(shipped) ? shipped : undefined;
}
