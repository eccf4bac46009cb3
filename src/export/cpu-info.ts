import { labelText } from '../util/exposition.ts';

/**
 * The labels of `kepler_node_cpu_info` from the text of /proc/cpuinfo, one for each processor. Fields that an
 * architecture does not have (Arm has no model name) are left out; processors without a number are none.
 */
export function cpuInfoLabels(cpuinfo: string, nodeName: string): string[] {
  return cpuinfo
    .split(/\n\s*\n/)
    .map((block) => {
      const fields = new Map(
        block.split('\n').map((line) => {
          const colon = line.indexOf(':');
          return [line.slice(0, Math.max(0, colon)).trim(), line.slice(colon + 1).trim()] as const;
        }),
      );
      return fields;
    })
    .filter((fields) => /^\d+$/.test(fields.get('processor') ?? ''))
    .map((fields) =>
      labelText({
        processor: fields.get('processor') ?? '',
        vendor_id: fields.get('vendor_id') ?? '',
        model_name: fields.get('model name') ?? '',
        physical_id: fields.get('physical id') ?? '',
        core_id: fields.get('core id') ?? '',
        node_name: nodeName,
      }),
    );
}
