/**
 * The environment of a test file: the realm of the worker itself, instead of a new one per file as jest makes it. So packages can be loaded once per worker
 * (runtime.cjs), and what they give and take has the same `Error`, `Date` and `Promise` as the product. What a file changes of the
 * process is put back when it ends.
 */
const { AsyncLocalStorage } = require('node:async_hooks');
const { constants } = require('node:os');
const { ModernFakeTimers } = require('@jest/fake-timers');
const { ModuleMocker } = require('jest-mock');

/** What jest keeps on the global object for one file. */
const OF_ONE_FILE =
  /^(JEST_STATE_SYMBOL|EVENT_HANDLERS|TEST_TIMEOUT_SYMBOL|RETRY_TIMES|RETRY_IMMEDIATELY|LOG_ERRORS_BEFORE_RETRY)$/;

/** A test environment of jest. */
class SharedRealm {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  fakeTimers = null;
  /** @type {(() => void)[]} */
  #undo = [keepProperties(), keepSignals(), endStorages()];

  /** @param {{ projectConfig: ConstructorParameters<typeof ModernFakeTimers>[0]['config'] }} config */
  constructor({ projectConfig }) {
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  /** There is no other realm; runtime.cjs knows. */
  getVmContext() {
    return null;
  }

  async setup() {}

  async teardown() {
    this.fakeTimersModern.dispose();
    for (const undo of this.#undo) undo();
    for (const key of Object.getOwnPropertySymbols(globalThis))
      if (OF_ONE_FILE.test(key.description ?? '')) Reflect.deleteProperty(globalThis, key);
  }
}

/** Puts back what tests and jest replace. */
function keepProperties() {
  const { console } = globalThis;
  const { env, exit, exitCode } = process;
  const variables = { ...env };
  const { prepareStackTrace } = Error;
  const folder = process.cwd();
  return () => {
    globalThis.console = console;
    Object.assign(process, { exit, exitCode, env });
    for (const name of Object.keys(env)) if (!(name in variables)) delete env[name];
    Object.assign(env, variables);
    Error.prepareStackTrace = prepareStackTrace;
    if (process.cwd() !== folder) process.chdir(folder);
  };
}

/** Takes away who still listens to signals, so that the worker can be ended by one. */
function keepSignals() {
  const signals = /** @type {NodeJS.Signals[]} */ (Object.keys(constants.signals));
  const former = signals.map((signal) => process.listeners(signal));
  return () => {
    for (const [at, signal] of signals.entries())
      for (const listener of process.listeners(signal))
        if (!former[at]?.includes(listener)) process.removeListener(signal, listener);
  };
}

/**
 * Switches off the storages that the file has used. jest has new ones for each file, and Node hands the content of every one that is switched on from promise to promise: of
 * fifty files it took an eighth of the time. Those of the product are switched on again by the next file that uses them.
 */
function endStorages() {
  const { enterWith, run } = AsyncLocalStorage.prototype;
  /** @type {Set<AsyncLocalStorage<unknown>>} */
  const used = new Set();
  /** @this {AsyncLocalStorage<unknown>} @param {Parameters<AsyncLocalStorage<unknown>['run']>} args */
  AsyncLocalStorage.prototype.run = function (...args) {
    used.add(this);
    return run.apply(this, args);
  };
  /** @this {AsyncLocalStorage<unknown>} @param {unknown} store */
  AsyncLocalStorage.prototype.enterWith = function (store) {
    used.add(this);
    enterWith.call(this, store);
  };
  return () => {
    Object.assign(AsyncLocalStorage.prototype, { enterWith, run });
    for (const storage of used) storage.disable();
  };
}

module.exports = SharedRealm;
