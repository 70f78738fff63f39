/**
 * A what-if applies a draft of fee policies to the settled lines of a range of dates. This file has the question, the key under which the answer is
 * stored, and the answer; `batch/jobs/what-if` computes it. It does not change any settlement.
 */
import { type Db, inSnapshot } from '../../infra/database.js';
import { sha256 } from '../../infra/sha256.js';
import { MagamError } from '../../kernel/errors.js';
import { unsettledDatesBetween } from '../feed/stores/calendar.js';
import { readPasses } from '../jobs/stores/partition.js';
import { findRun, findRunById, isCompleted, parametersOf } from '../jobs/stores/run.js';
import { type FeePolicy, policyToFile } from '../policies/rules/fee-policy.js';
import type { PolicyFault } from '../policies/rules/policy-book.js';
import { checkPolicyFile } from '../policies/rules/policy-file.js';
import { readPolicies, readPolicyRevision } from '../policies/stores/fee-policy.js';
import { noneClosed } from './date-states.js';
import { type CertificateBody, parseCertificate } from './rules/certificate.js';
import {
  EFFECT_COUNTS,
  type Effect,
  type EffectCounts,
  effectsByCurrency,
  MovedMost,
  NO_COUNTS,
  netDifference,
  type SellerEffect,
} from './rules/policy-effect.js';
import { type TrialBooks, type TrialDates, trialBooks } from './rules/policy-trial.js';
import { readCertificate, readCertificateLinks } from './stores/certificate.js';
import { datesLackingCertificates } from './stores/settlement-run.js';
import { readEffects, readMovedContents } from './stores/what-if.js';
import type { TouchedLine } from './try-line.js';

/** The name of the job. */
export const WHAT_IF = 'what-if';
/** Part of every key: a release that computes or plans differently begins anew instead of continuing with the results of an older one. */
const FORM = 'what-if/3';
/** The lines moved most that are kept of each currency. */
export const MOVED_LINES_MAX = 100;

export interface WhatIfQuestion {
  readonly from: string;
  readonly to: string;
  readonly dates: TrialDates;
  readonly draft: readonly FeePolicy[];
  /** The task for which touched lines are listed one by one; null: they are only summed up. */
  readonly listFor: number | null;
}

/** The parameters of a run of the job, frozen when it is created: the same parameters give the same answer at any time. */
export interface WhatIfParameters {
  readonly from: string;
  readonly to: string;
  readonly dates: TrialDates;
  readonly listFor: number | null;
  /** The revision of the stored policies that the draft is compared with. */
  readonly policyRevision: number;
  /** The draft as a policy file. */
  readonly draft: { readonly policies: readonly object[] };
  /** The certificates whose lines are tried. A supplement that is certified later is not read. */
  readonly certificates: readonly { readonly date: string; readonly generation: number }[];
}

export interface PreparedWhatIf {
  /**
   * Made from the parameters and the content of the certificates: the same question about the same lines has the same key. The key of a task
   * is the task's own: whatever has changed since its first attempt, the next one continues the same run.
   */
  readonly key: string;
  readonly parameters: WhatIfParameters;
  /** How many policies of the draft are not stored yet. */
  readonly newPolicies: number;
  /** Dates of the range that have entries and are not settled: they are left out. */
  readonly openDates: readonly string[];
}

/**
 * Reads the subject of the question in the caller's snapshot and freezes it, or returns the faults for which the draft cannot be applied, by their place in the
 * draft. Throws DATE_NOT_CLOSED when no date of the range was settled, and VERIFICATION_FAILED when a date was settled and a certificate of it is missing.
 */
export async function prepareWhatIf(db: Db, question: WhatIfQuestion): Promise<PreparedWhatIf | PolicyFault[]> {
  const begun = await findBegun(db, question);
  if (begun !== undefined) return begun;
  const { from, to, dates, listFor, draft } = question;
  const [lacking] = await datesLackingCertificates(db, from, to);
  if (lacking !== undefined)
    throw notAsCertified(lacking, `${lacking} was settled, and a certificate of it is missing.`);
  const certificates = await readCertificateLinks(db, from, to);
  if (certificates.length === 0) throw await noneClosed(db, from, to);
  const policyRevision = await readPolicyRevision(db);
  const books = trialBooks(await readPolicies(db, policyRevision), draft, dates);
  if (Array.isArray(books)) return books;
  const policies = [...draft].sort(byCodeAndVersion).map(policyToFile);
  const hashes = certificates.map(({ hash }) => hash);
  return {
    key: listFor === null ? keyOf(from, to, dates, policyRevision, policies, hashes) : keyOfTask(listFor),
    newPolicies: books.fresh,
    parameters: {
      from,
      to,
      dates,
      listFor,
      policyRevision,
      draft: { policies },
      certificates: certificates.map(({ date, generation }) => ({ date, generation })),
    },
    openDates: await unsettledDatesBetween(db, from, to),
  };
}

const keyOf = (...named: readonly unknown[]): string => sha256(JSON.stringify([FORM, ...named]));
const keyOfTask = (taskId: number): string => keyOf('task', taskId);

/**
 * The parameters frozen by an earlier attempt of the task. Policies that were applied since then may conflict with the draft; the task keeps the revision that
 * it began with.
 */
async function findBegun(db: Db, { from, to, listFor }: WhatIfQuestion): Promise<PreparedWhatIf | undefined> {
  const key = listFor === null ? undefined : keyOfTask(listFor);
  const run = key === undefined ? undefined : await findRun(db, WHAT_IF, key);
  if (key === undefined || run === undefined) return undefined;
  const parameters = parametersOf<WhatIfParameters>(run);
  const { fresh } = await whatIfBooks(db, parameters);
  return { key, parameters, newPolicies: fresh, openDates: await unsettledDatesBetween(db, from, to) };
}

const byCodeAndVersion = (a: FeePolicy, b: FeePolicy): number =>
  a.code === b.code ? a.version - b.version : a.code < b.code ? -1 : 1;

/** The books that a run compares. */
export async function whatIfBooks(db: Db, { draft, policyRevision, dates }: WhatIfParameters): Promise<TrialBooks> {
  const read = checkPolicyFile(draft);
  if ('faults' in read) throw new Error('the draft of a what-if was changed: it is no longer a policy file');
  const books = trialBooks(await readPolicies(db, policyRevision), read.policies, dates);
  if (Array.isArray(books)) throw new Error('the policies that a what-if began with were changed');
  return books;
}

/** The partitions in a certificate. Throws VERIFICATION_FAILED when it is not the text that was hashed. */
export async function certifiedPartitions(
  db: Db,
  { date, generation }: WhatIfParameters['certificates'][number],
): Promise<CertificateBody['partitions']> {
  const certificate = await readCertificate(db, date, generation);
  const body = certificate && parseCertificate(certificate.body);
  if (certificate === undefined || body === undefined || sha256(certificate.body) !== certificate.hash)
    throw notAsCertified(date, `The certificate of ${date} generation ${generation} is missing or was changed.`);
  return body.partitions;
}

/** A what-if of lines that are not certified would have no meaning, so the refusal says where to look. */
export const notAsCertified = (date: string, what: string): MagamError =>
  new MagamError('VERIFICATION_FAILED', `${what} Run magam verify --date ${date}: it names the first difference.`, {
    date,
  });

export interface WhatIfAnswer extends EffectCounts {
  /** Lines of the certificates. */
  readonly lines: number;
  /** Lines that would have fallen under another policy: those in the sums and those that would have been parked. */
  readonly touched: number;
  /** Sums over all touched lines that would have been settled, per currency. */
  readonly totals: readonly Effect[];
  /** The lines of each currency whose net would differ most. */
  readonly sellers: readonly SellerEffect[];
  readonly movedLines: readonly TouchedLine[];
}

/**
 * The answer of a completed run, with at most `top` sellers and lines of each currency. Throws RUN_NOT_FOUND when somebody has asked for it again
 * meanwhile, which removes what was found before.
 */
export const readWhatIf = (db: Db, runId: number, top: number): Promise<WhatIfAnswer> =>
  inSnapshot(db, async (snapshot) => {
    const run = await findRunById(snapshot, runId);
    if (run !== undefined && isCompleted(run.status)) return readAnswer(snapshot, runId, top);
    throw new MagamError(
      'RUN_NOT_FOUND',
      'The answer was removed, because somebody asked for it again. Ask again, too.',
      {
        runId,
      },
    );
  });

async function readAnswer(db: Db, runId: number, top: number): Promise<WhatIfAnswer> {
  const effects = await readEffects(db, runId);
  const counts = { ...NO_COUNTS };
  const sellers = new MovedMost<SellerEffect>(top, (a, b) => (a.sellerId < b.sellerId ? -1 : 1));
  for (const effect of effects) {
    for (const name of EFFECT_COUNTS) counts[name] += effect[name];
    if (effect.sales + effect.refunds > 0) sellers.add(effect.currency, netDifference(effect), effect);
  }
  const passes = [...(await readPasses(db, runId)).values()].flat();
  return {
    lines: passes.reduce((sum, { entries }) => sum + entries, 0),
    ...counts,
    touched: counts.sales + counts.refunds + counts.refused,
    totals: effectsByCurrency(effects).filter(({ sales, refunds }) => sales + refunds > 0),
    sellers: sellers.entries(),
    movedLines: firstOfEach(await readMovedContents(db, runId), top) as TouchedLine[],
  };
}

function firstOfEach(lines: readonly { currency: string; content: object }[], top: number): object[] {
  const shown = new Map<string, number>();
  return lines.flatMap(({ currency, content }) => {
    const place = (shown.get(currency) ?? 0) + 1;
    shown.set(currency, place);
    return place <= top ? content : [];
  });
}
