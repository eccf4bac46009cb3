import type { CommandSpec } from './command.ts';
import { autoscaleCommand } from './specs/autoscale.ts';
import { benchmarkCommand } from './specs/benchmark.ts';
import { blockCommand } from './specs/block.ts';
import { clusterStartCommand, clusterStatusCommand, clusterStopCommand } from './specs/cluster.ts';
import { collectCommand } from './specs/collect.ts';
import { completionCommand } from './specs/completion.ts';
import { configCheckCommand } from './specs/config-check.ts';
import { configShowCommand } from './specs/config-show.ts';
import { doctorCommand } from './specs/doctor.ts';
import { energyCommand } from './specs/energy.ts';
import { experimentCommand } from './specs/experiment.ts';
import { explainCommand } from './specs/explain.ts';
import { exportCommand } from './specs/export.ts';
import { extenderCommand } from './specs/extender.ts';
import { headroomCommand } from './specs/headroom.ts';
import { installServiceCommand } from './specs/install-service.ts';
import { loadCommand } from './specs/load.ts';
import { manCommand } from './specs/man.ts';
import { modelChooseCommand, modelListCommand, modelUndoCommand, modelUseCommand } from './specs/model.ts';
import { pauseCommand, resumeCommand } from './specs/pause.ts';
import { queueCommand } from './specs/queue.ts';
import { recordCommand } from './specs/record.ts';
import { replayCommand } from './specs/replay.ts';
import { runCommand } from './specs/run.ts';
import { scoreServerCommand } from './specs/score-server.ts';
import { setupCommand } from './specs/setup.ts';
import { simulateCommand } from './specs/simulate.ts';
import { testApplicationCommand } from './specs/test-application.ts';
import { topCommand } from './specs/top.ts';
import { topologyCommand } from './specs/topology.ts';
import { trainCommand } from './specs/train.ts';

export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
}

/** Words that only hold other commands: `config` of `config show`. */
export const commandGroups: readonly CommandGroup[] = [
  { name: 'config', summary: 'Check or show the configuration' },
  { name: 'model', summary: 'List, use or undo models of clusters, or see which policy is best' },
  { name: 'cluster', summary: 'Start, stop or look at a Minikube cluster' },
];

/**
 * Every command, in the order of the help. Parsing, help, completion, the man page and the manual are all made
 * from this table. The specs are plain data; what a command does is imported when it runs.
 */
export const commandTable: readonly CommandSpec[] = [
  runCommand,
  topCommand,
  energyCommand,
  exportCommand,
  explainCommand,
  clusterStartCommand,
  clusterStatusCommand,
  clusterStopCommand,
  setupCommand,
  pauseCommand,
  resumeCommand,
  recordCommand,
  collectCommand,
  benchmarkCommand,
  trainCommand,
  autoscaleCommand,
  queueCommand,
  modelListCommand,
  modelChooseCommand,
  modelUseCommand,
  modelUndoCommand,
  experimentCommand,
  replayCommand,
  headroomCommand,
  simulateCommand,
  extenderCommand,
  scoreServerCommand,
  testApplicationCommand,
  blockCommand,
  loadCommand,
  topologyCommand,
  doctorCommand,
  configCheckCommand,
  configShowCommand,
  installServiceCommand,
  completionCommand,
  manCommand,
];
