/** `magam payouts approve`, `hold`, `release`, `cancel`, `retry`. At the command line a person is named by the user of the operating system. */
import type { Command } from 'commander';
import * as z from 'zod';
import {
  type Asked,
  approvePayout,
  cancelPayout,
  holdPayout,
  releasePayout,
  retryPayout,
  type SeenPayout,
} from '../core/payouts/change-payout.js';
import { type Payout, readPayout } from '../core/payouts/stores/payout.js';
import { inTransaction, type Tx } from '../infra/database.js';
import { isRefusal, MagamError, type Refusal } from '../kernel/errors.js';
import { parseReadableAmount } from '../kernel/money.js';
import { decided, found } from '../kernel/outcome.js';
import { auditIn } from './audit.js';
import { type CommandContext, withDatabase } from './context.js';
import { counted, note, print, printJson, printTable } from './output.js';
import { tellPayout } from './payouts-show.js';
import { readTextFile } from './text-file.js';

const CHANGES = { hold: holdPayout, release: releasePayout, cancel: cancelPayout, retry: retryPayout } as const;

export const change = (name: keyof typeof CHANGES, asked: Asked, command: Command): Promise<void> =>
  withDatabase(command, async (context) => {
    const person = { userName: context.config.userName };
    const changed = decided(await carryOut(context, name, asked, (tx) => CHANGES[name](tx, person, asked)));
    if (context.json) printJson(changed);
    else tellPayout(changed);
  });

/** Makes the change and its entry of the audit log in one transaction. What a refusal has written (an approval that becomes void) is committed, too. */
const carryOut = (
  { db, config }: CommandContext,
  name: string,
  after: Asked | SeenPayout,
  work: (tx: Tx) => Promise<Payout | Refusal>,
): Promise<Payout | Refusal> =>
  inTransaction(db, async (tx) => {
    const outcome = await work(tx);
    if (!isRefusal(outcome))
      await auditIn(tx, config, {
        action: `payout.${name}`,
        subject: ['payout', String(after.payoutId)],
        after: 'amountMinor' in after ? { ...after, amountMinor: String(after.amountMinor) } : after,
      });
    return outcome;
  });

interface ApproveOptions {
  readonly amount?: string;
  readonly account?: number;
  readonly hash?: string;
  readonly list?: string;
}

export async function approve(payoutId: number | undefined, options: ApproveOptions, command: Command): Promise<void> {
  const { amount, account, hash, list } = options;
  const one = payoutId !== undefined && amount !== undefined && account !== undefined && hash !== undefined;
  const strange = list !== undefined && [payoutId, amount, account, hash].some((given) => given !== undefined);
  if (strange || one === (list !== undefined))
    throw new MagamError(
      'USAGE',
      'approve takes ID, --amount, --account and --hash as magam payouts show prints them, or --list.',
    );
  if (list !== undefined) return approveList(list, command);
  if (!one) return;
  await withDatabase(command, async (context) => {
    const { currency } = found(await readPayout(context.db, payoutId), 'PAYOUT_NOT_FOUND', { payoutId });
    const amountMinor = BigInt(decided(parseReadableAmount(amount, currency)));
    const approved = decided(await approveOne(context, { payoutId, amountMinor, bankAccountId: account, hash }));
    if (context.json) printJson(approved);
    else tellPayout(approved);
  });
}

const approveOne = (context: CommandContext, seen: SeenPayout): Promise<Payout | Refusal> =>
  carryOut(context, 'approve', seen, (tx) => approvePayout(tx, { userName: context.config.userName }, seen));

const listSchema = z.object({
  payouts: z
    .array(
      z.object({
        payoutId: z.int().positive(),
        amountMinor: z.int().positive(),
        bankAccountId: z.int().positive(),
        hash: z.string(),
      }),
    )
    .min(1),
});

/** Approves each payout of a list in a transaction of its own. */
async function approveList(file: string, command: Command): Promise<void> {
  const seen = readList(file, await readTextFile(file));
  await withDatabase(command, async (context) => {
    const approved: number[] = [];
    const refused: { payoutId: number; code: string; details: RefusedDetails }[] = [];
    for (const { amountMinor, ...one } of seen) {
      if (context.signal.aborted)
        throw new MagamError('RUN_STOPPED', 'Stopped by a signal; payouts that were approved stay approved.');
      const outcome = await approveOne(context, { ...one, amountMinor: BigInt(amountMinor) });
      if (isRefusal(outcome)) refused.push({ payoutId: one.payoutId, code: outcome.refused, details: outcome.details });
      else approved.push(one.payoutId);
    }
    if (refused.length > 0) process.exitCode = SKIPPED;
    if (context.json) return printJson({ approved, refused });
    print(`Approved ${counted(approved.length, 'payout')}.`);
    if (refused.length === 0) return;
    note(`Refused ${counted(refused.length, 'payout')}:`);
    printTable(
      ['payout', 'code', 'why'],
      refused.map(({ payoutId, code, details }) => [payoutId, code, whyRefused(details)]),
      ['payout'],
    );
  });
}

/** What has changed, or the state that the payout is in. */
function whyRefused({ changed, status }: RefusedDetails): string {
  return changed?.join(', ') ?? status?.toLowerCase() ?? '';
}

/** Those of the details of a refusal that say why; each refusal has its own. */
interface RefusedDetails {
  readonly changed?: readonly string[];
  readonly status?: string;
}

/** Done, but some were left out. */
const SKIPPED = 3;

function readList(file: string, text: string): z.output<typeof listSchema>['payouts'] {
  try {
    return listSchema.parse(JSON.parse(text)).payouts;
  } catch {
    throw new MagamError('FILE_UNREADABLE', `${file} was not written by magam payouts list --json.`, { file });
  }
}
