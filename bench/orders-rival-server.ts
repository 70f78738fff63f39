/** The rivals of the order bench as a server. Started by bench/orders.ts. */
import { readConfig } from '../infra/config.js';
import { serveRoutes } from './edge-server.js';
import { rivalRoutes } from './orders-rival.js';

const { url } = await serveRoutes(readConfig(), rivalRoutes);
process.stderr.write(`Listening on ${url}\n`);
