/** `magam adjustments`: entries of the books that one person proposes and another one posts: adjustments, chargebacks, write-offs, reversals. */
import { type Command, Option } from 'commander';
import {
  approveAdjustment,
  cancelAdjustment,
  loseDispute,
  refuseAdjustment,
} from '../core/adjustments/decide-adjustment.js';
import { transactionsOf } from '../core/adjustments/post-entry.js';
import {
  type Acting,
  type Proposed,
  proposeAdjustment,
  proposeUndoing,
} from '../core/adjustments/propose-adjustment.js';
import {
  ADJUSTMENT_KINDS,
  ADJUSTMENT_STATUSES,
  type AdjustmentKind,
  type AdjustmentStatus,
  DISPUTES,
  type Dispute,
  type FeeBearer,
} from '../core/adjustments/rules/adjustment.js';
import { type AdjustmentRecord, listAdjustments, readAdjustment } from '../core/adjustments/stores/adjustment.js';
import { accountName } from '../core/ledger/rules/accounts.js';
import { inTransaction, type Tx } from '../infra/database.js';
import { faultPoint } from '../infra/faults.js';
import { MagamError, type Refusal } from '../kernel/errors.js';
import { parseReadableAmount } from '../kernel/money.js';
import { decided, found } from '../kernel/outcome.js';
import { type CommandContext, readCurrency, readDate, withDatabase } from './context.js';
import { money, note, print, printJson, printTable } from './output.js';

interface ProposeOptions {
  readonly kind: string;
  readonly reference: string;
  readonly reasonCode: string;
  readonly reason: string;
  readonly attachment?: string;
  readonly effective?: string;
  readonly seller?: string;
  readonly currency?: string;
  readonly amount?: string;
  readonly fee?: string;
  readonly feeBy?: string;
  readonly provider?: string;
  readonly order?: string;
  readonly payment?: string;
  readonly of?: string;
  readonly feeReturned?: true;
}

interface ListOptions {
  readonly status?: string;
  readonly seller?: string;
  readonly dispute?: string;
}

/** A constant as people write it: `to-seller` for TO_SELLER. */
const word = (name: string): string => name.toLowerCase().replaceAll('_', '-');
const words = (names: readonly string[]): string[] => names.map(word);
const nameOfWord = <T extends string>(text: string): T => text.toUpperCase().replaceAll('-', '_') as T;

export function adjustmentsCommands(command: Command): void {
  proposeCommand(command.command('propose'));
  const deciding = [
    ['approve', 'post an entry that another person proposed', approveAdjustment],
    ['refuse', 'turn down an entry that another person proposed', refuseAdjustment],
    ['cancel', 'take back an entry that you proposed', cancelAdjustment],
  ] as const;
  for (const [name, description, act] of deciding)
    command
      .command(name)
      .argument('<id>', 'id of an entry')
      .description(description)
      .option('--note <text>', 'the reason for the decision')
      .action((id: string, options: { note?: string }, command: Command) =>
        decide(id, command, (tx, acting, adjustmentId) =>
          act(tx, acting, { adjustmentId, note: options.note ?? null }),
        ),
      );
  command
    .command('lost')
    .argument('<id>', 'id of a chargeback')
    .description('record that the dispute about a chargeback is lost; its posting stays')
    .action((id: string, _options, command: Command) => decide(id, command, loseDispute));
  command
    .command('list')
    .description(`list entries, the newest ${SHOWN}`)
    .addOption(new Option('--status <status>', 'only those in this state').choices(words(ADJUSTMENT_STATUSES)))
    .addOption(
      new Option('--dispute <state>', 'only chargebacks whose dispute is in this state').choices(words(DISPUTES)),
    )
    .option('--seller <seller>', 'only those of this seller')
    .action((options: ListOptions, command: Command) => list(options, command));
  command
    .command('show')
    .argument('<id>', 'id of an entry')
    .description('show an entry with what it has posted to the ledger')
    .action((id: string, _options, command: Command) => show(id, command));
}

const SHOWN = 100;

const proposeCommand = (command: Command): Command =>
  command
    .description('propose an entry; another person posts it')
    .addOption(new Option('--kind <kind>', 'what it is').choices(words(ADJUSTMENT_KINDS)).makeOptionMandatory())
    .requiredOption(
      '--reference <reference>',
      'your own name for the entry; an entry with the same name is not proposed twice',
    )
    .requiredOption('--reason-code <code>', 'the reason, as a code of the kind (docs/adjustments.md)')
    .requiredOption('--reason <text>', 'why, in words')
    .option('--attachment <text>', 'where the documents are: an address or a file number')
    .option(
      '--effective <date>',
      'business date of the entry: YYYY-MM-DD, today or yesterday (default: the day on which it is posted)',
    )
    .option('--seller <seller>', 'id of the seller')
    .option('--currency <currency>', 'currency of the amount', readCurrency)
    .option('--amount <amount>', 'amount in major units')
    .option('--provider <name>', 'payment provider of a chargeback')
    .option('--order <order>', 'order that a chargeback is about')
    .option('--payment <payment>', 'payment that a chargeback is about')
    .option('--fee <amount>', 'what the provider charges for a chargeback')
    .addOption(new Option('--fee-by <who>', 'who bears the fee').choices(['seller', 'platform']))
    .option('--of <id>', 'entry that a won dispute or a reversal is about')
    .option('--fee-returned', 'with a won dispute: the provider gives its fee back, too')
    .action((options: ProposeOptions, command: Command) => propose(options, command));

async function propose(options: ProposeOptions, command: Command): Promise<void> {
  const kind = nameOfWord<AdjustmentKind>(options.kind);
  const undoing = kind === 'CHARGEBACK_WON' || kind === 'REVERSAL';
  const strange = undoing ? OF_OTHERS.find((name) => options[name] !== undefined) : undefined;
  if (
    strange !== undefined ||
    undoing !== (options.of !== undefined) ||
    (options.feeReturned && kind !== 'CHARGEBACK_WON')
  )
    throw new MagamError(
      'USAGE',
      'A chargeback-won and a reversal take --of and have the seller and the amount of that entry; other kinds take --seller, --currency and --amount. --fee-returned goes with chargeback-won.',
    );
  await withDatabase(command, async (context) => {
    const { db, json, today } = context;
    const { reference, reasonCode, reason, attachment = null, effective } = options;
    const common = { reference, reasonCode, reason, attachment };
    const askedOn = effective === undefined ? null : readDate(effective, today);
    const work = (tx: Tx): Promise<Proposed | Refusal> =>
      kind === 'CHARGEBACK_WON' || kind === 'REVERSAL'
        ? proposeUndoing(tx, actingIn(context), {
            ...{ ...common, kind, askedOn, undoesId: readId(options.of ?? '') },
            feeReturned: options.feeReturned === true,
          })
        : proposeAdjustment(tx, actingIn(context), { ...common, kind, askedOn, ...amountsOf(options) });
    const { adjustment, existed } = await inTransaction(db, async (tx) => decided(await work(tx)));
    await faultPoint('adjustment.after-commit');
    if (json) return printJson({ ...adjustment, existed });
    if (existed) note('It was proposed before, with the same content.');
    tell(adjustment);
  });
}

const OF_OTHERS = ['seller', 'currency', 'amount', 'provider', 'order', 'payment', 'fee', 'feeBy'] as const;

function amountsOf({ seller, currency, amount, fee, feeBy, provider, order, payment }: ProposeOptions) {
  if (seller === undefined || currency === undefined || amount === undefined)
    throw new MagamError('USAGE', 'Give --seller, --currency and --amount.');
  return {
    ...{ sellerId: seller, currency, amountMinor: decided(parseReadableAmount(amount, currency)) },
    feeMinor: fee === undefined ? 0 : decided(parseReadableAmount(fee, currency)),
    feeBy: feeBy === undefined ? null : nameOfWord<FeeBearer>(feeBy),
    ...{ provider: provider ?? null, orderId: order ?? null, paymentId: payment ?? null },
  };
}

const actingIn = ({ config, today }: CommandContext): Acting => ({
  person: { userName: config.userName },
  requestId: null,
  today,
});

function readId(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new MagamError('USAGE', `${JSON.stringify(text)} is not the id of an entry: a whole number.`);
}

const decide = (
  id: string,
  command: Command,
  act: (tx: Tx, acting: Acting, adjustmentId: number) => Promise<AdjustmentRecord | Refusal>,
): Promise<void> => {
  const adjustmentId = readId(id);
  return withDatabase(command, async (context) => {
    const record = await inTransaction(context.db, async (tx) =>
      decided(await act(tx, actingIn(context), adjustmentId)),
    );
    await faultPoint('adjustment.after-commit');
    if (context.json) printJson(record);
    else tell(record);
  });
};

const list = ({ status, seller, dispute }: ListOptions, command: Command): Promise<void> =>
  withDatabase(command, async ({ db, json }) => {
    const filter = {
      ...(status === undefined ? {} : { status: nameOfWord<AdjustmentStatus>(status) }),
      ...(dispute === undefined ? {} : { dispute: nameOfWord<Dispute>(dispute) }),
      ...(seller === undefined ? {} : { sellerId: seller }),
    };
    const adjustments = await listAdjustments(db, filter, SHOWN);
    if (json) return printJson({ adjustments });
    if (adjustments.length === 0) return print('No entries.');
    printTable(
      ['id', 'kind', 'seller', 'amount', 'reason', 'state', 'for', 'proposed by', 'decided by', 'reference'],
      adjustments.map((one) => [
        ...[one.adjustmentId, word(one.kind), one.sellerId, money(one.amountMinor, one.currency), one.reasonCode],
        ...[stateOf(one), one.effectiveOn ?? one.askedOn, one.proposedBy, one.decidedBy, one.reference],
      ]),
      ['id', 'amount'],
    );
  });

const stateOf = ({ status, dispute }: AdjustmentRecord): string =>
  dispute === null ? word(status) : `${word(status)}, dispute ${word(dispute)}`;

const show = (id: string, command: Command): Promise<void> => {
  const adjustmentId = readId(id);
  return withDatabase(command, async ({ db, json }) => {
    const record = found(await readAdjustment(db, adjustmentId), 'ADJUSTMENT_NOT_FOUND', { adjustmentId });
    const transactions = await transactionsOf(db, record);
    if (json) return printJson({ ...record, transactions });
    tell(record);
    print(`Reason: ${record.reasonCode}: ${record.reason}`);
    if (record.attachment !== null) print(`Papers: ${record.attachment}`);
    if (record.decisionNote !== null) print(`Note of the decision: ${record.decisionNote}`);
    if (transactions.length === 0) return;
    print();
    printTable(
      ['transaction', 'kind', 'account', 'amount'],
      transactions.flatMap(({ transactionId, kind, postings }) =>
        postings.map(({ account, amountMinor }) => [
          ...[transactionId, kind, accountName(account), money(amountMinor, account.currency)],
        ]),
      ),
      ['transaction', 'amount'],
    );
  });
};

function tell(record: AdjustmentRecord): void {
  const { adjustmentId, kind, sellerId, amountMinor, feeMinor, currency, feeBy, undoesId, provider } = record;
  const fee = feeBy === null ? '' : `, fee ${money(feeMinor, currency)} (${word(feeBy)})`;
  const about = undoesId === null ? '' : ` of entry ${undoesId}`;
  const by = provider === null ? '' : `, ${provider}`;
  print(`Entry ${adjustmentId}: ${word(kind)}${about}, ${sellerId}, ${money(amountMinor, currency)}${fee}${by}`);
  const decision = record.decidedBy === null ? '' : `, decided by ${record.decidedBy} at ${record.decidedAt}`;
  const effective = record.effectiveOn === null ? '' : ` for ${record.effectiveOn}`;
  print(`${stateOf(record)}${effective}: proposed by ${record.proposedBy} at ${record.proposedAt}${decision}`);
}
