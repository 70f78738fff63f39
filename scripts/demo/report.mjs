/** The report of the demo. */
import { nextCommands } from './next-commands.mjs';

/** @typedef {import('./command.mjs').Answer} Answer */
/** @typedef {typeof import('../../cli/output.js')} Output */
/** @typedef {typeof import('../../cli/totals-table.js')} TotalsTable */

/** A compiled module; it exists only after the set-up. @param {string} name */
const compiled = (name) => import(new URL(`../../dist/cli/${name}.js`, import.meta.url).href);

const LARGEST_SELLERS = 3;

/**
 * @typedef {object} DemoResult
 * @property {string} date
 * @property {number} sellers
 * @property {string} databaseUrl
 * @property {boolean} resumed
 * @property {number} setUpSeconds
 * @property {Answer} seed
 * @property {Answer} settle
 * @property {Answer} verify
 * @property {Answer} settlements
 */

/** @param {DemoResult} result */
export async function printReport(result) {
  const { count, money, print, printTable } = /** @type {Output} */ (await compiled('output'));
  const { totalsTable } = /** @type {TotalsTable} */ (await compiled('totals-table'));
  const { date, settle, verify, settlements } = result;
  const { document: run } = settle;

  print(
    `\n${date}: settled. ${count(run.lines)} sales and ${count(run.refunds)} refunds, ${count(run.exceptions)} parked.\n`,
  );
  printTable(
    ['stage', 'seconds', 'lines', 'lines/s'],
    stages(result).map(([name, seconds, lines]) => [
      name,
      seconds?.toFixed(2) ?? 'done before',
      lines === undefined ? '' : count(lines),
      lines === undefined || !seconds ? '' : count(Math.round(lines / seconds)),
    ]),
    ['seconds', 'lines', 'lines/s'],
  );
  if (result.resumed) print('Resumed: the seconds are of this attempt alone, the lines of the whole demo.');

  print('');
  print(totalsTable(run.totals));

  print(`\nLargest net, of ${count(settlements.document.length)} settlements (sellers by currency):`);
  printTable(
    ['seller', 'sales', 'refunds', 'item amount', 'net'],
    largestOf(settlements.document).map((row) => [
      row.seller_id,
      count(row.sales),
      count(row.refunds),
      money(row.item_amount, row.currency),
      money(row.net, row.currency),
    ]),
    ['sales', 'refunds', 'item amount', 'net'],
  );

  print('');
  if (!run.alreadyDone)
    print(
      `Peak memory of the settle process: ${Math.round(run.peakMemoryBytes / 1024 / 1024)} MiB, ${run.workers} worker threads, ${run.partitions} partitions.`,
    );
  print(
    `Verified: ${verify.document.checks.length} checks, ${verify.document.ok ? 'all of them hold' : 'with differences'}.`,
  );
  print(`Certificate: ${run.certificate.hash} (generation ${run.certificate.generation})`);
  const [largest] = largestOf(settlements.document);
  const line = await firstLine(date, run.lines, result.sellers);
  print(
    nextCommands({ databaseUrl: result.databaseUrl, date, runId: run.runId, line, seller: largest?.seller_id ?? '' }),
  );
}

/**
 * The key of a line that was settled: the feed's first entry or, when that one belongs to a later date, its second.
 * @param {string} date
 * @param {number} lines
 * @param {number} sellers
 */
async function firstLine(date, lines, sellers) {
  /** @type {typeof import('../../core/sample/rules/synthetic-feed.js')} */
  const { SyntheticFeed } = await import(
    new URL('../../dist/core/sample/rules/synthetic-feed.js', import.meta.url).href
  );
  const feed = new SyntheticFeed({ date, lines, sellers, seed: '1' });
  return feed.sale(feed.isLater(0) ? 1 : 0);
}

/**
 * Name, seconds and lines of each stage, in order. Seconds are undefined for stages of an earlier attempt, lines where
 * they have no meaning.
 * @param {DemoResult} result
 * @returns {[string, number | undefined, number | undefined][]}
 */
function stages({ setUpSeconds, seed, settle, verify }) {
  const { document: feed } = seed;
  const { document: run } = settle;
  const settled = run.lines + run.refunds;
  const within = run.stages.map((/** @type {any} */ stage) => [
    `  ${stage.name}`,
    stage.seconds,
    stage.name === 'lines' ? settled : undefined,
  ]);
  return [
    ['set-up', setUpSeconds, undefined],
    ['seed', feed.alreadySeeded ? undefined : seed.seconds, feed.lines + feed.refunds + feed.laterEntries],
    ['settle', run.alreadyDone ? undefined : settle.seconds, settled],
    ...within,
    ['verify', verify.seconds, settled],
  ];
}

/**
 * The first sellers of each currency; amounts of different currencies cannot be compared.
 * @param {{ seller_id: string, currency: string, sales: number, refunds: number, item_amount: number, net: number }[]} settlements
 */
function largestOf(settlements) {
  const byNet = settlements.toSorted((a, b) => b.net - a.net);
  const currencies = [...new Set(byNet.map((row) => row.currency))];
  return currencies.flatMap((currency) => byNet.filter((row) => row.currency === currency).slice(0, LARGEST_SELLERS));
}
