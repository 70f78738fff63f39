/** Proposals of a date: the name of the job that makes them, who requested it, and a preview. */
import { type Db, inSnapshot } from '../../infra/database.js';
import { readAccount } from '../accounts/stores/account.js';
import { readPayablePage } from '../statements/stores/payable-account.js';
import { type Candidate, payCases } from './pay-cases.js';
import type { Maker } from './stores/payout.js';
import { readRequesters } from './stores/proposal.js';

/** The data that a plan of the job freezes. */
export interface ProposalPlan {
  /** Null: the schedule. */
  readonly maker: Maker | null;
}

/** The names under which the program itself requests a run. A person at the command line requests as `user NAME`, so no person can have one of them. */
const PROGRAM: readonly string[] = ['schedule', 'runner', 'chain'];
const USER = 'user ';

/** The parameters with which a person at the command line requests a run of the job. */
export const requesterOf = (userName: string): string => `${USER}${userName}`;

/** The maker of a run's proposals is the person who requested it last; null where the program did. A runner that continues a run is not its maker. */
export async function makerOfRun(db: Db, runId: number): Promise<Maker | null> {
  const names = await readRequesters(db, runId);
  const name = names.find((one) => one !== 'runner');
  if (name === undefined || PROGRAM.includes(name)) return null;
  if (name.startsWith(USER)) return { name: name.slice(USER.length).slice(0, 64), accountId: null, accessFrom: null };
  const account = /^account (\d+)/.exec(name);
  if (account === null) return { name, accountId: null, accessFrom: null };
  const accountId = Number(account[1]);
  return { name, accountId, accessFrom: (await readAccount(db, accountId))?.accessGivenBy ?? null };
}

const PAGE = 500;

/** Every account with unclaimed statements as of a date, page by page: its proposal, or the reason why there is none. */
export async function* surveyProposal(db: Db, date: string): AsyncGenerator<Candidate[]> {
  for (let after = 0; ; ) {
    const page = await readPayablePage(db, after, Number.MAX_SAFE_INTEGER, PAGE);
    yield await payCases(db, page, date);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.accountId;
  }
}

/** Whether there is anything to propose on a date, in one view. */
export const hasProposal = (db: Db, date: string): Promise<boolean> =>
  inSnapshot(db, async (view) => {
    for await (const page of surveyProposal(view, date))
      if (page.some(({ notPaid }) => notPaid === undefined)) return true;
    return false;
  });
