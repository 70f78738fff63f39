/**
 * Wallet updates a second: the outbox's consumer `wallet` posts payments of 200 sellers, of whom one gets half. The rival is what a shop without a ledger writes: an entry and
 * an update of one row per wallet, in a transaction for each event, over as many connections.
 */
import { wallet } from '../batch/outbox/wallet.js';
import { consume } from '../core/outbox/consume.js';
import { recordEvents } from '../core/outbox/record-events.js';
import { change, type Db, inTransaction, openDatabase, select } from '../infra/database.js';
import { dropDatabase, makeDatabase } from './database.js';
import { eachBy } from './http-caller.js';
import { say, secondsSince } from './measure.js';

const SELLERS = 200;
/** The hints of a runner: so many at once, of so many events. Both as in the product (`outbox-loop.ts`, `relay.ts`). */
const AT_ONCE = 2;
const HINT_EVENTS = 100;
const AMOUNT = 39_000;
const INSERT_ROWS = 1_000;

export interface WalletSample {
  readonly events: number;
  /** Events a second of the consumer, and of the rival. */
  readonly perSecond: number;
  readonly rivalPerSecond: number;
}

/** The first seller gets every second order, the others get the rest in turn. */
const sellerOf = (n: number): string => (n % 2 === 0 ? 'W0' : `W${1 + (((n - 1) / 2) % (SELLERS - 1))}`);

/** Paid checkouts of one order each, as the shop would have left them, and their events. */
async function makePayments(db: Db, count: number): Promise<void> {
  for (let from = 1; from <= count; from += INSERT_ROWS) {
    const ids = Array.from({ length: Math.min(INSERT_ROWS, count + 1 - from) }, (_, at) => from + at);
    const rows = (text: (n: number) => string): string => ids.map((n) => `(${text(n)})`).join(', ');
    const now = 'UTC_TIMESTAMP(3)';
    await inTransaction(db, async (tx) => {
      await change(
        tx,
        `INSERT INTO market_order (order_id, checkout_id, buyer_id, seller_id, currency, status, item_amount, seller_discount, platform_discount,
           shipping_fee, amount_minor, ordered_on, created_at, updated_at)
         VALUES ${rows((n) => `${n}, ${n}, 1, '${sellerOf(n)}', 'KRW', 'PAID', ${AMOUNT}, 0, 0, 0, ${AMOUNT}, UTC_DATE(), ${now}, ${now}`)}`,
      );
      await change(
        tx,
        `INSERT INTO payment (payment_id, checkout_id, live_checkout_id, buyer_id, provider, reference, order_name, currency, amount_minor,
           charged_minor, charged_currency, status, created_at, updated_at)
         VALUES ${rows((n) => `${n}, ${n}, ${n}, 1, 'TOSS', UUID(), 'bench', 'KRW', ${AMOUNT}, ${AMOUNT}, 'KRW', 'DONE', ${now}, ${now}`)}`,
      );
      await recordEvents(
        tx,
        ids.map((n) => ({
          type: 'payment.succeeded' as const,
          payload: { paymentId: n, checkoutId: n, buyerId: 1, currency: 'KRW', amountMinor: AMOUNT, units: [] },
          requestId: `bench-${n}`,
        })),
      );
    });
  }
}

async function measureConsumer(db: Db): Promise<number> {
  const events = await select<{ eventId: number }>(
    db,
    'SELECT event_id AS eventId FROM outbox_event ORDER BY event_id',
    [],
    {
      eventId: Number,
    },
  );
  const hints: number[][] = [];
  for (let from = 0; from < events.length; from += HINT_EVENTS)
    hints.push(events.slice(from, from + HINT_EVENTS).map(({ eventId }) => eventId));
  const context = { db, log: () => undefined, signal: new AbortController().signal };
  const consumer = wallet('Asia/Seoul');
  const started = performance.now();
  await eachBy(AT_ONCE, hints, async (hint) => void (await consume(context, consumer, hint)));
  return events.length / secondsSince(started);
}

async function measureRival(db: Db, count: number): Promise<number> {
  await change(db, 'DROP TABLE IF EXISTS bench_wallet, bench_wallet_entry');
  await change(
    db,
    'CREATE TABLE bench_wallet (seller_id VARCHAR(64) PRIMARY KEY, balance_minor BIGINT NOT NULL) ENGINE=InnoDB',
  );
  await change(
    db,
    `CREATE TABLE bench_wallet_entry (event_id BIGINT UNSIGNED PRIMARY KEY, seller_id VARCHAR(64) NOT NULL, amount_minor BIGINT NOT NULL,
       created_at DATETIME(3) NOT NULL, KEY (seller_id, event_id)) ENGINE=InnoDB`,
  );
  await change(
    db,
    `INSERT INTO bench_wallet VALUES ${Array.from({ length: SELLERS }, (_, n) => `('W${n}', 0)`).join(', ')}`,
  );
  const ids = Array.from({ length: count }, (_, at) => at + 1);
  const started = performance.now();
  await eachBy(AT_ONCE, ids, async (n) => {
    await inTransaction(db, async (tx) => {
      await change(tx, 'INSERT INTO bench_wallet_entry VALUES (?, ?, ?, UTC_TIMESTAMP(3))', [n, sellerOf(n), AMOUNT]);
      await change(tx, 'UPDATE bench_wallet SET balance_minor = balance_minor + ? WHERE seller_id = ?', [
        AMOUNT,
        sellerOf(n),
      ]);
    });
  });
  return count / secondsSince(started);
}

/** Throws unless every seller's account in the ledger, and every wallet of the rival, has what its orders come to. */
async function requireRight(db: Db, count: number): Promise<void> {
  const [wrong] = await select<{ sellers: number | string }>(
    db,
    `SELECT COUNT(*) AS sellers FROM (SELECT seller_id, SUM(amount_minor) AS paid FROM market_order GROUP BY seller_id) o
       LEFT JOIN ledger_account a ON a.kind = 'BUYER_FUNDS_HELD' AND a.owner = o.seller_id
       LEFT JOIN (SELECT account_id, SUM(amount_minor) AS sum FROM ledger_balance GROUP BY account_id) b ON b.account_id = a.account_id
       LEFT JOIN bench_wallet w ON w.seller_id = o.seller_id
     WHERE NOT (-b.sum <=> o.paid AND w.balance_minor <=> o.paid)`,
  );
  if (Number(wrong?.sellers ?? 1) !== 0) throw new Error(`${wrong?.sellers} wallets differ from the ${count} payments`);
}

/** The consumer and the rival in turn, each round in a database of its own. */
export async function measureWallets(url: string, events: number, rounds: number): Promise<WalletSample[]> {
  const samples: WalletSample[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    say(`Round ${round}: ${events} payments into wallets …`);
    await makeDatabase(url);
    const db = openDatabase(url, { poolMax: AT_ONCE });
    try {
      await makePayments(db, events);
      const perSecond = await measureConsumer(db);
      const rivalPerSecond = await measureRival(db, events);
      await requireRight(db, events);
      samples.push({ events, perSecond, rivalPerSecond });
    } finally {
      await db.destroy();
    }
  }
  await dropDatabase(url);
  return samples;
}
