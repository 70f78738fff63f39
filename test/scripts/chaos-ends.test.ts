/** How chaos judges the end of a command: its strike must explain it, only strikes that happened are counted, and a failing upheaval fails its round. */
import { describe, expect, it } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import { ChaosFailure, requireDecentEnd, requireDecentRunnerEnd } from '../../scripts/chaos/ends.mjs';
import { type Ended, environment, startProcess } from '../../scripts/chaos/magam.mjs';
import type { DatePlan } from '../../scripts/chaos/plan.mjs';
import { startStruck } from '../../scripts/chaos/struck-command.mjs';
import { root } from '../../scripts/script.mjs';
import { DATE } from '../support/settling.js';

const serverUrl = process.env.MAGAM_DATABASE_URL as string;

describe('the end of a command', () => {
  const KILLED = { code: null, signal: 'SIGKILL', stdout: '' } as const;
  const EXITED = { code: 1, stdout: '' } as const;
  const end = (parts: Partial<Ended>): Ended => ({
    code: 0,
    signal: null,
    stdout: '{}',
    stderr: '',
    overdue: false,
    json: () => ({}) as never,
    ...parts,
  });
  const failure = (code: string) => JSON.stringify({ error: { code, message: 'it failed' } });

  it.each([
    ['done', { code: 0 }],
    ['done with parked entries', { code: 3 }],
    ['stopped', { code: 130 }],
    ['an outage', { code: 1, stdout: failure('DATABASE_UNAVAILABLE') }],
    ['killed', { code: null, signal: 'SIGKILL', stdout: '' }, { signal: 'SIGKILL' }],
    ['killed when it had printed all', { code: null, signal: 'SIGKILL' }, { signal: 'SIGKILL' }],
    ['killed by a fault', { ...KILLED, stderr: 'FAULT run.opened 1' }, { fault: 'run.opened:kill:1' }],
    ['ended by a fault', { ...EXITED, stderr: 'FAULT run.opened 1' }, { fault: 'run.opened:exit:1' }],
    ['told to stop and held up', { code: 130, stdout: '' }, { signal: 'SIGTERM' }],
  ] as const)('is decent: %s', (_what, parts, strike: Parameters<typeof requireDecentEnd>[2] = undefined) => {
    expect(() => requireDecentEnd(end(parts), ['DATABASE_UNAVAILABLE'], strike)).not.toThrow();
  });

  it.each([
    ['an exit after a fault that ends nothing', { ...EXITED, stderr: 'FAULT run.opened 1' }, 'run.opened:error:1'],
    ['an exit before the fault', EXITED, 'run.opened:exit:1'],
    [
      'another exit code than that of the fault',
      { ...EXITED, code: 7, stderr: 'FAULT run.opened 1' },
      'run.opened:exit:1',
    ],
    ['a kill that nobody sent', KILLED, 'run.opened:kill:1'],
    ['a kill after a fault that stops it', { ...KILLED, stderr: 'FAULT run.opened 1' }, 'run.opened:stop:1'],
    ['an end for being told to stop, though nobody has', { code: 130, stdout: '' }, 'run.opened:kill:1'],
  ] as const)('is not explained by a fault: %s', (_what, parts, fault) => {
    expect(() => requireDecentEnd(end(parts), [], { fault })).toThrow(ChaosFailure);
    if (parts.code === 130) return;
    expect(() => requireDecentRunnerEnd(end({ ...parts, stdout: '' }), false, { fault })).toThrow(ChaosFailure);
  });

  it.each([
    ['a hang', { overdue: true, signal: 'SIGKILL', code: null }],
    ['a crash', { code: null, signal: 'SIGABRT', stdout: '' }],
    ['a code that does not fit', { code: 1, stdout: failure('INTERNAL') }],
    ['an exit code that does not fit', { code: 2, stdout: failure('DATABASE_UNAVAILABLE') }],
    ['no document', { code: 1, stdout: '' }],
    ['more than a document', { code: 0, stdout: '{}{}' }],
  ] as const)('is a failure: %s', (_what, parts) => {
    expect(() => requireDecentEnd(end(parts), ['DATABASE_UNAVAILABLE'])).toThrow(ChaosFailure);
  });

  it('of a runner that was told to stop is 0', () => {
    expect(() => requireDecentRunnerEnd(end({ stdout: '' }), true)).not.toThrow();
    expect(() =>
      requireDecentRunnerEnd(end({ stdout: '', code: 1, stderr: 'DATABASE_UNAVAILABLE' }), false),
    ).not.toThrow();
    for (const parts of [
      { code: 1, stderr: 'DATABASE_UNAVAILABLE' },
      { overdue: true },
      { code: null, signal: 'SIGSEGV' as const },
    ])
      expect(() => requireDecentRunnerEnd(end({ stdout: '', ...parts }), true)).toThrow(ChaosFailure);
  });
});

describe('a strike', () => {
  const strike = { kind: 'fault', words: '', afterMs: 0 };
  const struck = async (fault: string): Promise<string[]> => {
    const counted: string[] = [];
    const env = environment(serverUrl, { MAGAM_DATABASE_URL: 'mysql://nobody@127.0.0.1:1/none', MAGAM_OUTAGE_MS: '0' });
    const magam = await startStruck(['runs', '--json'], env, { ...strike, fault }, (kind) => void counted.push(kind));
    await magam.ended;
    return counted;
  };

  it('is counted when it is carried out, and not when it was drawn', async () => {
    expect(await struck('run.finished:kill:1')).toEqual([]);
    expect(await struck('clock:5')).toEqual(['fault']);
  });
});

it('an upheaval that fails is a failed round, and the process goes on', async () => {
  const feed = { lines: 50, sellers: 3, date: DATE, seed: '1' };
  const upheaval = { kind: 'no such upheaval', afterMs: 0, lastsMs: 0 };
  const command = { workers: 1, chunkSize: 50, writer: 'auto' };
  const plan: DatePlan = {
    ...{ kind: 'date', feed, gridSize: 1, processes: 1, poison: false, commands: [command], strikes: [] },
    upheavals: [upheaval],
  };
  // In a process of its own: within a test a rejection that nobody handles does no harm.
  const program = `
    import { runDate } from './scripts/chaos/date-round.mjs';
    import { givenServer } from './scripts/chaos/servers.mjs';
    const url = process.env.MAGAM_DATABASE_URL;
    const kept = [];
    const failure = await runDate(${JSON.stringify(plan)}, givenServer(url), (line) => kept.push(line), () => undefined).catch(String);
    console.log(JSON.stringify({ failure, kept }));`;
  const { stdout } = await startProcess(process.execPath, ['--input-type=module', '-e', program], {
    ...{ cwd: root, env: process.env },
  }).ended;
  const { failure, kept } = JSON.parse(stdout) as { failure: string; kept: string[] };
  expect(failure).toContain('no upheaval named');
  const connection = await createConnection({ uri: new URL('/', serverUrl).href });
  await connection.query(`DROP DATABASE ${kept[0]?.split(' ').at(-1)}`);
  await connection.end();
});
