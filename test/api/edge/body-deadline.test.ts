/** Bodies that come byte by byte. */
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import express from 'express';
import { bodyWithin } from '../../../api/edge/body-deadline.js';

let answer: () => void = () => undefined;
/** The server's answers wait for this. */
let answered: Promise<void> = Promise.resolve();

const app = express()
  .post('/brief', bodyWithin(300), express.json(), async (req, res) => {
    await answered;
    res.json(req.body);
  })
  .post('/patient', bodyWithin(60_000), express.json(), (req, res) => void res.json(req.body));
const server = http.createServer(app);

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => void server.close());

const port = (): number => (server.address() as AddressInfo).port;

/** A body of this length (bytes) is not whole before the test is over. */
const ENDLESS = 10_000_000;

/** A request whose body is not there yet. */
function begin(path: string, length: number): Socket {
  const socket = connect(port(), '127.0.0.1').on('error', () => undefined);
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: magam\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`,
  );
  return socket;
}

/** Sends spaces until the server hangs up. A space that is on its way then comes back as an error, which `once` would throw. */
async function trickle(socket: Socket): Promise<void> {
  const trickling = setInterval(() => socket.write(' '), 20);
  await new Promise((resolve) => socket.resume().on('close', resolve));
  clearInterval(trickling);
}

it('cuts off a body that is not there in time, and only then', async () => {
  const patient = begin('/patient', 7);
  await trickle(begin('/brief', ENDLESS));
  patient.end('{"a":1}');
  let text = '';
  for await (const part of patient) text += part;
  expect(text).toMatch(/^HTTP\/1.1 200 .*\{"a":1\}$/s);
});

it('lets the answer to one that is take its time', async () => {
  answered = new Promise((resolve) => {
    answer = resolve;
  });
  const headers = { 'Content-Type': 'application/json' };
  const slow = fetch(`http://127.0.0.1:${port()}/brief`, { method: 'POST', headers, body: '{"a":1}' });
  await trickle(begin('/brief', ENDLESS)); // the deadline of the previous one is over, too
  answer();
  expect(await (await slow).json()).toEqual({ a: 1 });
});
