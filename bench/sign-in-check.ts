/** The cost of the sign-in check alone, called as the server calls it. */
import { authenticator } from '../api/edge/authenticate.js';
import { readConfig } from '../infra/config.js';
import { openDatabase } from '../infra/database.js';
import { type Spread, spreadOf } from './measure.js';

/** Microseconds of one check. */
export interface SignInCheck {
  /** One after the other: each reads its session by itself. */
  readonly alone: Spread;
  /** As many at once as there are connections: those of one turn of the event loop share a read. */
  readonly together: Spread;
}

const CHECKS = 2_000;

/** Checks a token `CHECKS` times in every round, on a pool like the server's. */
export async function measureSignInCheck(
  url: string,
  token: string,
  connections: number,
  rounds: number,
): Promise<SignInCheck> {
  const config = readConfig();
  const db = openDatabase(url, { poolMax: config.httpPool });
  try {
    const check = authenticator({ config, db });
    const run = async (callers: number): Promise<number> => {
      const since = performance.now();
      await Promise.all(
        Array.from({ length: callers }, async () => {
          for (let i = 0; i < CHECKS / callers; i += 1) await check(token);
        }),
      );
      return ((performance.now() - since) * 1_000) / CHECKS;
    };
    await run(connections); // connections are opened, code is compiled
    const samples: Record<keyof SignInCheck, number[]> = { alone: [], together: [] };
    for (let round = 0; round < rounds; round += 1) {
      samples.alone.push(await run(1));
      samples.together.push(await run(connections));
    }
    return { alone: spreadOf(samples.alone), together: spreadOf(samples.together) };
  } finally {
    await db.destroy();
  }
}
