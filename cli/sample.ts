/** `magam sample`: something to try the HTTP server on. */
import type { Command } from 'commander';
import { readAccountByEmail } from '../core/accounts/stores/account.js';
import { makeSampleAccounts } from '../core/sample/sample-accounts.js';
import { makeSampleCatalogue } from '../core/sample/sample-catalogue.js';
import { wholeNumber, withDatabase } from './context.js';
import { count, print, printJson, printTable } from './output.js';

interface SampleOptions {
  readonly sellers: number;
  readonly products: number;
}

export function sampleCommand(sample: Command): void {
  sample
    .option('--sellers <n>', 'sellers, named as those of magam seed', wholeNumber('--sellers', 1, 10_000), 20)
    .option('--products <n>', 'products', wholeNumber('--products', 1, 1_000_000), 1_000)
    .action(async (options: SampleOptions, command: Command) => {
      await withDatabase(command, async ({ db, config, json }) => {
        const { password, signIns } = await makeSampleAccounts(db, config, { sellers: options.sellers });
        const buyers = signIns.filter(({ role }) => role === 'buyer');
        const reviewers: number[] = [];
        for (const { email } of buyers) {
          const account = await readAccountByEmail(db, email);
          if (account !== undefined) reviewers.push(account.accountId);
        }
        const catalogue = await makeSampleCatalogue(db, { ...options, reviewers });
        if (json) return printJson({ password, signIns, catalogue });
        print(`${count(options.sellers)} sellers and ${count(options.products)} products are there.\n`);
        printTable(
          ['role', 'sign in as', 'name'],
          signIns.slice(0, 5).map(({ role, email, displayName }) => [role, email, displayName]),
        );
        print(`\nThe password of each is: ${password}`);
      });
    });
}
