/**
 * `npm run bench:money`: what does it cost to post, to check, to state and to pay a settled month, beside what the database needs for writing the same rows alone? And
 * how long does a balance take in a large ledger? docs/benchmarks.md says how to read the result, which goes to standard output and to bench/results.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { openDatabase } from '../infra/database.js';
import { databaseUrl, dropDatabase } from './database.js';
import { runMagam } from './magam-command.js';
import { describeMachine } from './markdown.js';
import { say } from './measure.js';
import { measureBalances } from './money-balances.js';
import { MoneyChain } from './money-chain.js';
import { FLOOR_STEPS, FLOORS, type Floor, type FloorStep, MoneyFloor } from './money-floor.js';
import { FIRST_DATE, forgetMoney, LAST_DATE, makeMonth, PAYOUT_DATE } from './money-month.js';
import { type ChainSamples, type StepSample, writeMoneyReport } from './money-report.js';
import { measureWallets } from './money-wallets.js';
import { BenchServer, type Cost } from './server.js';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    lines: { type: 'string', default: '1000000' },
    sellers: { type: 'string', default: '1000,10000' },
    postings: { type: 'string', default: '10000000' },
    payments: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' },
    workers: { type: 'string', default: '2' },
    out: { type: 'string', default: 'bench/results' },
  },
});

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} takes a positive whole number, not ${text}`);
}

const [lines, postings] = [positive('lines', values.lines), positive('postings', values.postings)];
const [rounds, workers] = [positive('rounds', values.rounds), positive('workers', values.workers)];
const payments = positive('payments', values.payments);
const sellerCounts = values.sellers.split(',').map((text) => positive('sellers', text));
if (values.url === undefined) throw new Error('--url is missing; npm run bench:money gives it');
const url = databaseUrl(values.url, 'magam_bench_money');
const server = await BenchServer.open(values.url);

const COMMANDS: Readonly<Record<FloorStep, readonly string[]>> = {
  post: ['ledger', 'post', '--from', FIRST_DATE, '--to', LAST_DATE],
  balance: ['ledger', 'verify'],
  statements: ['statements', 'close', '--date', LAST_DATE, '--workers', `${workers}`],
  payouts: ['payouts', 'propose', '--date', PAYOUT_DATE, '--workers', `${workers}`],
};

/** The chain for one number of sellers: the floor, the commands, and the same work in one process, in turn, each from the same settled month. */
async function measureChain(sellers: number): Promise<ChainSamples> {
  say(`seeding ${lines} lines of ${sellers} sellers …`);
  const size = await makeMonth({ url, lines, sellers, workers });
  const db = openDatabase(url, { poolMax: 2 });
  const chain = new MoneyChain(url, workers);
  try {
    say('a first run, whose rows the floor writes again …');
    for (const step of FLOOR_STEPS) await chain.run(step);
    for (const verified of [
      ['statements', 'verify'],
      ['payouts', 'verify'],
    ])
      await runMagam(url, verified);
    const floor = await MoneyFloor.keep(db, url);
    const measured: StepSample[][] = [];
    try {
      for (let round = 1; round <= rounds; round += 1) {
        say(`round ${round} of ${rounds}: floors, commands and one process in turn …`);
        const floors = new Map<Floor, Map<FloorStep, Cost>>();
        for (const kind of FLOORS) {
          await forgetMoney(db);
          const costs = new Map<FloorStep, Cost>();
          for (const step of FLOOR_STEPS) costs.set(step, (await server.observe(() => floor.run(step, kind))).cost);
          await floor.requireEqual(db);
          floors.set(kind, costs);
        }
        await forgetMoney(db);
        const products = new Map<FloorStep, Pick<StepSample, 'product' | 'usage'>>();
        for (const step of FLOOR_STEPS) {
          const { result, cost } = await server.observe(() => runMagam(url, COMMANDS[step]));
          products.set(step, { product: cost, usage: result.usage });
        }
        await forgetMoney(db);
        const steps: StepSample[] = [];
        for (const step of FLOOR_STEPS) {
          const { result: cpuSeconds, cost } = await server.observe(() => chain.run(step));
          const oneProcess = { cost, cpuSeconds };
          const commands = products.get(step) as Pick<StepSample, 'product' | 'usage'>;
          const of = (kind: Floor): Cost => floors.get(kind)?.get(step) as Cost;
          steps.push({ step, floors: { rows: of('rows'), lines: of('lines') }, ...commands, oneProcess });
        }
        measured.push(steps);
      }
    } finally {
      await floor.close();
    }
    return { sellers, size, rounds: measured };
  } finally {
    await chain.close();
    await db.destroy();
    await dropDatabase(url);
  }
}

try {
  const chains: ChainSamples[] = [];
  for (const sellers of sellerCounts) chains.push(await measureChain(sellers));
  say(`balances among ${postings} postings …`);
  const balances = await measureBalances(databaseUrl(values.url, 'magam_bench_balances'), postings);
  const wallets = await measureWallets(databaseUrl(values.url, 'magam_bench_wallets'), payments, rounds);
  writeMoneyReport(
    {
      ...{ measuredAt: new Date().toISOString(), machine: describeMachine(), load: loadavg()[0] ?? Number.NaN },
      ...{ server: server.description, parameters: { lines, rounds, workers, postings }, chains, balances, wallets },
    },
    values.out,
  );
} finally {
  await server.close();
}
