// `switch-node.ts KUBECONFIG ready|silent NODE [SECONDS]`: what a machine without a kubelet does when it is switched on or off, as
// a command of an operator. It answers after some seconds where it is told so.
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientNodeApi } from '../../../src/kubernetes/client-node-api.ts';
import { setReady } from './played-kubelet.ts';

const [file, what, node, seconds = '0'] = process.argv.slice(2);
await sleep(Number(seconds) * 1000);
const api = await ClientNodeApi.fromKubeconfig({ file: file! });
await setReady(api, node!, what === 'ready');
api.close();
