import { createServer } from 'node:net';

/**
 * The cheapest HTTP server that Node can be: counts ends of headers, answers each with the same bytes. A process of its own,
 * so that its CPU time is not that of the client; prints its port.
 */
const answer = Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok');
const end = Buffer.from('\r\n\r\n');

const server = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on('data', (chunk) => {
    for (let at = chunk.indexOf(end); at !== -1; at = chunk.indexOf(end, at + end.length))
      socket.write(answer);
  });
  socket.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  process.stdout.write(`${address.port}\n`);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
