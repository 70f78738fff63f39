/** A fixed number of checkouts and of confirmations a second, whether or not they are answered, and the rows afterwards. */
import { type Db, pause, select } from '../infra/database.js';
import type { ApiUnderMeasurement } from './api-process.js';
import type { Buyer, Buyers } from './buyers.js';
import { type Answered, type Ask, eachBy, HttpCaller } from './http-caller.js';
import { say, secondsSince } from './measure.js';
import { type Arrival, openLoop } from './open-loop.js';
import { checkoutRequest } from './order-checkouts.js';
import { allFollowed, allKnown } from './payment-confirmations.js';
import { confirmationOf, type Till } from './payment-till.js';
import type { Shop } from './shop.js';
import { percentile } from './stock-report.js';

/** An arrival that is done within this time from its due moment is in time (ms). */
export const IN_TIME_MS = 1_000;

interface Stream {
  readonly arrivals: number;
  /** The percentage that was done within `IN_TIME_MS`. */
  readonly inTime: number;
  /** The percentage that was asked to try again (a 5xx, 202, or a cut connection), and did so after the rush. */
  readonly again: number;
  /** The times of those that were done at once. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface PaymentRush {
  readonly perSecond: number;
  readonly seconds: number;
  readonly checkouts: Stream;
  readonly confirmations: Stream;
  /** From the last arrival until all had their answer, and until all following work was done (s). */
  readonly answeredSeconds: number;
  readonly followedSeconds: number;
  /** By the rows, and by the provider's book. */
  readonly placed: number;
  readonly paid: number;
  readonly charged: number;
  readonly sold: number;
}

interface Plan {
  readonly db: Db;
  readonly shop: Shop;
  readonly buyers: Buyers;
  readonly till: Till;
  readonly server: ApiUnderMeasurement;
  readonly perSecond: number;
  readonly seconds: number;
}

/** A buyer without an answer after this long counts as lost (s). */
const LONGEST_SECONDS = 600;

function streamOf(arrivals: readonly Arrival<Answered>[], done: number): Stream {
  const millis = arrivals.filter(({ result }) => result.status === done).map((one) => one.millis);
  const percent = (count: number): number => (100 * count) / arrivals.length;
  return {
    arrivals: arrivals.length,
    inTime: percent(millis.filter((ms) => ms <= IN_TIME_MS).length),
    again: percent(arrivals.length - millis.length),
    p50: percentile(millis, 50),
    p95: percentile(millis, 95),
    p99: percentile(millis, 99),
  };
}

/** Buyers who were asked to try again do so, under the same keys, until they have their answer. */
async function comeAgain(
  caller: HttpCaller,
  asks: readonly Ask[],
  arrivals: readonly Arrival<Answered>[],
  done: number,
): Promise<void> {
  const started = performance.now();
  const left = asks.filter((_, at) => arrivals[at]?.result.status !== done);
  await eachBy(20, left, async (ask) => {
    for (;;) {
      const { status, text } = await caller.post(ask);
      if (status === done || status === 202) return; // 202 is kept under its key, and a duty looks up the payment
      if (secondsSince(started) > LONGEST_SECONDS) throw new Error(`${ask.path} is never answered: ${status} ${text}`);
      await pause(500);
    }
  });
}

interface Counts {
  readonly checkouts: number;
  readonly paid: number;
  readonly sold: number;
}

async function count(db: Db): Promise<Counts> {
  const [row] = await select<Counts>(
    db,
    `SELECT (SELECT COUNT(*) FROM checkout) AS checkouts, (SELECT COUNT(*) FROM payment WHERE status = 'DONE') AS paid,
       (SELECT COUNT(*) FROM stock_reservation WHERE status = 'SOLD') AS sold`,
  );
  return row as Counts;
}

const chargesOf = async (till: Till): Promise<number> =>
  (await till.world.book()).filter(({ kind }) => kind === 'CHARGE').length;

export async function measurePaymentRush(plan: Plan): Promise<PaymentRush> {
  const { db, till, buyers, shop, perSecond, seconds } = plan;
  const arrivals = perSecond * seconds;
  say(`Preparing ${arrivals} payments …`);
  const payments = await till.prepare(arrivals);
  const signedIn = await buyers.signIn();
  const next = await shop.basketsOf('1,000 units');
  const confirming = payments.map(confirmationOf);
  const checkingOut = payments.map((_, at) => checkoutRequest(signedIn[at % signedIn.length] as Buyer, next()));
  const [before, chargesBefore] = [await count(db), await chargesOf(till)];
  const caller = new HttpCaller(plan.server.url);
  const stream = (asks: readonly Ask[]): Promise<Arrival<Answered>[]> =>
    openLoop(perSecond, arrivals, (number) => caller.post(asks[number] as Ask));
  say(`${perSecond} checkouts and ${perSecond} confirmations a second …`);
  const started = performance.now();
  const [checkouts, confirmations] = await Promise.all([stream(checkingOut), stream(confirming)]);
  await comeAgain(caller, checkingOut, checkouts, 201);
  await comeAgain(caller, confirming, confirmations, 200);
  await allKnown(db);
  const answeredSeconds = secondsSince(started) - seconds;
  const followedSeconds = answeredSeconds + (await allFollowed(db));
  caller.close();
  await till.requireCharged(payments);
  const after = await count(db);
  return {
    perSecond,
    seconds,
    checkouts: streamOf(checkouts, 201),
    confirmations: streamOf(confirmations, 200),
    answeredSeconds,
    followedSeconds,
    placed: after.checkouts - before.checkouts,
    paid: after.paid - before.paid,
    charged: (await chargesOf(till)) - chargesBefore,
    sold: after.sold - before.sold,
  };
}
