/** The real `magam` command as a separate process, with its JSON document and the resources that its process used. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Usage } from './report-usage.js';

const program = fileURLToPath(new URL('../../bin/magam.mjs', import.meta.url));
const reportUsage = new URL('report-usage.js', import.meta.url).href;

/** The fields of the commands' documents that the bench reads. */
export interface CommandDocument {
  readonly status?: string;
  readonly lines?: number;
  readonly refunds?: number;
  readonly ok?: boolean;
  readonly seconds?: number;
  readonly touched?: number;
  readonly totals?: readonly { readonly currency: string; readonly before?: Readonly<Record<string, number>> }[];
  readonly stages?: readonly { readonly name: string; readonly seconds: number }[];
}

/** Runs it to its end; throws with its output when it fails. */
export async function runMagam(
  databaseUrl: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly document: CommandDocument; readonly usage: Usage }> {
  const child = spawn(process.execPath, ['--import', reportUsage, program, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, MAGAM_DATABASE_URL: databaseUrl, ...environment },
  });
  const [stdout, stderr, usage, [exitCode]] = await Promise.all([
    text(child.stdout as Readable),
    text(child.stderr as Readable),
    text(child.stdio[3] as Readable),
    once(child, 'close'),
  ]);
  if (exitCode !== 0) throw new Error(`magam ${args.join(' ')} ended with ${exitCode}:\n${stdout}\n${stderr}`);
  return { document: JSON.parse(stdout) as CommandDocument, usage: JSON.parse(usage) as Usage };
}
