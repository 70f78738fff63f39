/** The real command line against a test's database. The test command has built it before. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const entry = fileURLToPath(new URL('../../bin/magam.mjs', import.meta.url));

/** Runs `magam` with these arguments to its end. */
export function magam(
  databaseUrl: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<CommandResult> {
  const env = {
    ...process.env,
    NODE_OPTIONS: '', // jest's own are none of the command's business
    MAGAM_DATABASE_URL: databaseUrl,
    MAGAM_REDIS_URL: process.env.MAGAM_REDIS_URL ?? 'redis://127.0.0.1:6379/0',
    ...environment,
  };
  const child = spawn(process.execPath, [entry, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The same with `--json`, whose one document is parsed. */
export async function magamJson<T>(
  databaseUrl: string,
  args: readonly string[],
): Promise<{ code: number | null; document: T }> {
  const { code, stdout } = await magam(databaseUrl, [...args, '--json']);
  return { code, document: JSON.parse(stdout) as T };
}
