/** The database server killed and started again in the middle of a run, on a private server. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startServices, stopServices } from '../../scripts/services.mjs';
import { documentOf, Settling } from '../support/settling.js';

const folder = mkdtempSync(join(tmpdir(), 'magam-restart-'));
const server = { folder, redisUrl: 'redis://127.0.0.1:1/0', log: () => undefined };
let feed: Settling;

beforeAll(async () => {
  feed = await Settling.create((await startServices(server)).databaseUrl);
});
afterAll(async () => {
  await feed.drop();
  await stopServices({ folder, deleteData: true, log: () => undefined });
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => feed.reset());

/** SIGKILL: nothing is flushed, every session ends, and only the redo log is left. */
function killServer(): void {
  const { database } = JSON.parse(readFileSync(join(folder, 'services.json'), 'utf8'));
  process.kill(database.pid, 'SIGKILL');
}

describe('the database server, killed', () => {
  it.each(['chunk.in-transaction', 'chunk.before-commit', 'chunk.commit', 'chunk.after-commit'])(
    'while a worker waits at %s, is waited for',
    async (point) => {
      const gate = join(folder, `gate-${point}`);
      const settling = feed.startSettle({ MAGAM_FAULT: `${point}:wait:3:${gate}` });
      await settling.says(`FAULT ${point}`);
      killServer();
      const { databaseUrl } = await startServices(server);
      expect(new URL(databaseUrl).port).toBe(new URL(feed.db.url).port);
      writeFileSync(gate, '');
      const ended = await settling.ended;
      expect(ended).toMatchObject({ code: 0 });
      expect(documentOf(ended).certificate).toEqual(feed.cleanDocument.certificate);
      await feed.expectClean();
    },
  );
});
