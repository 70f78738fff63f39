/** What a test file changes of its worker is put back for the next one. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** In a process of its own, because this test stands in such an environment itself. */
const PROGRAM = `
  const { AsyncLocalStorage } = require('node:async_hooks');
  const Environment = require('./test/support/jest/environment.cjs');
  const storages = [new AsyncLocalStorage(), new AsyncLocalStorage()];
  const state = () => ({
    folder: process.cwd(),
    changed: process.env.CHANGED,
    removed: process.env.REMOVED,
    added: process.env.ADDED,
    code: process.exitCode ?? null,
    listeners: process.listenerCount('SIGTERM'),
    real: setTimeout === before.setTimeout && console === before.console && process.exit === before.exit,
    tests: Object.getOwnPropertySymbols(globalThis).filter(({ description }) => description === 'JEST_STATE_SYMBOL').length,
    stores: storages.map((storage) => storage.getStore() ?? null),
  });
  const before = { setTimeout, console, exit: process.exit };
  process.once('SIGTERM', () => undefined);
  const environment = new Environment({ projectConfig: { fakeTimers: {}, rootDir: process.cwd() } });
  const states = [state()];
  process.chdir('/');
  process.env = { ...process.env, CHANGED: 'y', ADDED: 'z' };
  delete process.env.REMOVED;
  process.exitCode = 3;
  process.exit = () => undefined;
  process.on('SIGTERM', () => undefined);
  globalThis.console = { log: () => undefined };
  globalThis[Symbol('JEST_STATE_SYMBOL')] = {};
  environment.fakeTimersModern.useFakeTimers();
  storages[0].enterWith('entered');
  storages[1].run('run', () => {
    states.push(state());
    environment.teardown().then(() => {
      states.push(state());
      console.log(JSON.stringify(states));
    });
  });
`;

it('puts back folder, environment, exit code, signals, console and timers, switches off storages, and forgets the tests', () => {
  const env = { PATH: process.env.PATH, CHANGED: 'x', REMOVED: 'x' };
  const output = execFileSync(process.execPath, ['-e', PROGRAM], { cwd: root, env, encoding: 'utf8' });
  const [before, changed, after] = JSON.parse(output) as object[];
  expect(changed).toEqual({
    ...{ folder: '/', changed: 'y', added: 'z', code: 3, listeners: 2, real: false, tests: 1 },
    stores: ['entered', 'run'],
  });
  expect(after).toEqual(before);
  expect(before).toMatchObject({
    changed: 'x',
    removed: 'x',
    code: null,
    listeners: 1,
    real: true,
    tests: 0,
    stores: [null, null],
  });
});
