/** Ports of 127.0.0.1: finds a free one, and checks which server answers. It uses no client library, because it runs before `npm ci`. */
import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';

const ANSWER_MS = 2_000;

/**
 * Whether nobody listens on the port.
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * The range of ports: below those that kernels give to outgoing connections. While a server is down, a connection to a port in that upper range
 * may get the same port as its own, and then the server cannot use it again.
 */
const [LOWEST, HIGHEST] = [20_000, 32_000];
const TRIES = 50;

/**
 * The preferred port if it is free, else another free one.
 * @param {number | undefined} preferred
 * @returns {Promise<number>}
 */
export async function choosePort(preferred) {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) return port;
  }
  throw new Error(`no port between ${LOWEST} and ${HIGHEST} is free`);
}

/**
 * Connects, sends, and collects the reply until `isComplete` holds; undefined when the reply stayed incomplete.
 * @param {number} port
 * @param {string} request
 * @param {(reply: Buffer) => boolean} isComplete
 * @returns {Promise<Buffer | undefined>}
 */
function converse(port, request, isComplete) {
  return new Promise((resolve) => {
    let reply = Buffer.alloc(0);
    const socket = connect({ port, host: '127.0.0.1' });
    /** @param {Buffer | undefined} result */
    const finish = (result) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(ANSWER_MS, () => finish(undefined));
    socket.once('error', () => finish(undefined));
    socket.once('close', () => finish(undefined));
    socket.once('connect', () => {
      if (request !== '') socket.write(request);
    });
    socket.on('data', (part) => {
      reply = Buffer.concat([reply, part]);
      if (isComplete(reply)) finish(reply);
    });
  });
}

/**
 * Whether a MySQL or MariaDB server greets on this port: its first packet is a handshake of protocol 10, or an error
 * such as "too many connections". Servers greet only after their initial SQL file has run.
 * @param {number} port
 */
export async function databaseAnswers(port) {
  const reply = await converse(port, '', (bytes) => bytes.length >= 5);
  return reply !== undefined && reply[3] === 0 && (reply[4] === 0x0a || reply[4] === 0xff);
}

/**
 * Whether the Redis server with this password answers on this port and has finished loading its data.
 * @param {number} port
 * @param {string} password
 */
export async function redisAnswers(port, password) {
  const request = `AUTH ${password}\r\nPING\r\n`;
  const reply = await converse(port, request, (bytes) => bytes.toString('latin1').split('\r\n').length > 2);
  return reply?.toString('latin1') === '+OK\r\n+PONG\r\n';
}
