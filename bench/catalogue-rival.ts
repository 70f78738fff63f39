/**
 * The rival of the cached product list: a server assembled from the product's own edge, with the same middleware (request id, logger, metrics,
 * headers, compression, limiter, access), and one route, which returns the bytes of a file from memory. Started by bench/catalogue.ts.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Route, route } from '../api/edge/route.js';
import { readConfig } from '../infra/config.js';
import { serveRoutes } from './edge-server.js';

const sameBytes = (octets: string): Route =>
  route({
    method: 'get',
    path: '/bench/bytes',
    operationId: 'readRival',
    tag: 'Bench',
    summary: 'The same bytes, from memory',
    permission: 'catalogue.read',
    answer: { status: 200, description: 'The bytes.', schema: z.unknown() },
    handle: async () => ({ status: 200, octets, headers: { ETag: '"bytes"', 'Cache-Control': 'no-cache' } }),
  });

const [file = ''] = process.argv.slice(2);
const { url } = await serveRoutes(readConfig(), () => [sameBytes(readFileSync(file, 'latin1'))]);
process.stderr.write(`Listening on ${url}\n`);
