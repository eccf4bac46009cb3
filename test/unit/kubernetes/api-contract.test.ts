import { apiContract } from '../../support/api-contract.ts';
import { connectedFake } from '../../support/connected-fake.ts';

apiContract('the fake API server', async () => {
  const { server, api, close } = await connectedFake({ watchSecond: 10 });
  return { api, forget: () => server.store.compact(), close };
});
