import { autoscaleBench } from './autoscale.bench.ts';
import { autoscaleSpeedBench } from './autoscale-speed.bench.ts';
import type { Bench } from './bench.ts';
import { blockBench } from './block.bench.ts';
import { classicBench } from './classic.bench.ts';
import { closedFormsBench } from './closed-forms.bench.ts';
import { conservationBench } from './conservation.bench.ts';
import { daemon10HzBench, daemonBench } from './daemon.bench.ts';
import { dqnBench } from './dqn.bench.ts';
import { frozenBench } from './frozen.bench.ts';
import { guestPodsBench } from './guest-pods.bench.ts';
import { historyBench } from './history.bench.ts';
import { inferenceBench } from './inference.bench.ts';
import { kubeAgreementBench } from './kube-agreement.bench.ts';
import { kubeSpeedBench } from './kube-speed.bench.ts';
import { latencyBench } from './latency.bench.ts';
import { loadBench } from './load.bench.ts';
import { openbResultsBench } from './openb-results.bench.ts';
import { openbSpeedBench } from './openb-speed.bench.ts';
import { ownClusterBench } from './own-cluster.bench.ts';
import { ownClusterWrongBench } from './own-cluster-wrong.bench.ts';
import { placementTrainingBench } from './placement-training.bench.ts';
import { pwrBench } from './pwr.bench.ts';
import { queueBench } from './queue.bench.ts';
import { rapl1khzBench } from './rapl-1khz.bench.ts';
import { rbacBench } from './rbac.bench.ts';
import { rulesSpeedBench } from './rules-speed.bench.ts';
import { safetyBench } from './safety.bench.ts';
import { scanBench } from './scan.bench.ts';
import { studyBench } from './study.bench.ts';
import { throughputBench } from './throughput.bench.ts';
import { truthBench } from './truth.bench.ts';
import { updatesBench } from './updates.bench.ts';
import { watchMemoryBench } from './watch-memory.bench.ts';

/** Every benchmark, in the order of the table. */
export const benches: readonly Bench[] = [
  scanBench,
  daemonBench,
  daemon10HzBench,
  rapl1khzBench,
  truthBench,
  conservationBench,
  historyBench,
  openbSpeedBench,
  openbResultsBench,
  pwrBench,
  kubeSpeedBench,
  kubeAgreementBench,
  rulesSpeedBench,
  closedFormsBench,
  studyBench,
  latencyBench,
  throughputBench,
  watchMemoryBench,
  safetyBench,
  rbacBench,
  guestPodsBench,
  classicBench,
  placementTrainingBench,
  updatesBench,
  inferenceBench,
  ownClusterBench,
  ownClusterWrongBench,
  dqnBench,
  frozenBench,
  loadBench,
  blockBench,
  autoscaleSpeedBench,
  autoscaleBench,
  queueBench,
];
