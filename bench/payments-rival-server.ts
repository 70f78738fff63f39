/** A rival of the payment bench as a server: `held` or `inside`. Started by bench/payments.ts. */
import { readConfig } from '../infra/config.js';
import { serveRoutes } from './edge-server.js';
import { heldRoutes, insideRoutes } from './payments-rival.js';

const { url } = await serveRoutes(readConfig(), process.argv[2] === 'held' ? heldRoutes : insideRoutes);
process.stderr.write(`Listening on ${url}\n`);
