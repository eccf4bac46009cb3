import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientNodeApi } from '../../src/kubernetes/client-node-api.ts';
import { type FakeApiOptions, FakeApiServer } from './fake-api-server.ts';

/** A fake API server and the real client of the program, connected to it by a kubeconfig. */
export async function connectedFake(
  options: FakeApiOptions = {},
): Promise<{ readonly server: FakeApiServer; readonly api: ClientNodeApi; close(): Promise<void> }> {
  const server = await FakeApiServer.start(options);
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-fake-'));
  try {
    const file = join(folder, 'kubeconfig');
    writeFileSync(file, server.kubeconfig);
    const api = await ClientNodeApi.fromKubeconfig({ file });
    const close = async (): Promise<void> => {
      api.close();
      await server.close();
    };
    return { server, api, close };
  } finally {
    // Read once; again only where the server does not know the token any more.
    rmSync(folder, { recursive: true });
  }
}
