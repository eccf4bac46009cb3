import { unmetNeeds } from '../../system/support/needs.ts';
import { controlPlaneProgramMissing } from './control-plane-program.ts';
import { privateNetworkMissing } from './private-network.ts';

/** Why no control plane can be had on this machine, or false. */
export function controlPlaneMissing(): string | false {
  const programs = {
    ip: 'iproute2',
    openssl: 'openssl',
    setpriv: 'util-linux',
    unshare: 'util-linux',
  };
  return unmetNeeds({ programs }) || privateNetworkMissing() || controlPlaneProgramMissing();
}
