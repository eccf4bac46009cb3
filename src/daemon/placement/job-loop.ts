import { JobActor } from '../../controller/jobs/job-actor.ts';
import { JobBook } from '../../controller/jobs/job-book.ts';
import { JobDecider } from '../../controller/jobs/job-decider.ts';
import { JobPods } from '../../controller/jobs/job-pods.ts';
import { SleepingJobNodes } from '../../controller/jobs/sleeping-job-nodes.ts';
import { WaitingJobs } from '../../controller/jobs/waiting-jobs.ts';
import { PlacementLoop } from '../../controller/placement-loop.ts';
import { JobWatcher } from '../../kubernetes/job-watcher.ts';
import { troubleLog } from '../../kubernetes/trouble-log.ts';
import type { Service } from '../supervisor.ts';
import type { LiveParts } from './live-parts.ts';

/** Jobs that are started at a time: few beside the pods that are placed. */
const MOST_STARTS = 8;

/** Places and starts suspended Jobs that ask for it. Undefined where `placement.jobs` is off: such Jobs stay suspended. */
export function jobLoop(parts: LiveParts): Service | undefined {
  const { placement, kubernetes } = parts.config;
  if (!placement.jobs) return undefined;
  const { api, clock, log, random, time, watcher, features, writer, sink } = parts;
  const { imagined } = watcher;
  const jobs = new JobWatcher({
    api,
    rule: features.jobTemplates,
    random,
    clock,
    trouble: troubleLog(log, 'watch-trouble', clock, { kind: 'jobs' }),
  });
  const limits = {
    deadlineMilliseconds: placement.deadlineSeconds * 1000,
    longestSlackMilliseconds: placement.longestSlackSeconds * 1000,
  };
  const waiting = new WaitingJobs({ jobs, imagined, time, log, ...limits });
  const book = new JobBook({
    book: parts.book,
    imagined,
    time,
    ran: (uid, nodes) => sink.bound(uid, nodes),
  });
  const pods = new JobPods(watcher, book);
  const loop = new PlacementLoop({
    pods: waiting,
    book,
    decider: new JobDecider({
      decider: parts.decider,
      book,
      imagined,
      jobOf: (pod) => waiting.jobOf(pod),
    }),
    actor: new JobActor({
      writer,
      book,
      objectOf: (uid) => jobs.get(uid)?.object,
      rule: features.jobTemplates,
      strength: placement.strength,
    }),
    sleeping: new SleepingJobNodes(parts.wakeRequests),
    leadership: parts.leadership,
    paused: parts.paused,
    sink,
    time,
    random,
    log,
    mode: placement.mode,
    ownNamespace: kubernetes.namespace,
    ...limits,
    mostInFlight: Math.min(MOST_STARTS, placement.mostInFlight),
  });
  let isEnding = false;
  let started: Promise<void> | undefined;
  const begin = async () => {
    // A server that does not list Jobs holds up nothing but them.
    if (!(await jobs.synced) || isEnding) return;
    pods.start();
    waiting.start();
    loop.start();
  };
  return {
    name: 'jobs',
    start() {
      jobs.start();
      started = begin().catch((error: unknown) => log.error('service-failed', { service: 'jobs', error }));
    },
    async stop() {
      isEnding = true;
      await loop.stop();
      waiting.stop();
      pods.stop();
      await jobs.stop();
      await started;
      book.stop();
    },
  };
}
