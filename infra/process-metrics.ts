/** Metrics that every process has: those of Node, and its connections to the database. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Db } from './database.js';

/** A registry with these metrics. @param pools of the process; their connections are added up */
export function openRegistry(pools: readonly Db[]): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'magam_' });
  new Gauge({
    name: 'magam_database_pool_connections',
    help: 'Connections of the pools by state; pending: callers that wait for one.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const sum = (of: (pool: Db['client']['pool']) => number): number =>
        pools.reduce((total, { client }) => total + of(client.pool), 0);
      this.set(
        { state: 'used' },
        sum((pool) => pool.numUsed()),
      );
      this.set(
        { state: 'free' },
        sum((pool) => pool.numFree()),
      );
      this.set(
        { state: 'pending' },
        sum((pool) => pool.numPendingAcquires()),
      );
    },
  });
  return registry;
}
