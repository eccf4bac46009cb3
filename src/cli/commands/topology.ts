import { manifestTexts } from '../../simulation/inputs/manifests.ts';
import {
  labelledManifests,
  labelledNodes,
  openbNodesIn,
} from '../../simulation/inputs/topology-manifests.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';

/** `kisimd topology`. Resolves to the exit status. */
export async function runTopology({ options, stdout, stderr }: CommandContext): Promise<number> {
  const files = options['file'] as readonly string[] | undefined;
  const folder = options['dataDir'];
  const perRack = Number(options['serversPerRack']);
  if (!Number.isSafeInteger(perRack) || perRack < 1) {
    throw cliErrors.KISIM_E_USAGE(`--servers-per-rack ${String(options['serversPerRack'])}`, {
      action: 'give a whole number of at least 1',
    });
  }
  if ((files === undefined) === (folder === undefined)) {
    throw cliErrors.KISIM_E_USAGE(folder === undefined ? 'no nodes to label' : '--file and --data-dir', {
      action: 'give one of --file and --data-dir',
    });
  }
  const { yaml, nodes } =
    files === undefined
      ? labelledNodes(openbNodesIn(String(folder)), perRack)
      : labelledManifests(manifestTexts(files), perRack);
  stdout.write(yaml);
  stderr.write(`${nodes} nodes in ${Math.ceil(nodes / perRack)} racks\n`);
  return 0;
}
