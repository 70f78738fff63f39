/** The demo as a newcomer starts it, at a small size and in a database of the test's own. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../../infra/database.js';

const database = `magam_demo_${randomBytes(5).toString('hex')}`;
const NUMBERS = ['--lines', '6000', '--sellers', '50', '--database', database];

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the demo in a process group of its own.
 * @param onLine called when standard error has this text, with a function that signals the whole group, as a terminal would
 */
function demo(
  args: string[],
  onText?: string,
  act?: (signal: (name: NodeJS.Signals) => void) => void,
): Promise<Outcome> {
  const child = spawn(process.execPath, ['scripts/demo.mjs', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let stdout = '';
  let stderr = '';
  let acted = false;
  child.stdout.on('data', (part) => {
    stdout += part;
  });
  child.stderr.on('data', (part) => {
    stderr += part;
    if (acted || onText === undefined || !stderr.includes(onText)) return;
    acted = true;
    act?.((name) => process.kill(-(child.pid as number), name));
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

afterAll(async () => {
  const server = openDatabase(process.env.MAGAM_DATABASE_URL as string, { database: '', poolMax: 1 });
  await server.raw('DROP DATABASE IF EXISTS ??', [database]);
  await server.destroy();
});

describe('the demo', () => {
  it.each([
    [['--lines', '0'], /--lines takes a whole number from 1/],
    [['--lines', '1e6'], /--lines takes/],
    [['--sellers', '-3'], /Usage:/],
    [['--workers', '65'], /--workers takes/],
    [['--date', '2026-02-30'], /--date takes a date/],
    [['--database', 'magam'], /begins with magam_demo/],
    [['--line', '5'], /Unknown option/],
    [['now'], /Usage:/],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await demo(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('reports every stage, the totals, the largest sellers, the certificate and what to try next', async () => {
    const { code, stdout, stderr } = await demo(NUMBERS);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toMatch(/^The database magam_demo\S* stays as it is/m);
    expect(stdout).toMatch(/^2026-06-30: settled\. 6,000 sales and \d+ refunds, 0 parked\.$/m);
    for (const stage of ['set-up', 'seed', 'settle', '  door', '  plan', '  lines', '  finish', 'verify']) {
      expect(stdout).toMatch(new RegExp(`^${stage} +\\d+\\.\\d\\d `, 'm'));
    }
    expect(stdout).toMatch(/^totals +JPY +KRW +USD$/m);
    expect(stdout).toMatch(/^= net to sellers +[\d,]+ JPY +[\d,]+ KRW +[\d,.]+ USD$/m);
    expect(stdout).toMatch(/^seller-000001 .* KRW$/m);
    expect(stdout).toMatch(/^Peak memory of the settle process: \d+ MiB, /m);
    expect(stdout).toMatch(/^Verified: \d+ checks, all of them hold\.$/m);
    expect(stdout).toMatch(/^Certificate: [0-9a-f]{64} \(generation 1\)$/m);
    expect(stdout).toContain(`/${database}'`);
    expect(stdout).toMatch(/^ {2}npx magam explain 20260630-1-\d{9} \d$/m);
  });

  it('is finished by the same command after having been killed, and starts over after that', async () => {
    const killed = await demo(NUMBERS, 'Seeding', (signal) => signal('SIGKILL'));
    expect(killed).toMatchObject({ code: null, stdout: '' });
    const stopped = await demo(NUMBERS, 'Settling', (signal) => signal('SIGINT'));
    expect(stopped.stderr).toContain('has an unfinished demo with the same numbers');
    // A signal that comes in the very last moment of a command finds nothing left to stop.
    expect([0, 130]).toContain(stopped.code);
    const finished = await demo(NUMBERS);
    expect(finished).toMatchObject({ code: 0 });
    expect(finished.stdout).toContain('6,000 sales');
    expect(finished.stdout).toContain('all of them hold');
    const again = await demo(NUMBERS);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).not.toContain('unfinished');
  });
});
