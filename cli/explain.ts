/** `magam explain ORDER_ID LINE_ID`: every step from stored inputs and policy version to the net, for a sale and its refunds. */
import type { Command } from 'commander';
import type { ScopeCandidates } from '../core/policies/rules/policy-candidates.js';
import { explainLine, type LineExplanation, type Replay } from '../core/settlement/explain-line.js';
import { ENTRY_FIGURES, eachFigure, FIGURE_NAMES, type Figures } from '../core/settlement/rules/figures.js';
import type { RefundStory, SaleStory, StoredOutcome } from '../core/settlement/stores/line-story.js';
import { isoTime } from '../infra/database.js';
import { isExternalId } from '../kernel/external-id.js';
import { found } from '../kernel/outcome.js';
import { withDatabase } from './context.js';
import { money, noteDifference, print, printJson, printTable } from './output.js';

export function explainCommand(explain: Command): void {
  explain
    .argument('<order-id>')
    .argument('<line-id>')
    .action((orderId: string, lineId: string, _options, command: Command) =>
      withDatabase(command, async ({ db, json }) => {
        const known = isExternalId(orderId) && isExternalId(lineId);
        const explained = known ? await explainLine(db, orderId, lineId) : undefined;
        const told = found(explained, 'LINE_NOT_FOUND', { orderId, lineId });
        if (json) printJson(documentOf(told));
        else printStory(told);
        if (!told.ok) noteDifference('VERIFICATION_FAILED', 'what is stored differs from its replay.');
      }),
    );
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

function printStory({ sale, refunds }: LineExplanation): void {
  const { stored } = sale;
  print(`Sale: order ${stored.orderId}, line ${stored.lineId}, entry ${stored.entryId}`);
  print(
    `  seller ${stored.sellerId}, product ${stored.productId || '(none)'}, category ${stored.category || '(none)'}`,
  );
  print(`  ordered ${stored.orderedOn}, confirmed ${stored.occurredOn}, ${stored.quantity} × ${stored.unitPrice}`);
  printOutcome(stored, sale.replay);
  for (const refund of refunds) {
    const { refundId, entryId, occurredOn, quantity, priorQuantity, reason } = refund.stored;
    print(`\nRefund: ${refundId}, entry ${entryId}, ${occurredOn}${reason === '' ? '' : `, reason: ${reason}`}`);
    print(`  ${quantity} of ${stored.quantity} units, after ${priorQuantity} units that were refunded before`);
    printOutcome(refund.stored, refund.replay);
  }
}

function printOutcome(stored: SaleStory | RefundStory, replay: Replay): void {
  const { line, exception } = stored;
  if (line !== null) {
    const certificate = line.certificateHash ?? '(not certified yet)';
    print(`  settled on ${stored.settledOn}, generation ${line.generation}, certificate ${certificate}`);
  } else {
    const parked = exception === null ? 'not settled yet' : `PARKED: ${exception.code} ${exception.details}`;
    print(`  ${parked}; settlement date ${stored.settledOn}`);
    print('  What follows is not stored: it is what the policies known now would give.');
  }
  if (replay.scopes !== null) printChoice(replay.scopes, replay.policyRevision, stored as SaleStory);
  const policy = replay.policy === null ? 'none' : `${replay.policy.code} version ${replay.policy.version}`;
  print(`\nPolicy: ${policy}${replay.scopes === null ? ' (that of the sale)' : ''}`);
  if (replay.refusal !== null) print(`Refused: ${replay.refusal.refused} ${JSON.stringify(replay.refusal.details)}`);
  if (replay.figures !== null) printFigures(replay, replay.figures, stored);
  for (const { what, expected, actual } of replay.differences) {
    print(`DIFFERENCE: ${what} is ${actual}, the replay gives ${expected}`);
  }
}

function printFigures(replay: Replay, figures: Figures, { line, currency }: SaleStory | RefundStory): void {
  print(`\nSteps, in minor units of ${currency}:`);
  printTable(
    ['', 'figure', 'rule', 'exact', 'value'],
    replay.steps.map((step) => [step.symbol, step.name, step.formula, step.exact, step.value]),
    ['exact', 'value'],
  );
  if (line !== null) {
    const rows = FIGURE_NAMES.map((name) => {
      const [replayed, kept] = [figures[name], line.figures[name]];
      return [name, replayed, kept, replayed === kept ? 'equal' : 'DIFFERS'];
    });
    print();
    printTable(['figure', 'replayed', 'stored', ''], rows, ['replayed', 'stored']);
  }
  print(`Net to the seller: ${money(figures.net, currency)}`);
}

function printChoice(scopes: readonly ScopeCandidates[], revision: number | null, sale: SaleStory): void {
  const known = revision === null ? 'known now' : `known when the run was planned (revision ${revision})`;
  print(`\nPolicies in ${sale.currency} ${known}, for an order of ${sale.orderedOn}, most specific first:`);
  let won = false;
  const rows = scopes.flatMap(({ scope, candidates }) => {
    if (candidates.length === 0) return [[scope, '(no policy)', '', '']];
    return candidates.map((candidate) => {
      const wins = candidate.inForce && !won;
      won ||= candidate.inForce;
      const verdict = wins ? 'WINS' : candidate.inForce ? 'in force, less specific' : 'not in force';
      const dates = `${candidate.effectiveFrom} to ${candidate.inForceThrough ?? 'open'}`;
      return [scope, `${candidate.code} version ${candidate.version}`, dates, verdict];
    });
  });
  printTable(['scope', 'policy', 'in force', ''], rows);
}
