/** The allowed ends of a command: it is killed, or it ends with a documented exit code, for a reason that it names, within a time limit. */

/** @typedef {import('./magam.mjs').Ended} Ended */
/** @typedef {Pick<import('./strikes.mjs').Strike, 'fault' | 'signal'>} Befell */

/** A failure that must not happen, in words. */
export class ChaosFailure extends Error {}

/** The database does not work: any command may fail because of it. */
export const OUTAGE_CODES = ['DATABASE_UNAVAILABLE', 'DATABASE_BUSY', 'DATABASE_READ_ONLY', 'DATABASE_FULL'];

/**
 * Whether the strike at a process explains that it ended by a signal, or without a document. One that was told to stop and was held up for longer than
 * MAGAM_STOP_MS ends with 130 and without a document.
 * @param {Ended} ended
 * @param {Befell | undefined} strike
 */
function explains({ code, signal, stderr }, strike) {
  const action = stderr.includes('FAULT') ? strike?.fault?.split(':')[1] : undefined;
  if (signal !== null) return signal === strike?.signal || (signal === 'SIGKILL' && action === 'kill');
  if (code === 130) return strike?.signal === 'SIGTERM' || strike?.signal === 'SIGINT';
  return code === 1 && action === 'exit';
}

/**
 * Standard output must be one document or empty, and the exit code must be an expected one. Returns the code of the error, if there is one.
 * @param {Ended} ended
 * @param {readonly string[]} codes of allowed errors, with exit code 1
 * @param {Befell} [strike] the strike at it
 * @returns {string | undefined}
 */
export function requireDecentEnd(ended, codes, strike) {
  const { code, signal, stdout, stderr, overdue } = ended;
  if (overdue) throw new ChaosFailure(`the command hangs:\n${stderr}`);
  const explained = explains(ended, strike);
  if (signal !== null && !explained) throw new ChaosFailure(`the command crashes with ${signal}:\n${stderr}`);
  if (signal !== null || (stdout === '' && explained)) return undefined;
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
 * A runner writes nothing to standard output, and the reason of its end to its log. When it is told to stop it ends with 0, or with 130 when something, such as
 * a database that does not answer, has held it up for longer than MAGAM_STOP_MS.
 * @param {Ended} ended
 * @param {boolean} told whether it was told to stop and not struck otherwise
 * @param {Befell} [strike] the strike at it
 */
export function requireDecentRunnerEnd(ended, told, strike) {
  const { code, signal, stdout, stderr, overdue } = ended;
  if (overdue) throw new ChaosFailure(`a runner that was told to stop does not end:\n${stderr.slice(-4_000)}`);
  if (stdout !== '') throw new ChaosFailure(`a runner writes on standard output:\n${stdout}`);
  const explained = explains(ended, strike);
  // A stop that comes before it handles the signal kills it.
  if (signal !== null && signal !== 'SIGTERM' && !explained)
    throw new ChaosFailure(`a runner crashes with ${signal}:\n${stderr}`);
  if (code === 0 || code === 130 || signal !== null || explained) return;
  const named = OUTAGE_CODES.some((name) => stderr.includes(name));
  if (told || code !== 1 || !named) throw new ChaosFailure(`a runner ended with ${code}:\n${stderr.slice(-4_000)}`);
}
