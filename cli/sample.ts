/** `magam sample`: sample data for trying the HTTP server. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { readAccountByEmail } from '../core/accounts/stores/account.js';
import { makeSampleAccounts } from '../core/sample/sample-accounts.js';
import { makeSampleCatalogue } from '../core/sample/sample-catalogue.js';
import { makeSampleShop } from '../core/sample/sample-shop.js';
import { makeSampleTokens, type SampleToken } from '../core/sample/sample-tokens.js';
import { errorText } from '../infra/database-errors.js';
import { MagamError } from '../kernel/errors.js';
import { wholeNumber, withDatabase } from './context.js';
import { count, print, printJson, printTable } from './output.js';

interface SampleOptions {
  readonly sellers: number;
  readonly products: number;
  readonly orders: number;
  readonly buyers: number;
  readonly tokens?: string;
}

export function sampleCommand(sample: Command): void {
  sample
    .option('--sellers <n>', 'sellers, named as those of magam seed', wholeNumber('--sellers', 1, 10_000), 20)
    .option('--products <n>', 'products', wholeNumber('--products', 1, 1_000_000), 1_000)
    .option('--orders <n>', 'checkouts, in every state', wholeNumber('--orders', 0, 10_000), 52)
    .option('--buyers <n>', 'further buyers, for load scripts', wholeNumber('--buyers', 0, 100_000), 0)
    .option('--tokens <file>', 'sign the further buyers in and write their tokens to this file')
    .action(async (options: SampleOptions, command: Command) => {
      const { sellers, products, orders, buyers, tokens: file } = options;
      if (file !== undefined && buyers === 0)
        throw new MagamError('USAGE', '--tokens writes the tokens of the buyers that --buyers asks for.', {
          option: '--tokens',
        });
      if (file !== undefined) writeTokens(file, []); // checked before the work: the file can be written
      await withDatabase(command, async ({ db, config, json }) => {
        const accounts = await makeSampleAccounts(db, config, { sellers, buyers });
        const { password, signIns } = accounts;
        const reviewers: number[] = [];
        for (const { email } of signIns.filter(({ role }) => role === 'buyer')) {
          const account = await readAccountByEmail(db, email);
          if (account !== undefined) reviewers.push(account.accountId);
        }
        const catalogue = await makeSampleCatalogue(db, { sellers, products, reviewers });
        const shop = await makeSampleShop(db, config, { sellers, products, checkouts: orders, signIns });
        const emails = accounts.buyers.map(({ email }) => email);
        const tokens = file === undefined ? null : writeTokens(file, await makeSampleTokens(db, config, emails));
        if (json) return printJson({ password, signIns, catalogue, shop, buyers, tokens });
        print(`${count(sellers)} sellers and ${count(products)} products are there.`);
        print(`Made now: stock of ${count(shop.stockedUnits)} units, ${count(shop.checkouts)} checkouts.`);
        if (shop.drop !== null) print(`Product ${shop.drop.productId} (unit ${shop.drop.unitId}) is sold in a drop.`);
        if (buyers > 0) print(`${count(buyers)} further buyers are there, ${emails[0]} to ${emails.at(-1)}.`);
        if (tokens !== null)
          print(`Tokens of ${count(tokens.count)} buyers are in ${tokens.file}, good for 15 minutes.`);
        print('');
        printTable(
          ['role', 'sign in as', 'name'],
          signIns.slice(0, 5).map(({ role, email, displayName }) => [role, email, displayName]),
        );
        print(`\nThe password of each is: ${password}`);
      });
    });
}

/** Writes a JSON array with one token on each line, which only the owner of the file may read. Throws FILE_UNWRITABLE. */
function writeTokens(file: string, tokens: readonly SampleToken[]): { readonly file: string; readonly count: number } {
  const text = `[\n${tokens.map((token) => JSON.stringify(token)).join(',\n')}\n]\n`;
  try {
    writeFileSync(file, text, { mode: 0o600 });
  } catch (error) {
    throw new MagamError('FILE_UNWRITABLE', `${file} cannot be written: ${errorText(error)}.`, { file });
  }
  return { file, count: tokens.length };
}
