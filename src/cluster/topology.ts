import { type Labels, RACK_LABEL, SERVER_LABEL } from './labels.ts';

/**
 * Labels of the place of a node in racks that are filled in the order of a list: the first `serversPerRack` nodes are
 * `rack-0` with `srv-0`, `srv-1`, ..., the next ones `rack-1`.
 *
 * @example
 * topologyLabels(5, 4); // rack-1, srv-1
 */
export function topologyLabels(index: number, serversPerRack: number): Labels {
  return {
    [RACK_LABEL]: `rack-${Math.floor(index / serversPerRack)}`,
    [SERVER_LABEL]: `srv-${index % serversPerRack}`,
  };
}
