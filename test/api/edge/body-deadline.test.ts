/** Bodies that come byte by byte. */
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import express from 'express';
import { bodyWithin } from '../../../api/edge/body-deadline.js';
import { pause } from '../../../infra/database.js';

const app = express().post('/', bodyWithin(300), express.json(), async (req, res) => {
  await pause(600); // the answer may take longer than the body
  res.json(req.body);
});
const server = http.createServer(app);

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => void server.close());

const port = (): number => (server.address() as AddressInfo).port;

it('cuts off a body that is not there in time', async () => {
  const socket = connect(port(), '127.0.0.1').on('error', () => undefined);
  socket.write('POST / HTTP/1.1\r\nHost: magam\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n');
  const trickle = setInterval(() => socket.write(' '), 20);
  const startedAt = performance.now();
  await once(socket.resume(), 'close');
  clearInterval(trickle);
  expect(performance.now() - startedAt).toBeGreaterThan(250);
});

it('lets the answer to one that is take its time', async () => {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(`http://127.0.0.1:${port()}/`, { method: 'POST', headers, body: '{"a":1}' });
  expect(await answer.json()).toEqual({ a: 1 });
});
