/** A random history of sellers, people, bank and batch, day after day, drawn from a seed. Refusals with one of the codes below are normal. */
import { cancelPayout, holdPayout, releasePayout, retryPayout } from '../../core/payouts/change-payout.js';
import { listPayouts } from '../../core/payouts/stores/payout.js';
import { addDays } from '../../kernel/business-date.js';
import { Draws } from '../../scripts/chaos/draws.mjs';
import { acting, codeOf } from '../core/adjustments/adjustment-scene.js';
import { KIM } from '../core/payouts/payout-scene.js';
import type { Bookkeeper, SentFile } from './bookkeeper.js';
import { POLICIES } from './golden-book.js';

const SELLERS = ['ara', 'bada', 'chorok'];
const FIRST = '2026-02-09';
const DAYS = 16;
const [standard] = POLICIES.policies;
/** Sales of chorok are parked until it comes. */
const LATE_POLICY = { policies: [{ ...standard, code: 'late', scope: { seller: 'chorok' } }] };
const EARLY_POLICIES = {
  policies: ['ara', 'bada'].map((seller) => ({ ...standard, code: seller, scope: { seller } })),
};
/** The allowed refusals of random actions. */
const REFUSALS = [
  ...['ADJUSTMENT_DATE_CLOSED', 'ADJUSTMENT_SELLER_UNKNOWN', 'ADJUSTMENT_UNDONE', 'LEDGER_LIMIT_EXCEEDED'],
  ...['WRITE_OFF_EXCEEDS_DEBT', 'WRITE_OFF_NOT_IN_TERMS', 'ADJUSTMENT_UNDOES_WRONG', 'PAYOUT_CHANGED'],
];

interface Sale {
  readonly order: string;
  readonly date: string;
  left: number;
}

export class History {
  private readonly draws: Draws;
  private readonly sales: Sale[] = [];
  private readonly chargebacks: number[] = [];
  /** The bank has them, whether or not somebody has marked them as sent. */
  private readonly atBank: SentFile[] = [];
  /** They wait in the office: what sellers are owed may be less when somebody marks them as sent. */
  private readonly inOffice: SentFile[] = [];
  private readonly paid: SentFile[] = [];
  private readonly versions = new Map(SELLERS.map((seller) => [seller, 1]));
  private made = 0;
  readonly dates: string[] = [];
  /** What people were refused. */
  readonly refused: string[] = [];

  constructor(
    private readonly books: Bookkeeper,
    seed: number,
  ) {
    this.draws = new Draws(seed);
  }

  async live(): Promise<void> {
    for (const seller of SELLERS) await this.books.payouts.seller(seller);
    await this.books.run('policies', 'apply', this.books.file('early.json', EARLY_POLICIES));
    await this.books.run(
      'terms',
      'apply',
      this.books.file('terms.json', { terms: SELLERS.map((one) => this.terms(one, FIRST)) }),
    );
    for (let day = FIRST; this.dates.length < DAYS; day = addDays(day, 1)) await this.day(day);
    await this.books.run('policies', 'apply', this.books.file('late.json', LATE_POLICY));
    for (const date of this.dates) await this.settle(date);
    // A later date: what a supplement brings to a date that is closed already is on a statement then.
    await this.books.close(addDays(this.dates.at(-1) as string, 20));
  }

  private readonly happens = (share: number): boolean => this.draws.next() < share;

  private terms(seller: string, effectiveFrom: string): object {
    const version = this.versions.get(seller) ?? 1;
    this.versions.set(seller, version + 1);
    const noSetOff = this.happens(0.25);
    return {
      ...{ seller, version, effectiveFrom, noSetOff },
      cycle: this.draws.pick([{ type: 'daily' }, { type: 'weekly', closesOn: 'wednesday' }, { type: 'half-monthly' }]),
      delay: { days: this.draws.between(1, 3) },
      holidayRule: 'as-is',
      reserve: this.happens(0.6)
        ? { percent: String(this.draws.between(1, 60)), days: this.draws.between(1, 6) }
        : null,
      clawback: noSetOff
        ? ['receivable', 'write-off']
        : this.draws.pick([
            ['next-earnings', 'reserve', 'receivable', 'write-off'],
            ['reserve', 'next-earnings', 'receivable', 'write-off'],
            ['receivable'],
          ]),
    };
  }

  private async day(day: string): Promise<void> {
    this.dates.push(day);
    await this.sell(day);
    if (this.happens(0.15)) {
      const terms = [this.terms(this.draws.pick(SELLERS), addDays(day, 1))];
      await this.books.run('terms', 'apply', this.books.file('terms.json', { terms }));
    }
    if (this.happens(0.7)) await this.enter(day);
    await this.bankSays(day);
    await this.people(day);
    await this.settle(day);
    // The close comes late at times: then what counts for later days has moved the balances already.
    if (this.happens(0.6)) await this.books.close(day);
  }

  private async sell(day: string): Promise<void> {
    const lines = ['order_id,line_id,seller_id,quantity,unit_price,currency,ordered_on,confirmed_on'];
    const refunds = ['refund_id,order_id,line_id,quantity,refunded_on,reason'];
    for (const sale of this.sales.filter(({ left }) => left > 0)) {
      if (!this.happens(0.12)) continue;
      const quantity = this.draws.between(1, sale.left);
      sale.left -= quantity;
      refunds.push(`R-${sale.order}-${sale.left},${sale.order},1,${quantity},${day},random`);
    }
    for (const seller of SELLERS) {
      const order = `${seller}-${day}`;
      const left = this.draws.between(1, 4);
      if (!this.happens(0.6)) continue;
      lines.push(`${order},1,${seller},${left},${this.draws.between(100, 30_000)},KRW,${day},${day}`);
      this.sales.push({ order, date: day, left });
    }
    if (lines.length > 1)
      await this.books.run('import', 'lines', this.books.file(`${day}.csv`, `${lines.join('\n')}\n`));
    if (refunds.length > 1)
      await this.books.run('import', 'refunds', this.books.file(`${day}-r.csv`, `${refunds.join('\n')}\n`));
  }

  /** Adjustments, chargebacks, disputes, write-offs, reversals. */
  private async enter(day: string): Promise<void> {
    const { entries } = this.books;
    this.made += 1;
    const about = {
      reference: `E-${this.made}`,
      sellerId: this.draws.pick(SELLERS),
      amountMinor: this.draws.between(1, 40_000),
    };
    const kind = this.draws.pick(['TO_SELLER', 'FROM_SELLER', 'CHARGEBACK', 'WRITE_OFF', 'WON', 'REVERSAL'] as const);
    const [of] = this.chargebacks;
    if (kind === 'WON' || kind === 'REVERSAL') {
      if (of === undefined) return;
      this.chargebacks.shift();
      const undoing = {
        reference: about.reference,
        kind: kind === 'WON' ? 'CHARGEBACK_WON' : 'REVERSAL',
        undoesId: of,
      } as const;
      const { adjustment } = await accepted(entries.undo(undoing, acting('kim', day)));
      return this.note(await codeOf(entries.approve(adjustment.adjustmentId, acting('lee', day))));
    }
    const fee = kind === 'CHARGEBACK' ? ({ feeMinor: 500, feeBy: 'SELLER' } as const) : {};
    let id = 0;
    this.note(
      await codeOf(entries.posted({ ...about, ...fee, kind }, day).then(({ adjustmentId }) => (id = adjustmentId))),
    );
    if (kind === 'CHARGEBACK' && id > 0) this.chargebacks.push(id);
  }

  private note(code: string | undefined): void {
    if (code === undefined) return;
    if (!REFUSALS.includes(code)) throw new Error(`refused with ${code}`);
    this.refused.push(code);
  }

  /** Of what is at the bank some is paid, some fails; of what is paid some comes back. A file that waited goes to the bank, unless one of its payouts has changed. */
  private async bankSays(day: string): Promise<void> {
    for (const waiting of this.inOffice.splice(0)) {
      const code = await codeOf(this.books.mark(waiting));
      this.note(code);
      if (code === undefined) this.atBank.push(waiting);
    }
    for (const sent of this.paid.splice(0)) if (this.happens(0.3)) await this.books.result(day, sent, 'RETURNED');
    for (const sent of this.atBank.splice(0)) {
      const paid = this.happens(0.7);
      const content = await this.books.result(day, sent, paid ? 'PAID' : 'ACCOUNT_CLOSED');
      if (this.happens(0.5)) await this.books.importResult(day, content);
      if (paid) this.paid.push(sent);
    }
  }

  private async people(day: string): Promise<void> {
    const { payouts, database } = this.books;
    for (const { payoutId, status } of await listPayouts(database.db, {}, 1_000)) {
      const asked = { payoutId, reason: 'random' };
      if ((status === 'FAILED' || status === 'RETURNED') && this.happens(0.6)) {
        const act = this.happens(0.7) ? retryPayout : cancelPayout;
        await accepted(payouts.inTx((tx) => act(tx, KIM, asked)));
      }
      if (status === 'HELD' && this.happens(0.5)) await accepted(payouts.inTx((tx) => releasePayout(tx, KIM, asked)));
    }
    await this.books.propose(day);
    if (this.happens(0.3)) await this.books.propose(day);
    for (const { payoutId, status } of await listPayouts(database.db, {}, 1_000)) {
      if (status !== 'CALCULATED' || !this.happens(0.25)) continue;
      const act = this.happens(0.5) ? holdPayout : cancelPayout;
      await accepted(payouts.inTx((tx) => act(tx, KIM, { payoutId, reason: 'random' })));
    }
    for (const payout of await listPayouts(database.db, { status: 'CALCULATED' }, 100))
      this.note(await codeOf(payouts.approve(payout)));
    const made = await this.books.export(day);
    if (made === undefined) return;
    const fate = this.draws.pick(['marked', 'marked', 'unmarked', 'waits'] as const);
    if (fate === 'marked') await accepted(this.books.mark(made));
    (fate === 'waits' ? this.inOffice : this.atBank).push(made);
  }

  /** Settles and posts a date; parked entries stay parked until there is a policy for them. */
  async settle(day: string): Promise<void> {
    await this.books.run('settle', '--date', day, '--workers', '1', '--allow-empty');
    await this.books.run('ledger', 'post', '--date', day);
  }
}

async function accepted<T>(outcome: Promise<T>): Promise<Exclude<T, { refused: unknown }>> {
  const value = await outcome;
  if (typeof value === 'object' && value !== null && 'refused' in value)
    throw new Error(`refused with ${JSON.stringify(value)}`);
  return value as Exclude<T, { refused: unknown }>;
}
