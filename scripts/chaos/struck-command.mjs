/** One command with what befalls it. */
import { startMagam } from './magam.mjs';
import { startProxy } from './tcp-proxy.mjs';
import { pause } from './upheavals.mjs';

/** @typedef {import('./magam.mjs').Magam} Magam */
/** @typedef {import('./strikes.mjs').Strike} Strike */

/** A stopped process sleeps through more than a lease, so that others take over. */
const FROZEN_MS = 3_000;

/**
 * Starts the command, and strikes it.
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {Strike | undefined} strike
 * @param {Parameters<typeof startMagam>[2]} [options]
 * @returns {Promise<Magam>} `ended` comes when what was started for it has ended, too
 */
export async function startStruck(args, env, strike, options) {
  const { fault, signal, cuts, afterMs = 0 } = strike ?? {};
  const proxy = cuts === undefined ? undefined : await startProxy(String(env.MAGAM_DATABASE_URL), cuts);
  const magam = startMagam(
    args,
    { ...env, ...(proxy && { MAGAM_DATABASE_URL: proxy.url }), ...(fault !== undefined && { MAGAM_FAULT: fault }) },
    options,
  );
  const struck = async () => {
    if (fault?.includes(':stop') === true) await magam.says('FAULT');
    else if (signal === undefined) return;
    else {
      await Promise.race([pause(afterMs), magam.ended]);
      magam.send(signal);
      if (signal !== 'SIGSTOP') return;
    }
    await pause(FROZEN_MS);
    await magam.wake();
  };
  const all = Promise.all([magam.ended, struck().catch(() => undefined)]); // it may end without having come to the fault
  return { ...magam, ended: all.then(([ended]) => ended).finally(() => proxy?.close()) };
}
