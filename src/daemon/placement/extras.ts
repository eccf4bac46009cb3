import { deploymentLoop } from './deployment-loop.ts';
import { gateWebhook } from './gate-webhook.ts';
import { installations } from './installations.ts';
import { jobLoop } from './job-loop.ts';
import type { Extra } from './live-parts.ts';
import { nodeAdvice } from './node-advice.ts';
import { replacement } from './replacement.ts';
import { runRecorder } from './run-recorder.ts';
import { sleepingNodes } from './sleeping-nodes.ts';

/** What runs beside the loop on a live cluster, in the order of its start. */
export const liveExtras: readonly Extra[] = [
  gateWebhook,
  runRecorder,
  jobLoop,
  deploymentLoop,
  nodeAdvice,
  installations,
  sleepingNodes,
  replacement,
];
