/** `magam payouts list`, `show`, `verify`. */
import type { Command } from 'commander';
import { maskedAccountOf } from '../core/payouts/payout-details.js';
import type { PayoutStatus } from '../core/payouts/rules/transitions.js';
import { listPayouts, type Payout, readPayout, readStatementsOf } from '../core/payouts/stores/payout.js';
import { readPayoutEvents } from '../core/payouts/stores/payout-event.js';
import { found } from '../kernel/outcome.js';
import { readDate, withDatabase } from './context.js';
import { money, note, print, printJson, printTable } from './output.js';

interface ListOptions {
  readonly status?: string;
  readonly seller?: string;
  readonly currency?: string;
  readonly date?: string;
  readonly after?: number;
}

const LISTED = 1_000;

export const list = (options: ListOptions, command: Command): Promise<void> =>
  withDatabase(command, async ({ db, json, today }) => {
    const { status, seller: sellerId, currency, date, after } = options;
    const filter = {
      ...{ sellerId, currency, after, status: status?.toUpperCase() as PayoutStatus | undefined },
      payoutOn: date === undefined ? undefined : readDate(date, today),
    };
    const payouts = await listPayouts(db, filter, LISTED);
    const last = payouts.length === LISTED ? (payouts.at(-1)?.payoutId ?? null) : null;
    if (json) return printJson({ payouts, next: last });
    if (payouts.length === 0) return print('There are no such payouts.');
    printTable(
      ['id', 'date', 'seller', 'amount', 'state', 'attempt', 'account', 'proposed by', 'approved by', 'hash'],
      payouts.map((one) => [
        ...[one.payoutId, one.payoutOn, one.sellerId, money(one.amountMinor, one.currency), stateOf(one), one.attempt],
        ...[one.bankAccountId, one.maker?.name ?? one.proposedBy, one.approval?.by, one.hash.slice(0, 12)],
      ]),
      ['id', 'amount', 'attempt', 'account'],
    );
    if (last !== null) note(`There are more: --after ${last} lists them.`);
  });

/** The state of a payout for people. */
export const stateOf = ({ status }: Pick<Payout, 'status'>): string => status.toLowerCase();

export const show = (payoutId: number, command: Command): Promise<void> =>
  withDatabase(command, async ({ db, json }) => {
    const payout = found(await readPayout(db, payoutId), 'PAYOUT_NOT_FOUND', { payoutId });
    const statements = await readStatementsOf(db, [payoutId]);
    const history = await readPayoutEvents(db, payoutId);
    const account = await maskedAccountOf(db, payout);
    if (json) return printJson({ ...payout, bankAccount: account, statements, history });
    tellPayout(payout);
    print(
      `To bank account ${payout.bankAccountId}: ${account === null ? 'unknown' : Object.values(account).join(' ')}`,
    );
    print(`Hash ${payout.hash}`);
    print();
    printTable(
      ['statement', 'number', 'from', 'closes on', 'earned'],
      statements.map((one) => [
        ...[one.statementId, one.number, one.periodFrom, one.closesOn, money(one.earnedMinor, payout.currency)],
      ]),
      ['statement', 'number', 'earned'],
    );
    print();
    printTable(
      ['when', 'who', 'what', 'from', 'to', 'attempt', 'reason'],
      history.map(({ happenedAt, actor, action, from, to, attempt, reason }) => [
        ...[happenedAt, actor, action, from?.toLowerCase(), to.toLowerCase(), attempt, reason],
      ]),
      ['attempt'],
    );
  });

export function tellPayout(payout: Payout): void {
  const { payoutId, sellerId, currency, amountMinor, payoutOn, attempt, maker, proposedBy, approval } = payout;
  const again = attempt === 1 ? '' : `, attempt ${attempt}`;
  print(
    `Payout ${payoutId} to ${sellerId} for ${payoutOn}: ${money(amountMinor, currency)}, ${stateOf(payout)}${again}`,
  );
  const approved = approval === null ? 'not approved' : `approved by ${approval.by} at ${approval.at}`;
  print(`Proposed by ${maker?.name ?? proposedBy}, ${approved}`);
}
