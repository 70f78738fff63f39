/** How every script of this folder begins and ends. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout these scripts belong to. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Something a person can act on: the message is all that is shown, with exit code 1. */
export class ScriptError extends Error {
  /** @override */
  name = 'ScriptError';
}

/**
 * Says something on standard error; standard output belongs to results.
 * @param {string} line
 */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Runs `work` and sets the exit code it returns; a failure is told and exits 1.
 * @param {() => Promise<number>} work
 */
export async function run(work) {
  try {
    process.exitCode = await work();
  } catch (error) {
    say(error instanceof ScriptError ? error.message : String(error instanceof Error ? error.stack : error));
    process.exitCode = 1;
  }
}

/**
 * Whether the module is the program that Node was told to run, not imported by another.
 * @param {string} moduleUrl
 */
export function isProgram(moduleUrl) {
  const told = process.argv[1];
  return told !== undefined && existsSync(told) && realpathSync(told) === fileURLToPath(moduleUrl);
}
