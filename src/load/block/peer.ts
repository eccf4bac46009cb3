import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../../util/log.ts';
import { listen } from '../../util/server.ts';
import { blockErrors } from './errors.ts';
import { CONFIRM_EVERY_BYTES, CONFIRM_EVERY_MILLISECONDS, confirmationOf, HELLO } from './peer-protocol.ts';

const HELLO_MILLISECONDS = 5_000;
const IDLE_MILLISECONDS = 60_000;

export interface BlockPeerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly log: Logger;
}

/** The other side of `--network`: takes bytes, throws them away and confirms how many have come. */
export class BlockPeer {
  readonly #options: BlockPeerOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(options: BlockPeerOptions) {
    this.#options = options;
  }

  /** @throws KISIM_E_BLOCK_LISTEN */
  async start(): Promise<AddressInfo> {
    const { host, port, log } = this.#options;
    const server = createServer((socket) => this.#serve(socket));
    server.maxConnections = 64;
    const address = await listen(server, { host, port }, (where, cause) =>
      blockErrors.KISIM_E_BLOCK_LISTEN(where, { cause }),
    );
    server.on('error', (error) => log.error('block-peer-error', { error }));
    this.#server = server;
    return address;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  #serve(socket: Socket): void {
    const { log } = this.#options;
    const from = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.setTimeout(HELLO_MILLISECONDS, () => socket.destroy());
    let hello = '';
    let isGreeted = false;
    let bytes = 0;
    let confirmed = 0;
    const confirm = () => {
      if (bytes === confirmed || !isGreeted) return;
      confirmed = bytes;
      socket.write(confirmationOf(bytes));
    };
    const timer = setInterval(confirm, CONFIRM_EVERY_MILLISECONDS);
    socket.on('data', (chunk) => {
      let length = chunk.length;
      if (!isGreeted) {
        hello += chunk.subarray(0, HELLO.length - hello.length).toString('latin1');
        if (!HELLO.startsWith(hello)) {
          log.warn('block-peer-stranger', { from });
          socket.destroy();
          return;
        }
        if (hello.length < HELLO.length) return;
        isGreeted = true;
        length = 0;
        socket.setTimeout(IDLE_MILLISECONDS);
        socket.write(HELLO);
        log.info('block-peer-begins', { from });
      }
      bytes += length;
      if (bytes - confirmed >= CONFIRM_EVERY_BYTES) confirm();
    });
    // Half-open would keep what the other side has given up.
    socket.on('end', () => socket.destroy());
    socket.on('error', (error) => log.debug('block-peer-connection', { from, error }));
    socket.on('close', () => {
      clearInterval(timer);
      this.#sockets.delete(socket);
      if (isGreeted) log.info('block-peer-ends', { from, bytes });
    });
  }
}
