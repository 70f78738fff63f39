/** `magam payouts next` and `magam payouts explain`, which is the same as `magam explain payout`. */
import type { Command } from 'commander';
import { type ExplainedPayout, type ExplainedStatement, explainPayout } from '../core/payouts/explain-payout.js';
import { type NextPayout, nextPayouts } from '../core/payouts/next-payout.js';
import { linePagesOf } from '../core/statements/statement-contents.js';
import type { StatementLine } from '../core/statements/statement-lines.js';
import type { Db } from '../infra/database.js';
import { MagamError } from '../kernel/errors.js';
import { isExternalId } from '../kernel/external-id.js';
import { type CommandContext, withDatabase } from './context.js';
import { money, noteDifference, print, printJson, printTable } from './output.js';
import { stateOf, tellPayout } from './payouts-show.js';

export const next = (seller: string, command: Command): Promise<void> => {
  if (!isExternalId(seller)) throw new MagamError('ID_INVALID', undefined, { seller });
  return withDatabase(command, async ({ db, json, today }) => {
    const payouts = await nextPayouts(db, seller, today);
    if (json) return printJson({ seller, today, payouts });
    if (payouts.length === 0) print(`Nothing was ever posted for ${seller}.`);
    for (const one of payouts) tellNext(one);
  });
};

function tellNext({ currency, next: found, underWay, mayChange }: NextPayout): void {
  for (const payout of underWay)
    print(
      `Under way: payout ${payout.payoutId} for ${payout.payoutOn}, ${money(payout.amountMinor, currency)}, ${stateOf(payout)}`,
    );
  if (found === null) print(`${currency}: nothing falls due.`);
  else {
    const why = found.notPaid === null ? '' : `, as it stands not paid: ${found.notPaid.reason}`;
    print(`Next in ${currency}: ${money(found.amountMinor, currency)} on ${found.payoutOn}${why}`);
    printTable(
      ['statement', 'from', 'closes on', 'due on', 'earned'],
      found.parts.map((part) => [
        ...[
          part.statementId ?? 'draft',
          part.periodFrom,
          part.closesOn,
          part.payoutOn,
          money(part.earnedMinor, currency),
        ],
      ]),
      ['earned'],
    );
  }
  if (mayChange.length > 0) print(`May change it: ${mayChange.map(({ code }) => code).join(', ')}`);
}

export const explain = (payoutId: number, command: Command): Promise<void> =>
  withDatabase(command, (context) => tellExplanation(context, payoutId));

export async function tellExplanation({ db, json }: CommandContext, payoutId: number): Promise<void> {
  const explained = await explainPayout(db, payoutId);
  if (json) printJson(await documentOf(db, explained));
  else await tell(db, explained);
  if (!explained.ok) noteDifference('PAYOUTS_DIFFER', `Payout ${payoutId} differs from the sum of its parts.`);
}

async function documentOf(db: Db, { statements, ...explained }: ExplainedPayout): Promise<object> {
  const whole: object[] = [];
  for (const statement of statements) {
    const lines: object[] = [];
    for await (const page of linePagesOf(db, statement.statementId)) lines.push(...page.map(lineOf));
    whole.push({ ...statement, lines });
  }
  return { ...explained, statements: whole };
}

const lineOf = ({ at, certificate, row }: StatementLine) => ({
  ...{ settledOn: at.settledOn, generation: at.generation, leg: at.leg === 0 ? 'sale' : 'refund', certificate },
  ...{ orderId: row.order_id, lineId: row.line_id, refundId: row.refund_id || null, net: row.net },
});

async function tell(db: Db, { payout, statements, ok }: ExplainedPayout): Promise<void> {
  tellPayout(payout);
  for (const statement of statements) {
    tellStatement(statement, payout.currency);
    for await (const page of linePagesOf(db, statement.statementId))
      printTable(
        ['settled on', 'gen', 'leg', 'order', 'line', 'refund', 'net'],
        page
          .map(lineOf)
          .map((line) => [
            ...[line.settledOn, line.generation, line.leg, line.orderId, line.lineId, line.refundId],
            money(line.net ?? 0, payout.currency),
          ]),
        ['gen', 'net'],
      );
  }
  print(`\n${ok ? 'Everything adds up to' : 'This does NOT add up to'} ${money(payout.amountMinor, payout.currency)}.`);
}

function tellStatement(
  { statementId, number, periodFrom, closesOn, earnedMinor, settlements, items }: ExplainedStatement,
  currency: string,
): void {
  print(`\nStatement ${statementId} (number ${number}), ${periodFrom} to ${closesOn}: ${money(earnedMinor, currency)}`);
  if (settlements.length > 0)
    printTable(
      ['settled on', 'gen', 'sales', 'refunds', 'net', 'certificate'],
      settlements.map((one) => [
        ...[one.settledOn, one.generation, one.sales, one.refunds, money(one.netMinor, currency), one.certificate],
      ]),
      ['gen', 'sales', 'refunds', 'net'],
    );
  if (items.length > 0)
    printTable(
      ['transaction', 'for', 'kind', 'amount', 'key', 'reason'],
      items.map(({ transactionId, effectiveOn, kind, amountMinor, counts, key, reason }) => [
        ...[
          transactionId,
          effectiveOn,
          counts ? kind : `${kind} (no earning)`,
          money(amountMinor, currency),
          key,
          reason,
        ],
      ]),
      ['transaction', 'amount'],
    );
}
