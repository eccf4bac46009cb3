import { ClientNodeApi } from '../../src/kubernetes/client-node-api.ts';
import { apiContract } from '../support/api-contract.ts';
import { Cleanups } from '../system/support/cleanups.ts';
import { ControlPlane } from './support/control-plane.ts';
import { outsideNamespace, programHere } from './support/in-namespace.ts';

apiContract(
  'the real API server',
  async () => {
    const cleanups = new Cleanups();
    const plane = await ControlPlane.start(programHere()!, cleanups);
    const api = await ClientNodeApi.fromKubeconfig({ file: plane.kubeconfig });
    cleanups.add('client', () => api.close());
    // Only what it has seen itself can be watched from.
    const forget = async (): Promise<void> => {
      await plane.stop(plane.apiServer!);
      await plane.startApiServer();
    };
    return { api, forget, close: () => cleanups.run() };
  },
  { skip: outsideNamespace },
);
