/** The question of two servers, each with its own connections to one database and one Redis: how often is the database asked? */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Availability } from '../../../core/stock/availability.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { type Connections, closeConnections, openConnections } from '../../support/connections.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { makeUnits } from '../../support/stock.js';

interface Server extends Connections {
  readonly availability: Availability;
}

let database: TestDatabase;
let redis: TestRedis;
const servers: Server[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  redis = await startRedis();
  for (let n = 0; n < 2; n += 1) {
    const connections = await openConnections(database, redis);
    servers.push({ ...connections, availability: new Availability(connections.db, connections.link) });
  }
});
afterAll(async () => {
  for (const server of servers) await closeConnections(server);
  await redis.stop();
  await database.drop();
});

it('is asked once when the keys are gone and a hundred ask at once, whichever server they ask', async () => {
  const units = await makeUnits(database.db, [3, 0, 8]);
  const [one, other] = servers as [Server, Server];
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? one : other).availability.ask(units)),
  );
  for (const answer of answers) expect(answer.map(({ available }) => available)).toEqual([3, 0, 8]);
  const asked = [...one.statements, ...other.statements].filter((sql) => sql.includes('sellable_unit'));
  // Two servers, one load: unless it took longer than the other one waits.
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.length).toBeLessThanOrEqual(2);
});

it('is asked once by each server when Redis is away and a hundred ask at once', async () => {
  const units = await makeUnits(database.db, [5]);
  const [one, other] = servers as [Server, Server];
  await redis.stop();
  await until(() => !one.link.isUp() && !other.link.isUp(), 'both see that Redis is gone');
  for (const { statements } of servers) statements.length = 0;
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? one : other).availability.ask(units)),
  );
  for (const [answer] of answers) expect(answer).toEqual({ unitId: units[0], available: 5 });
  for (const { statements } of servers) expect(statements).toHaveLength(1);
});
