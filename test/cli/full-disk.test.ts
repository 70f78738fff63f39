/** Where the disk of the output or of the log is full: commands report it, and servers, runners and runs go on. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { environment, type Magam, startProcess, until } from '../../scripts/chaos/magam.mjs';
import { choosePort } from '../../scripts/services/ports.mjs';
import type { TestDatabase } from '../support/database.js';
import { createSmallDay, SMALL_DAY } from '../support/small-day.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createSmallDay();
});
afterAll(() => database.drop());

/** Writing to this device fails as on a disk that is full. */
const FULL = '/dev/full';

/** Starts `magam` in a shell, which redirects its output. */
const start = (line: string, settings: Readonly<Record<string, string>> = {}): Magam =>
  startProcess('sh', ['-c', `exec '${process.execPath}' bin/magam.mjs ${line}`], {
    env: environment(database.url, settings),
  });
const statusOf = async (url: string): Promise<number> => (await fetch(url).catch(() => undefined))?.status ?? 0;

describe('a command', () => {
  it('whose results cannot be written says so', async () => {
    const { code, stderr } = await start(`settlements --date ${SMALL_DAY} > ${FULL}`).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^FILE_UNWRITABLE: The output cannot be written: ENOSPC.*\nWhat to do: .*\n$/);
  });

  it('whose notices cannot be written does its work, and keeps its exit code', async () => {
    expect(await start(`settle --date ${SMALL_DAY} 2> ${FULL}`).ended).toMatchObject({ code: 3 });
    expect(await start(`settle --date tomorrow 2> ${FULL}`).ended).toMatchObject({ code: 2 });
  });
});

describe('a process whose log cannot be written', () => {
  it('the server serves, and ends when it is told to', async () => {
    const port = await choosePort(undefined);
    const server = start(`api 2> ${FULL}`, { MAGAM_PORT: String(port), MAGAM_DRAIN_MS: '0' });
    await until(async () => (await statusOf(`http://127.0.0.1:${port}/readyz`)) === 200);
    for (let n = 0; n < 100; n += 1) expect(await statusOf(`http://127.0.0.1:${port}/nowhere`)).toBe(404);
    server.send('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0, signal: null });
  });

  it('the runner works, and ends when it is told to', async () => {
    await database.db('duty').delete();
    const runner = start(`runner 2> ${FULL}`);
    await until(async () => (await database.db('duty').whereNotNull('succeeded_at')).length > 0);
    runner.send('SIGTERM');
    expect(await runner.ended).toMatchObject({ code: 0, signal: null });
  });
});
