/** The command line against a test's database. */
import { type Outcome, runMagam } from './command-line.js';

/** Runs `magam` with these arguments to its end. */
export const magam = (databaseUrl: string, args: readonly string[]): Promise<Outcome> =>
  runMagam(args, {
    NODE_OPTIONS: '', // jest's own are none of the command's business
    MAGAM_DATABASE_URL: databaseUrl,
    MAGAM_REDIS_URL: process.env.MAGAM_REDIS_URL ?? 'redis://127.0.0.1:6379/0',
  });

/** The same with `--json`, whose one document is parsed. */
export async function magamJson<T>(
  databaseUrl: string,
  args: readonly string[],
): Promise<{ code: number | null; document: T }> {
  const outcome = await magam(databaseUrl, [...args, '--json']);
  return { code: outcome.code, document: outcome.json<T>() };
}
