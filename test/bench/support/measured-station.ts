import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runLoad } from '../../../src/load/http/run-load.ts';
import { preciseTime } from '../../../src/load/http/system-time.ts';
import { makeTarget } from '../../../src/load/http/target.ts';
import { undiciTransport } from '../../../src/load/http/undici-transport.ts';
import { constantPattern } from '../../../src/load/pattern/shapes.ts';
import { TestApplication } from '../../../src/load/test-application/test-application.ts';
import { systemClock } from '../../../src/util/clock.ts';
import { createLogger } from '../../../src/util/log.ts';

export interface MeasuredStation {
  readonly answered: number;
  readonly failed: number;
  readonly requestsPerSecond: number;
  /** As the application itself counts them. */
  readonly meanWaitSeconds: number;
  readonly meanServiceSeconds: number;
}

/**
 * The test application under an open, Poisson load: so many servers, and requests that hold one for an exponential time without
 * using the CPU, so that other work on the machine disturbs little.
 */
export async function measureStation(options: {
  readonly servers: number;
  readonly meanServiceSeconds: number;
  readonly requestsPerSecond: number;
  readonly seconds: number;
  readonly seed: number;
}): Promise<MeasuredStation> {
  const { servers, meanServiceSeconds, requestsPerSecond, seconds, seed } = options;
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-station-'));
  const application = new TestApplication({
    host: '127.0.0.1',
    port: 0,
    servers,
    queueLimit: 10_000,
    seed,
    folder,
    clock: systemClock,
    log: createLogger('error'),
  });
  try {
    const { port } = await application.start();
    const url = `http://127.0.0.1:${port}`;
    const target = makeTarget({ url: `${url}/memory?mb=0&seconds=exp:${meanServiceSeconds}` });
    const { total, loadedSeconds } = await runLoad(
      {
        targets: [target],
        loop: {
          kind: 'open',
          pattern: constantPattern(requestsPerSecond, seconds),
          spacing: 'poisson',
          mostConnections: 1000,
        },
        timeoutMilliseconds: 60_000,
        giveUpMilliseconds: 10_000,
        seed,
      },
      {
        transport: undiciTransport({ connectTimeoutMilliseconds: 5000, insecure: false }),
        time: preciseTime,
      },
    );
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const sum = (name: string) => {
      const found = new RegExp(`^${name}\\{[^}]*memory[^}]*\\} (\\S+)$`, 'm').exec(metrics);
      if (found === null) throw new Error(`no ${name} among the metrics of the test application`);
      return Number(found[1]);
    };
    return {
      answered: total.answered,
      failed: total.sent - total.answered,
      requestsPerSecond: total.answered / loadedSeconds,
      meanWaitSeconds: sum('kisimd_test_application_wait_seconds_total') / total.answered,
      meanServiceSeconds: sum('kisimd_test_application_service_seconds_total') / total.answered,
    };
  } finally {
    await application.stop(1000);
    rmSync(folder, { recursive: true, force: true });
  }
}
