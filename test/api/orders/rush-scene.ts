/** Buyers who rush on real servers: they ask again, at the next server, while one is busy or dead, and always under the same key. */
import { until } from '../../../scripts/chaos/magam.mjs';
import { receiver } from '../../core/orders/order-scene.js';
import { makeAccount } from '../../support/accounts.js';
import type { ApiClient, CallAnswer } from '../../support/api.js';
import type { TestDatabase } from '../../support/database.js';

export type Items = readonly { readonly unitId: number; readonly quantity: number }[];

/** Signed-in buyers. @returns their tokens */
export async function makeBuyers({ db }: Pick<TestDatabase, 'db'>, count: number): Promise<string[]> {
  const tokens: string[] = [];
  while (tokens.length < count) {
    const some = Array.from({ length: Math.min(20, count - tokens.length) }, () => makeAccount(db, 'buyer'));
    tokens.push(...(await Promise.all(some)).map(({ token }) => token));
  }
  return tokens;
}

/** A call for one buyer. @returns its answer; `undefined`: there was none */
const checkOut = (server: ApiClient, token: string, key: string, items: Items): Promise<CallAnswer | undefined> =>
  server
    .call('POST', '/v1/checkouts', { token, headers: { 'Idempotency-Key': key }, body: { items, receiver } })
    .catch(() => undefined);

const isOpen = (answer: CallAnswer | undefined): boolean =>
  answer === undefined || answer.status === 503 || answer.body.code === 'IDEMPOTENCY_KEY_IN_FLIGHT';

/** Checks out until there is an answer that stands. Servers are asked in turn, beginning with the one at `at`. */
export async function buy(
  servers: readonly ApiClient[],
  at: number,
  token: string,
  key: string,
  items: Items,
): Promise<CallAnswer> {
  let turn = at;
  return until(async () => {
    const server = servers[turn % servers.length] as ApiClient;
    turn += 1;
    const answer = await checkOut(server, token, key, items);
    return isOpen(answer) ? undefined : answer;
  }, 'an answer that stands');
}

/** How many were answered so, by code. */
export function tally(answers: readonly CallAnswer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const outcome = status === 201 ? 'ordered' : String(body.code);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

/**
 * Lets buyers come, this many at a time, and runs an event when a number of them have been answered: `events` by that number. The buyers continue
 * meanwhile; an event waits for the previous one.
 * @returns the answers, in the order of the buyers, once the events are over as well
 */
export async function rush(
  tokens: readonly string[],
  atOnce: number,
  ask: (token: string, n: number) => Promise<CallAnswer>,
  events: Readonly<Record<number, () => Promise<unknown>>> = {},
): Promise<CallAnswer[]> {
  const answers: CallAnswer[] = [];
  let happening: Promise<unknown> = Promise.resolve();
  let next = 0;
  let answered = 0;
  const callers = Array.from({ length: atOnce }, async () => {
    for (let n = next++; n < tokens.length; n = next++) {
      answers[n] = await ask(tokens[n] as string, n);
      answered += 1;
      const event = events[answered];
      if (event !== undefined) happening = happening.then(event);
    }
  });
  await Promise.all(callers);
  await happening;
  return answers;
}
