/**
 * The floor of every answer of the API: Express without any middleware, which sends the bytes of a file from memory, and the
 * answer of /healthz. Started by bench/catalogue.ts.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import express from 'express';

const [file = ''] = process.argv.slice(2);
const bytes = readFileSync(file);
const app = express();
app.get('/bench/bytes', (_req, res) => {
  res.type('application/json').send(bytes);
});
app.get('/healthz', (_req, res) => {
  res.json({ status: 'ok' });
});
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
process.stderr.write(`Listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
