/** One command with its strike. */
import { startMagam } from './magam.mjs';
import { startProxy } from './tcp-proxy.mjs';
import { pause } from './upheavals.mjs';

/** @typedef {import('./magam.mjs').Magam} Magam */
/** @typedef {import('./strikes.mjs').Strike} Strike */

/** A stopped process sleeps through more than a lease, so that others take over. */
const FROZEN_MS = 3_000;

/**
 * Starts the command, and strikes it. `count` is called for a strike that has happened.
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {Strike | undefined} strike
 * @param {(kind: string) => void} count
 * @param {Parameters<typeof startMagam>[2]} [options]
 * @returns {Promise<Magam>} `ended` resolves when the helpers that were started for it have ended, too
 */
export async function startStruck(args, env, strike, count, options) {
  const { fault, signal, cuts, afterMs = 0 } = strike ?? {};
  const proxy = cuts === undefined ? undefined : await startProxy(String(env.MAGAM_DATABASE_URL), cuts);
  const magam = startMagam(
    args,
    { ...env, ...(proxy && { MAGAM_DATABASE_URL: proxy.url }), ...(fault !== undefined && { MAGAM_FAULT: fault }) },
    options,
  );
  let [over, sent] = [false, false];
  const ended = magam.ended.finally(() => {
    over = true;
  });
  const struck = async () => {
    if (fault?.includes(':stop') === true) await magam.says('FAULT');
    else if (signal === undefined) return;
    else {
      await Promise.race([pause(afterMs), ended]);
      sent = !over;
      magam.send(signal);
      if (signal !== 'SIGSTOP') return;
    }
    await pause(FROZEN_MS);
    await magam.wake();
  };
  const all = Promise.all([ended, struck().catch(() => undefined)]); // it may end before it reaches the fault
  const counted = all.then(([end]) => {
    const atFault = fault?.startsWith('clock:') === true || end.stderr.includes('FAULT');
    if (strike !== undefined && (sent || atFault || (proxy?.cuts() ?? 0) > 0)) count(strike.kind);
    return end;
  });
  return { ...magam, ended: counted.finally(() => proxy?.close()) };
}
