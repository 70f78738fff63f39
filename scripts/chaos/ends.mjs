/** How a command may end: killed, or with a documented exit code, for a reason that it names, within a bound of time. */

/** @typedef {import('./magam.mjs').Ended} Ended */

/** Something that must not happen, in words. */
export class ChaosFailure extends Error {}

/** The database does not do what it should: any command may fail for it. */
export const OUTAGE_CODES = ['DATABASE_UNAVAILABLE', 'DATABASE_BUSY', 'DATABASE_READ_ONLY', 'DATABASE_FULL'];

/** Signals of ours that may end a process; any other would be a crash. */
const MORTAL = ['SIGKILL', 'SIGTERM', 'SIGINT'];

/**
 * Standard output is one document or nothing, and the exit code is one that is expected here. Returns the code of the error, if there is one.
 * @param {Ended} ended
 * @param {readonly string[]} codes of errors that may be, with exit code 1
 * @returns {string | undefined}
 */
export function requireDecentEnd({ code, signal, stdout, stderr, overdue }, codes) {
  if (overdue) throw new ChaosFailure(`the command hangs:\n${stderr}`);
  if (signal !== null && !MORTAL.includes(signal))
    throw new ChaosFailure(`the command crashes with ${signal}:\n${stderr}`);
  // One that was held up for longer than MAGAM_STOP_MS ends with 130 and without a document.
  if (signal !== null || (stdout === '' && (code === 130 || stderr.includes('FAULT')))) return undefined;
  /** @type {{ error?: { code: string, message: string } }} */
  let document;
  try {
    document = JSON.parse(stdout);
  } catch {
    throw new ChaosFailure(`not one JSON document (exit code ${code}):\n${stdout}\n${stderr}`);
  }
  const { error } = document;
  if (code === 0 || code === 3 || code === 130) return error?.code;
  const injected = error?.message.includes('fault at') === true;
  if (code === 1 && (injected || codes.includes(error?.code ?? ''))) return error?.code;
  throw new ChaosFailure(`exit code ${code}:\n${stdout.slice(-6_000)}\n${stderr.slice(-6_000)}`);
}

/**
 * A runner says nothing on standard output, and the reason of its end in its log. Told to stop it ends with 0, or with 130 when something, such as a
 * database that does not answer, has held it up for longer than MAGAM_STOP_MS.
 * @param {Ended} ended
 * @param {boolean} told whether it was told to stop and nothing else has befallen it
 */
export function requireDecentRunnerEnd({ code, signal, stdout, stderr, overdue }, told) {
  if (overdue) throw new ChaosFailure(`a runner that was told to stop does not end:\n${stderr.slice(-4_000)}`);
  if (stdout !== '') throw new ChaosFailure(`a runner writes on standard output:\n${stdout}`);
  if (signal !== null && !MORTAL.includes(signal))
    throw new ChaosFailure(`a runner crashes with ${signal}:\n${stderr}`);
  if (code === 0 || code === 130 || signal !== null || stderr.includes('FAULT')) return;
  const named = OUTAGE_CODES.some((name) => stderr.includes(name));
  if (told || code !== 1 || !named) throw new ChaosFailure(`a runner ended with ${code}:\n${stderr.slice(-4_000)}`);
}
