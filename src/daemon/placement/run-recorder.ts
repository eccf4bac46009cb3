import type { NodeEnergyCounters } from '../../cluster/node-energy.ts';
import { type PodUseTotals, RunRecorder } from '../../controller/run-recorder.ts';
import type { ClusterRecordSink } from '../../history/cluster-record-sink.ts';
import type { Service } from '../supervisor.ts';
import type { LiveParts } from './live-parts.ts';

/** A server that was not heard for so long is not watched: a watch that hears nothing is opened anew long before. */
const SILENCE_NANOSECONDS = 300e9;

export interface RecordedFrom {
  readonly records: ClusterRecordSink;
  /** Left out: the energy of nodes is not known. */
  readonly energy?: NodeEnergyCounters | undefined;
  readonly use?: PodUseTotals | undefined;
}

/** Keeps the lives of a live cluster's pods, its nodes and their energy in the history. */
export function runRecorder(
  {
    config,
    watcher,
    book,
    time,
    clock,
    log,
  }: Pick<LiveParts, 'config' | 'watcher' | 'book' | 'time' | 'clock' | 'log'>,
  { records, energy, use }: RecordedFrom,
): Service {
  const recorder = new RunRecorder({
    cluster: 'live',
    pods: watcher,
    nodes: () => book.cluster?.nodes ?? [],
    isCurrent: () => clock.monotonicNanoseconds() - watcher.lastHeardNanoseconds < SILENCE_NANOSECONDS,
    sink: records,
    energy,
    use,
    ownNamespace: config.kubernetes.namespace,
    time,
    log,
  });
  return { name: 'run-recorder', start: () => recorder.start(), stop: () => recorder.stop() };
}
