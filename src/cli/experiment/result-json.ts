import type { SwitchbackResult } from '../../evaluation/switchback/analysis.ts';
import { verdictText } from '../../evaluation/switchback/report.ts';

/** The result for programs: errors by their parts, what is unknown as null. */
export function experimentJson(result: SwitchbackResult): unknown {
  const { verdict } = result;
  const refusals =
    verdict.kind === 'refused'
      ? verdict.refusals.map(({ code, message, expected, action }) => ({ code, message, expected, action }))
      : undefined;
  const told = { schema: 1, says: verdictText(result), ...result, verdict: { ...verdict, refusals } };
  return JSON.parse(JSON.stringify(told, (_, value: unknown) => (value === undefined ? null : value)));
}
