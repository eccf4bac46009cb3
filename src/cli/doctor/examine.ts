import type { Config } from '../../config/config.ts';
import type { CheckedConfig } from '../../config/load.ts';
import type { SourceCandidate } from '../../meter/select.ts';
import type { NativeProcessScanner } from '../../native/process-scanner.ts';
import { addonFinding } from './addon.ts';
import { configurationFindings } from './configuration.ts';
import { cgroupFinding, guestFinding, runtimeFinding } from './containers.ts';
import { msrFinding, perfPermission, powercapPermission } from './counters.ts';
import { daemonFinding } from './daemon.ts';
import { energyFindings } from './energy.ts';
import type { Finding } from './finding.ts';
import { historyFindings } from './history.ts';
import { type HostCard, hostFindings } from './host.ts';
import { readIdentity } from './identity.ts';
import { hidepidFinding, processFindings } from './processes.ts';

/** Whatever the doctor touches, so that tests can hand it a machine of their own. */
export interface Patient {
  readonly checked: CheckedConfig;
  /** What was loaded, or the defaults where the configuration has mistakes. */
  readonly config: Config;
  readonly card: HostCard;
  readonly nodeVersion: string;
  readonly nodePath: string;
  readonly userName: string;
  readonly loadAddon: () => unknown;
  readonly candidates: readonly SourceCandidate[];
  readonly makeScanner: () => NativeProcessScanner;
}

export interface Diagnosis {
  readonly findings: readonly Finding[];
  /** Whether at least one source of energy works. */
  readonly canMeter: boolean;
}

/** Looks at everything once. Changes nothing. */
export async function examine(patient: Patient): Promise<Diagnosis> {
  const { config, nodePath } = patient;
  const { roots } = config;
  const identity = readIdentity(roots);
  const addon = addonFinding(patient.loadAddon);
  const energy = energyFindings(patient.candidates);
  const findings: Finding[] = [
    ...hostFindings(patient.card, patient.nodeVersion),
    addon,
    ...configurationFindings(patient.checked),
    ...energy.findings,
    powercapPermission(roots),
    perfPermission(roots, identity, nodePath),
    msrFinding(roots),
    hidepidFinding(roots),
    ...processFindings(patient.makeScanner, identity, nodePath),
    cgroupFinding(roots),
    runtimeFinding(roots),
    guestFinding(roots),
    ...historyFindings(config, patient.userName),
    await daemonFinding(config),
  ];
  return { findings, canMeter: energy.canMeter && addon.mark === 'ok' };
}
