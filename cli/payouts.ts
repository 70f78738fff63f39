/** `magam payouts`: payouts to sellers, which are proposed, approved by a second person, given to the bank or a provider, and followed to their result. */
import { type Command, Option } from 'commander';
import { PAYOUT_STATUSES } from '../core/payouts/rules/transitions.js';
import { readCurrency, readReason, wholeNumber } from './context.js';
import { approve, change } from './payouts-change.js';
import { explain, next } from './payouts-explain.js';
import { exportFile, files, importFile, markSent, voidCommand } from './payouts-file.js';
import { propose } from './payouts-propose.js';
import { send } from './payouts-send.js';
import { list, show } from './payouts-show.js';
import { verifyBooksCommand } from './verify-books.js';

const payoutIdOf = wholeNumber('ID', 1, 9_999_999_999);

/** Statuses as people write them. */
const words = PAYOUT_STATUSES.map((status) => status.toLowerCase());

export function payoutsCommands(payouts: Command): void {
  proposeCommand(payouts.command('propose'));
  payouts
    .command('list')
    .description('list payouts, the first 1,000 after an id')
    .addOption(new Option('--status <status>', 'only those in this state').choices(words))
    .option('--seller <seller>', 'only those of this seller')
    .option('--currency <currency>', 'only those in this currency', readCurrency)
    .option('--date <date>', 'only those that were proposed for this date')
    .option('--after <id>', 'only those with a later id', payoutIdOf)
    .action((options, command: Command) => list(options, command));
  payouts
    .command('show')
    .argument('<id>', 'id of a payout')
    .description('show a payout with its statements, transfers and history')
    .action((id: string, _options, command: Command) => show(payoutIdOf(id), command));
  changeCommands(payouts);
  fileCommands(payouts);
  payouts
    .command('send')
    .argument('[id]', 'id of a payout; without it all approved ones that are due')
    .description('pay through a provider, and look after the transfers that are on their way')
    .option('--provider <name>', 'provider (default: TOSS_PAYOUT)', 'TOSS_PAYOUT')
    .action((id: string | undefined, options: { provider: string }, command: Command) =>
      send(id === undefined ? undefined : payoutIdOf(id), options, command),
    );
  payouts
    .command('next')
    .argument('<seller>', 'id of a seller')
    .description('show when a seller is paid next, how much, what it is made of, and what could still change it')
    .action((seller: string, _options, command: Command) => next(seller, command));
  payouts
    .command('explain')
    .argument('<id>', 'id of a payout')
    .description('show every settlement, adjustment and line that a payout is made of, down to the certificates')
    .action((id: string, _options, command: Command) => explain(payoutIdOf(id), command));
  verifyBooksCommand(payouts, 'payouts');
}

const proposeCommand = (command: Command): Command =>
  command
    .description('propose payouts: claims the statements that are due; somebody else approves them')
    .option('--date <date>', 'date of the payouts: YYYY-MM-DD, today or yesterday (default: today)')
    .option('--dry-run', 'show what would be proposed and why the rest is not paid; nothing is written')
    .option('--seller <seller>', 'only this seller')
    .option('--currency <currency>', 'with --seller: only this currency', readCurrency)
    .option('--hash <hash>', 'with --seller: only what was previewed with this hash')
    .option('--workers <n>', 'worker threads (default: MAGAM_WORKERS)', wholeNumber('--workers', 1, 64))
    .action((options, command: Command) => propose(options, command));

function changeCommands(payouts: Command): void {
  payouts
    .command('approve')
    .argument('[id]', 'id of a payout')
    .description('approve what another person proposed: exactly the amount and the account that you saw')
    .option('--amount <amount>', 'the amount that you saw, in major units')
    .option('--account <id>', 'the number of the bank account that you saw', wholeNumber('--account', 1, 9_999_999_999))
    .option('--hash <hash>', 'the hash that you saw')
    .option('--list <file>', 'approve every payout in a file that magam payouts list --json has written')
    .action((id: string | undefined, options, command: Command) =>
      approve(id === undefined ? undefined : payoutIdOf(id), options, command),
    );
  const changing = [
    ['hold', 'stop a payout; its approval is void'],
    ['release', 'release a held payout; it has to be approved again'],
    ['cancel', 'give a payout up; its statements may be proposed again'],
    ['retry', 'try a payout again that has failed or came back; somebody else approves it'],
  ] as const;
  for (const [name, description] of changing)
    payouts
      .command(name)
      .argument('<id>', 'id of a payout')
      .description(description)
      .requiredOption('--reason <text>', 'why', readReason)
      .action((id: string, options: { reason: string }, command: Command) =>
        change(name, { payoutId: payoutIdOf(id), reason: options.reason }, command),
      );
}

function fileCommands(payouts: Command): void {
  payouts
    .command('export')
    .argument('[file-number]', 'the number of a file, as F12: writes this file again, byte for byte')
    .description('put the approved payouts into a file of transfers for the bank')
    .option('--layout <name>', 'layout of the file (docs/bank-files.md)')
    .option('--currency <currency>', 'currency of the payouts', readCurrency, 'KRW')
    .option('--date <date>', 'date on which the bank is to transfer (default: today)')
    .option('--out <file>', 'the path to write to (default: the name of the file, in this folder)')
    .action((number: string | undefined, options, command: Command) => exportFile(number, options, command));
  payouts
    .command('files')
    .description('list the files of transfers, the newest 100')
    .action((_options, command: Command) => files(command));
  payouts
    .command('mark-sent')
    .argument('<file-number>', 'F12')
    .description('record that a file goes to the bank now; if this is refused, the file must not go to the bank')
    .action((number: string, _options, command: Command) => markSent(number, command));
  payouts
    .command('void-file')
    .argument('<file-number>', 'F12')
    .description('give up a file that was not given to the bank; its payouts stay approved')
    .action((number: string, _options, command: Command) => voidCommand(number, command));
  payouts
    .command('import')
    .argument('<file>', 'result file of the bank')
    .description('import the result file of the bank: all of it or, if it has faults, nothing, with every fault named')
    .requiredOption('--layout <name>', 'layout of the file (docs/bank-files.md)')
    .action((file: string, options: { layout: string }, command: Command) => importFile(file, options, command));
}
