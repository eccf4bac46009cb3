import { join } from 'node:path';
import type { ContainerSource } from './container-finding.ts';
import { NOTHING_FOUND } from './container-finding.ts';
import { readOptionalFile } from './optional-file.ts';

const STORE = 'containers/storage/overlay-containers';
/** Containers run with `--rm` are listed in a file of their own (containers/storage). */
const LISTS = ['containers.json', 'volatile-containers.json'];

/** podman: the lists of containers/storage, of root's store or of the user's own where it runs without root. */
export function podmanNames(root: string): ContainerSource {
  return ({ containerId, userId }) => {
    const stores = [join(root, 'var/lib', STORE)];
    const home = userId === undefined ? undefined : homeOf(root, userId);
    if (home !== undefined) stores.push(join(root, home, '.local/share', STORE));
    for (const store of stores) {
      for (const list of LISTS) {
        const text = readOptionalFile(join(store, list));
        const containerName = text === undefined ? undefined : nameIn(JSON.parse(text), containerId);
        if (containerName !== undefined) return { ...NOTHING_FOUND, containerName, runtime: 'podman' };
      }
    }
    return undefined;
  };
}

function nameIn(list: unknown, containerId: string): string | undefined {
  if (!Array.isArray(list)) return undefined;
  for (const item of list as readonly { readonly id?: unknown; readonly names?: unknown }[]) {
    if (item?.id !== containerId || !Array.isArray(item.names)) continue;
    const name: unknown = item.names[0];
    if (typeof name === 'string' && name !== '') return name;
  }
  return undefined;
}

/** Home folder of a user from <root>/etc/passwd (passwd(5)). */
function homeOf(root: string, userId: number): string | undefined {
  for (const line of (readOptionalFile(join(root, 'etc/passwd')) ?? '').split('\n')) {
    const fields = line.split(':');
    if (fields[2] === String(userId) && fields[5]) return fields[5];
  }
  return undefined;
}
