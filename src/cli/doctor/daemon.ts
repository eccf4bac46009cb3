import { request } from 'node:http';
import { createServer } from 'node:net';
import type { Config } from '../../config/config.ts';
import { systemErrorCode } from '../../util/errors.ts';
import type { Finding } from './finding.ts';

const ANSWER_WITHIN_MILLISECONDS = 2000;

/** Status and start of the answer to GET, or the system's error name. */
function ask(
  host: string,
  port: number,
  path: string,
): Promise<{ status: number; body: string } | { error: string }> {
  return new Promise((resolve) => {
    const get = request(
      { host, port, path, agent: false, timeout: ANSWER_WITHIN_MILLISECONDS },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          if (body.length < 4096) body += text;
        });
        response.on('error', (error) => resolve({ error: systemErrorCode(error) ?? error.message }));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    get.on('timeout', () =>
      get.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })),
    );
    get.on('error', (error) => resolve({ error: systemErrorCode(error) ?? error.message }));
    get.end();
  });
}

/** The system's error name where the address cannot be listened on; undefined where it is free. */
function listenError(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(systemErrorCode(error) ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** Where a daemon that listens on all addresses is asked. */
function askAt(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
}

/** Whether a daemon runs, and if not, whether its port is free. */
export async function daemonFinding(config: Pick<Config, 'export'>): Promise<Finding> {
  const { enabled, host, port } = config.export;
  const subject = { topic: 'daemon', subject: 'daemon' } as const;
  if (!enabled)
    return {
      ...subject,
      mark: 'warn',
      says: 'export.enabled is false: /metrics is off, a daemon cannot be asked',
    };
  const where = `${host}:${port}`;
  const answer = await ask(askAt(host), port, '/healthz');
  if ('status' in answer) {
    // Not /metrics: a scrape there counts as the scrape that ended processes wait for.
    const index = await ask(askAt(host), port, '/');
    if (!('status' in index) || !index.body.startsWith('kisimd ')) {
      return {
        ...subject,
        mark: 'refused',
        says: `another program answers at ${where}`,
        action: `stop it (\`sudo ss -tlnp 'sport = :${port}'\` names it), or choose another port: \`--set export.port=${port + 1}\``,
      };
    }
    return answer.status === 200
      ? { ...subject, mark: 'ok', says: `runs and answers at ${where}` }
      : {
          ...subject,
          mark: 'warn',
          says: `runs at ${where} and is not healthy (status ${answer.status})`,
          action: '`journalctl -u rl-sched -n 50`',
        };
  }
  const busy = await listenError(host, port);
  if (busy === undefined) {
    return {
      ...subject,
      mark: 'absent',
      says: `not running; ${where} is free`,
      action: '`kisimd run`, or `sudo kisimd install-service --enable`',
    };
  }
  return {
    ...subject,
    mark: 'refused',
    says: `not running, and ${where} cannot be listened on: ${busy}`,
    action: `choose another address: \`--set export.host=127.0.0.1 --set export.port=${port + 1}\``,
  };
}
