/** `magam admin`: makes an account with the role admin, the first one or another. The password is never part of a command line. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { openPasswords } from '../core/accounts/passwords.js';
import { checkPassword, normaliseEmail } from '../core/accounts/rules/account.js';
import { insertAccount } from '../core/accounts/stores/account.js';
import { inTransaction } from '../infra/database.js';
import { recordAudit } from '../infra/stores/audit-log.js';
import { errors, isRefusal, MagamError } from '../kernel/errors.js';
import { decided, found } from '../kernel/outcome.js';
import { withDatabase } from './context.js';
import { note, print, printJson } from './output.js';

export function adminCommand(admin: Command): void {
  admin
    .requiredOption('--email <address>', 'address to sign in with')
    .requiredOption('--name <name>', 'name to be shown')
    .action((options: { email: string; name: string }, command: Command) => makeAdmin(options, command));
}

const NAME_MAX = 100;

async function makeAdmin(options: { email: string; name: string }, command: Command): Promise<void> {
  const email = found(normaliseEmail(options.email), 'EMAIL_INVALID', { email: options.email });
  const displayName = options.name.trim();
  if (displayName === '' || displayName.length > NAME_MAX || /\p{Cc}/u.test(displayName))
    throw new MagamError('USAGE', `--name takes 1 to ${NAME_MAX} characters.`);
  const password = await readPassword();
  decided(checkPassword(password, email));
  const passwordHash = await openPasswords().hash(password);
  await withDatabase(command, async ({ db, config, json }) => {
    const accountId = await inTransaction(db, async (tx) => {
      const made = await insertAccount(tx, { email, displayName, passwordHash, role: 'admin', emailProven: true });
      if (isRefusal(made)) throw new MagamError(made.refused, undefined, { email });
      await recordAudit(tx, {
        caller: null,
        userName: config.userName,
        requestId: null,
        action: 'account.create-admin',
        subjectType: 'account',
        subjectId: String(made),
        before: null,
        after: { email, displayName, role: 'admin' },
      });
      return made;
    });
    if (json) return printJson({ accountId, email, displayName, role: 'admin' });
    print(`Admin ${accountId}: ${displayName}, who signs in as ${email}.`);
  });
}

/** The first line of standard input; on a terminal the password is asked for twice and not shown. */
async function readPassword(): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).split(/\r?\n/, 1)[0] ?? '';
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  terminal.on('SIGINT', () => process.exit(errors.RUN_STOPPED.exit)); // nothing has begun yet
  try {
    note('Password (12 to 128 characters, not shown):');
    const password = await terminal.question('');
    note('Once more:');
    if ((await terminal.question('')) === password) return password;
    throw new MagamError('USAGE', 'The two passwords differ.');
  } finally {
    terminal.close();
  }
}
