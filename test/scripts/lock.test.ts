/** The lock between processes, with real processes that die while they hold it. */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { withLock } from '../../scripts/lock.mjs';

const folder = mkdtempSync(join(tmpdir(), 'magam-lock-'));
const lockModule = new URL('../../scripts/lock.mjs', import.meta.url).href;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A process that takes the lock, notes it, and dies there when told so. */
function holder(lock: string, journal: string, dies: boolean): Promise<number | null> {
  const program = `
    import { appendFileSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { withLock } from '${lockModule}';
    await withLock(process.argv[1], async () => {
      appendFileSync(process.argv[2], 'in ');
      await sleep(20);
      appendFileSync(process.argv[2], 'out\\n');
      if (${dies}) process.kill(process.pid, 'SIGKILL');
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, lock, journal], { stdio: 'inherit' });
  return new Promise((resolve) => child.once('close', (code) => resolve(code)));
}

describe('withLock', () => {
  it('lets one in at a time, though holders die with it', async () => {
    const lock = join(folder, 'contended.lock');
    const journal = join(folder, 'journal');
    writeFileSync(journal, '');
    await Promise.all(Array.from({ length: 12 }, (_, index) => holder(lock, journal, index % 3 === 0)));
    expect(readFileSync(journal, 'utf8')).toBe('in out\n'.repeat(12));
    await withLock(lock, async () => appendFileSync(journal, 'last'));
    expect(readFileSync(journal, 'utf8')).toMatch(/last$/);
    expect(existsSync(lock)).toBe(false);
  });

  it('takes over from a holder whose id belongs to a later process now', async () => {
    const lock = join(folder, 'reused.lock');
    writeFileSync(lock, `${process.pid} 1`);
    expect(await withLock(lock, async () => 'in')).toBe('in');
  });

  it('is given back when the work throws', async () => {
    const lock = join(folder, 'thrown.lock');
    await expect(
      withLock(lock, async () => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(existsSync(lock)).toBe(false);
  });
});
