/** The conditions of the alarms. A condition is read from the tables each time, so an alarm is right in every process and after any outage. */
import type { Config } from '../../infra/config.js';
import type { Db } from '../../infra/database.js';
import { readDuties, registerDuties } from '../../infra/stores/duty.js';
import { formatAmount } from '../../kernel/money.js';
import { listOpenProposals } from '../accounts/stores/seller-bank-account.js';
import { readPostedReferences } from '../adjustments/stores/adjustment.js';
import { CHAIN_JOBS, stepOf } from '../jobs/rules/chain.js';
import { readGivenBackElsewhere, readUnclearPayments } from '../payments/stores/payment.js';
import { transferReference } from '../payouts/rules/transfer-reference.js';
import { readFoundTransfers } from '../payouts/stores/provider-transfer.js';
import { overdueDates } from '../settlement/due-date.js';
import { readDisabledEndpoints } from '../webhooks/stores/webhook-endpoint.js';
import { type AlarmCause, type AlarmKind, runOfSubject, subjectOfRun } from './rules/alarm.js';
import {
  readDeadLetterCounts,
  readFailedRuns,
  readParkedDates,
  readRunStatuses,
  readSlowSteps,
} from './stores/condition.js';

export type AlarmSettings = Pick<Config, 'timeZone' | 'settleAt' | 'alarms'>;

/** The duty by which runners show that they are alive, and the one that checks the conditions. */
export const RUNNER_ALIVE = 'runner-alive';
export const WATCH_ALARMS = 'watch-alarms';

interface Condition {
  /** The conditions that hold now. */
  readonly causes: readonly Omit<AlarmCause, 'kind'>[];
  /** Subjects of open alarms whose condition does not hold at this moment, and which stay open because the work is being tried again. */
  readonly staying: readonly string[];
}

/** @param open subjects of the open alarms of this kind */
type Look = (db: Db, settings: AlarmSettings, open: readonly string[]) => Promise<Condition>;

const beingTried = ['REQUESTED', 'RUNNING'];

/** The subjects whose run is in one of these states. */
async function runsIn(db: Db, subjects: readonly string[], states: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const job of CHAIN_JOBS) {
    const dates = subjects.map(runOfSubject).flatMap((run) => (run.job === job ? [run.date] : []));
    for (const [date, status] of await readRunStatuses(db, job, dates))
      if (states.includes(status)) found.push(subjectOfRun(job, date));
  }
  return found;
}

const titleOf = (job: string, date: string): string => stepOf(job)?.title(date) ?? `The settlement of ${date}`;

/** The alarm of a failed run that is tried again stays open until that try has succeeded or a person has stopped it. */
const runFailed: Look = async (db, _settings, open) => ({
  causes: (await readFailedRuns(db)).map(({ runId, job, date, code, message }) => ({
    subject: subjectOfRun(job, date),
    summary: `${titleOf(job, date)} failed (run ${runId})${code === null ? '' : ` with ${code}`}: ${message ?? 'the execution left no message.'}`,
  })),
  staying: await runsIn(db, open, beingTried),
});

/** Only the latest dates open an alarm, so that an old database does not open hundreds. An open alarm stays until every entry of its date is settled. */
const parkedEntries: Look = async (db, _settings, open) => ({
  causes: (await readParkedDates(db)).map(({ runId, date, entries }) => ({
    subject: date,
    summary: `${entries} ${entries === 1 ? 'entry' : 'entries'} of ${date} could not be settled and ${entries === 1 ? 'is' : 'are'} parked (run ${runId}).`,
  })),
  staying: await runsIn(db, open, [...beingTried, 'COMPLETED_WITH_EXCEPTIONS']),
});

/** Dates are closed in order, so only the earliest open an alarm. */
const OVERDUE_MAX = 10;

const dateOverdue: Look = async (db, settings, open) => {
  const { dateMinutes } = settings.alarms;
  const dates = dateMinutes === 0 ? [] : await overdueDates(db, settings, dateMinutes);
  const slow = dateMinutes === 0 ? [] : await readSlowSteps(db, dateMinutes);
  const stillOpen = new Set([...dates, ...slow.map(({ job, date }) => subjectOfRun(job, date))]);
  return {
    causes: [
      ...dates.slice(0, OVERDUE_MAX).map((date) => ({
        subject: date,
        summary: `${date} is not closed, more than ${dateMinutes} min after it was due (${settings.settleAt} of the next day in ${settings.timeZone}).`,
      })),
      ...slow.slice(0, OVERDUE_MAX).map(({ runId, job, date }) => ({
        subject: subjectOfRun(job, date),
        summary: `${titleOf(job, date)} is not done, more than ${dateMinutes} min after it was asked for (run ${runId}).`,
      })),
    ],
    staying: open.filter((subject) => stillOpen.has(subject)),
  };
};

/**
 * No runner has shown a sign of life. Where none ever did, the time counts from the first check. Time without checks, for example while the database was away,
 * does not count.
 */
const noRunner: Look = async (db, { alarms: { runnerMinutes } }) => {
  await registerDuties(db, [RUNNER_ALIVE]);
  const duties = new Map((await readDuties(db)).map((duty) => [duty.name, duty.overdueSeconds]));
  const silentSeconds = (duties.get(RUNNER_ALIVE) ?? 0) - (duties.get(WATCH_ALARMS) ?? 0);
  const silent = runnerMinutes > 0 && silentSeconds > runnerMinutes * 60;
  const summary = `No runner has been alive for more than ${runnerMinutes} min: nothing is settled by schedule, and nothing that was asked for over HTTP is done.`;
  return { causes: silent ? [{ subject: 'runner', summary }] : [], staying: [] };
};

const paymentUnclear: Look = async (db) => ({
  causes: (await readUnclearPayments(db)).map(({ paymentId, provider, status }) => ({
    subject: String(paymentId),
    summary: `Payment ${paymentId} (${provider}, ${status}) is unclear: it is not known whether it was charged, or money of it is not back.`,
  })),
  staying: [],
});

/** What the alarm says about payments whose money was also given back outside of the platform. */
export const givenBackCauses = async (db: Db, paymentIds: readonly number[]): Promise<Omit<AlarmCause, 'kind'>[]> =>
  (await readGivenBackElsewhere(db, paymentIds)).map(({ paymentId, provider, currency, elsewhereMinor }) => ({
    subject: String(paymentId),
    summary: `${provider} has given back ${formatAmount(elsewhereMinor, currency)} ${currency} of payment ${paymentId} that was not asked for here. No order was cancelled for it.`,
  }));

/** An event opens it (`notifications`); this condition tells whether it is over. */
const paymentGivenBack: Look = async (db, _settings, open) => ({
  causes: await givenBackCauses(db, open.map(Number)),
  staying: [],
});

/** It is over when an adjustment with the same reference has been posted. */
const payoutFound: Look = async (db) => {
  const found = (await readFoundTransfers(db)).map((one) => ({
    ...one,
    reference: transferReference(one.payoutId, one.attempt),
  }));
  const posted = await readPostedReferences(
    db,
    found.map(({ reference }) => reference),
  );
  return {
    causes: found
      .filter(({ reference }) => !posted.has(reference))
      .map(({ reference, payoutId, sellerId, currency, amountMinor }) => ({
        subject: reference,
        summary: `The provider has the transfer ${reference} of ${formatAmount(amountMinor, currency)} ${currency} to seller ${sellerId}, which was taken for lost. Payout ${payoutId} had continued meanwhile, so the money may leave twice.`,
      })),
    staying: [],
  };
};

/** An event opens it (`notifications`); it is over when the endpoint is enabled again, or gone. */
const webhookDisabled: Look = async (db, _settings, open) => ({
  causes: [],
  staying: (await readDisabledEndpoints(db, open.map(Number))).map(String),
});

const deadLetters: Look = async (db) => ({
  causes: (await readDeadLetterCounts(db)).map(({ consumer, events, error }) => ({
    subject: consumer,
    summary: `The consumer ${consumer} has given up ${events} ${events === 1 ? 'event' : 'events'}, the last one with: ${error ?? 'no error'}`,
  })),
  staying: [],
});

/** Sellers that the alarm names; the others follow when these are decided. */
const PROPOSALS_MAX = 20;

const bankAccountWaiting: Look = async (db, _settings, open) => {
  const proposals = await listOpenProposals(db);
  const waiting = new Set(proposals.map(({ sellerId }) => sellerId));
  return {
    causes: proposals.slice(0, PROPOSALS_MAX).map(({ sellerId, bankAccountId, bankCode, masked, proposedAt }) => ({
      subject: sellerId,
      summary: `The account ${bankCode} ${masked} (bank account ${bankAccountId}) was proposed for payouts to seller ${sellerId} at ${proposedAt} and waits for a second person.`,
    })),
    staying: open.filter((sellerId) => waiting.has(sellerId)),
  };
};

export const conditions = {
  'run-failed': runFailed,
  'parked-entries': parkedEntries,
  'date-overdue': dateOverdue,
  'no-runner': noRunner,
  'payment-unclear': paymentUnclear,
  'payment-given-back': paymentGivenBack,
  'payout-found': payoutFound,
  'dead-letters': deadLetters,
  'webhook-disabled': webhookDisabled,
  'bank-account-waiting': bankAccountWaiting,
} as const satisfies Partial<Record<AlarmKind, Look>>;

/** Kinds whose alarms open and end by the state of the tables. Other kinds are raised by the code that finds their cause. */
export type WatchedKind = keyof typeof conditions;
export const watchedKinds = Object.keys(conditions) as readonly WatchedKind[];
