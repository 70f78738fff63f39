/** `magam sandbox` serves until it is told to stop, and not in production. */
import { expect, it } from '@jest/globals';
import { environment, runMagam, startMagam } from '../../scripts/chaos/magam.mjs';

const settings = (more: Readonly<Record<string, string>> = {}) => environment('mysql://nobody@127.0.0.1:1/none', more);

it('serves without a database, and ends when it is told to', async () => {
  const sandbox = startMagam(['sandbox', '--port', '0', '--mail-port', '0'], settings());
  await sandbox.says(/listens on (\S+)/);
  const url = /listens on (\S+)/.exec(sandbox.output.stderr)?.[1];
  expect(await (await fetch(`${url}/sandbox/book`)).json()).toEqual({ entries: [], sums: {} });
  const taken = await runMagam(['sandbox', '--port', String(new URL(url ?? '').port), '--mail-port', '0'], settings());
  expect(taken).toMatchObject({ code: 2, stderr: expect.stringContaining('CONFIG_INVALID') });
  sandbox.send('SIGTERM');
  expect(await sandbox.ended).toMatchObject({ code: 0, signal: null });
});

it('is refused in production', async () => {
  const production = settings({ NODE_ENV: 'production', MAGAM_REDIS_URL: 'redis://127.0.0.1:1/0' });
  expect(await runMagam(['sandbox'], production)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('CONFIG_INVALID'),
  });
});

it.each([[['--port', '70000']], [['--webhooks', 'file:///etc']], [['--nonsense']]])(
  'does not understand %j',
  async (words) => {
    expect((await runMagam(['sandbox', ...words], settings())).code).toBe(2);
  },
);
