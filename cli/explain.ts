/**
 * `magam explain ORDER_ID`: the lines of an order. `magam explain ORDER_ID LINE_ID`: every step from stored inputs and policy version to the
 * net, for a sale and its refunds. `magam explain payout ID`: what a payout is made of; an order with the id `payout` that has such a line takes precedence.
 */
import type { Command } from 'commander';
import { explainLine, type LineExplanation, type Replay } from '../core/settlement/explain-line.js';
import { ENTRY_FIGURES, eachFigure } from '../core/settlement/rules/figures.js';
import {
  type RefundStory,
  readSellerOfLine,
  type SaleStory,
  type StoredOutcome,
} from '../core/settlement/stores/line-story.js';
import { readOrderStory } from '../core/settlement/stores/order-story.js';
import { isoTime } from '../infra/database.js';
import { MagamError } from '../kernel/errors.js';
import { isExternalId } from '../kernel/external-id.js';
import { found } from '../kernel/outcome.js';
import { type CommandContext, withDatabase } from './context.js';
import { printLines, printStory } from './explanation-text.js';
import { money, noteDifference, printJson } from './output.js';

export function explainCommand(explain: Command): void {
  explain
    .argument('<order-id>')
    .argument('[line-id]', 'without it, the lines of the order are listed')
    .action((orderId: string, lineId: string | undefined, _options, command: Command) =>
      withDatabase(command, (context) =>
        lineId === undefined ? listLines(context, orderId) : explainWord(context, orderId, lineId),
      ),
    );
}

async function explainWord(context: CommandContext, orderId: string, lineId: string): Promise<void> {
  const payout = orderId === 'payout' && /^[1-9]\d{0,9}$/.test(lineId);
  if (payout && (await readSellerOfLine(context.db, orderId, lineId)) === undefined) {
    const { tellExplanation } = await import('./payouts-explain.js'); // only this form of explain needs it
    return tellExplanation(context, Number(lineId));
  }
  return explainOne(context, orderId, lineId);
}

async function listLines({ db, json }: CommandContext, orderId: string): Promise<void> {
  const lines = isExternalId(orderId) ? await readOrderStory(db, orderId) : [];
  if (lines.length === 0)
    throw new MagamError('LINE_NOT_FOUND', 'The feed has no sale with this order id.', { orderId });
  if (json) printJson({ orderId, lines });
  else printLines(orderId, lines);
}

async function explainOne({ db, json }: CommandContext, orderId: string, lineId: string): Promise<void> {
  const known = isExternalId(orderId) && isExternalId(lineId);
  const explained = known ? await explainLine(db, orderId, lineId, json ? undefined : money) : undefined;
  const told = found(explained, 'LINE_NOT_FOUND', { orderId, lineId });
  if (json) printJson(documentOf(told));
  else printStory(told);
  if (!told.ok) noteDifference('VERIFICATION_FAILED', 'the stored figures differ from their replay.');
}

type State = 'SETTLED' | 'PARKED' | 'NOT_SETTLED';
const stateOf = ({ line, exception }: StoredOutcome): State =>
  line !== null ? 'SETTLED' : exception !== null ? 'PARKED' : 'NOT_SETTLED';

function documentOf({ ok, sale, refunds }: LineExplanation): object {
  const { orderId, lineId, sellerId, productId, category, unitPrice, orderedOn } = sale.stored;
  const own = { sellerId, productId, category, orderedOn, confirmedOn: sale.stored.occurredOn, unitPrice };
  return {
    orderId,
    lineId,
    currency: sale.stored.currency,
    ok,
    sale: { entry: { ...own, ...amountsOf(sale.stored) }, ...outcomeDocument(sale.stored, sale.replay) },
    refunds: refunds.map(({ stored, replay }) => ({
      refundId: stored.refundId,
      entry: {
        refundedOn: stored.occurredOn,
        reason: stored.reason,
        priorQuantity: stored.priorQuantity,
        ...amountsOf(stored),
      },
      ...outcomeDocument(stored, replay),
    })),
  };
}

const amountsOf = (stored: SaleStory | RefundStory) => ({
  entryId: stored.entryId,
  quantity: stored.quantity,
  ...eachFigure(ENTRY_FIGURES, (name) => stored[name]),
});

function outcomeDocument(stored: StoredOutcome & { readonly settledOn: string }, replay: Replay): object {
  const { line, exception } = stored;
  return {
    state: stateOf(stored),
    settledOn: stored.settledOn,
    generation: line?.generation ?? null,
    certificate: line?.certificateHash ?? null,
    exception: exception === null ? null : { ...exception, parkedAt: isoTime(exception.parkedAt) },
    policyRevision: replay.policyRevision,
    scopes: replay.scopes,
    policy: replay.policy,
    refusal: replay.refusal === null ? null : { code: replay.refusal.refused, details: replay.refusal.details },
    steps: replay.steps,
    replayed: replay.figures,
    stored: line?.figures ?? null,
    equal: line === null ? null : replay.differences.length === 0,
    differences: replay.differences,
  };
}
