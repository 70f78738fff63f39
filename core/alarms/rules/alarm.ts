/** What an alarm is: which kinds there are, and what a person is to do about each. */
import { CHAIN_HEAD, stepOf } from '../../jobs/rules/chain.js';

/**
 * The subject of an alarm about a run: the date, for the settlement; for a job that follows it, the job and the date. So the alarms of a date that is settled have the
 * subject that they always had.
 */
export const subjectOfRun = (job: string, date: string): string => (job === CHAIN_HEAD ? date : `${job} ${date}`);

/** The job and the date of such a subject. */
export function runOfSubject(subject: string): { readonly job: string; readonly date: string } {
  const [job, date] = subject.split(' ');
  return date === undefined ? { job: CHAIN_HEAD, date: subject } : { job: job as string, date };
}

/** How a person looks for the run of such a subject, and what carries it out. */
function wordsOfRun(subject: string): { readonly ofRun: string; readonly command: string; readonly does: string } {
  const { job, date } = runOfSubject(subject);
  const step = stepOf(job);
  return step === undefined
    ? { ofRun: `--date ${date}`, command: `magam settle --date ${date}`, does: 'settles it' }
    : { ofRun: `--job ${job} --date ${date}`, command: step.command(date), does: 'does it' };
}

/** Every kind, and what to do about an alarm of it; its subject is a date, a job and a date, the name of books, the id of a payment, the name of a consumer or a command. */
const ACTIONS = {
  'run-failed': (run: string) => {
    const { ofRun, command } = wordsOfRun(run);
    return `Look at the run with magam runs ${ofRun}, mend the cause, then run ${command}.`;
  },
  'parked-entries': (date: string) =>
    `List the entries with magam runs exceptions (magam runs --date ${date} has the id of the run), mend the cause, then run magam settle --date ${date}.`,
  'verification-difference': (date: string) =>
    `Run magam verify --date ${date}: it names the first difference. Restore what was changed, and verify again. Pay nothing out before that.`,
  'books-difference': (books: string) =>
    `Run magam ${books} verify: it names the first difference of each check. Restore what was changed, and verify again. Pay nothing out before that.`,
  'date-overdue': (run: string) => {
    const { ofRun, command, does } = wordsOfRun(run);
    return `Look at the date with magam runs ${ofRun} and at the log of the runner. ${command} ${does} or says what is in the way.`;
  },
  'no-runner': () => 'Start a runner (magam runner) and look at the log of the last one.',
  'payment-unclear': (paymentId: string) =>
    `Look at the payment with GET /v1/payments/${paymentId} and in the provider's own console.`,
  'payment-given-back': (paymentId: string) =>
    `Look at the payment with GET /v1/payments/${paymentId}, and cancel or return what the money was for.`,
  'payout-found': (reference: string) =>
    `Look at the transfer in the provider's own console and at its payout with magam payouts show. Then take the amount from the seller by an adjustment with the reference ${reference}.`,
  'dead-letters': (consumer: string) =>
    `Look at them with GET /v1/dead-letters?consumer=${consumer}, mend the cause, and replay them.`,
  'webhook-disabled': (endpointId: string) =>
    `Look at its deliveries with GET /v1/webhook-endpoints/${endpointId}/deliveries, tell its owner, and enable it again when it can be reached.`,
  'bank-account-waiting': (sellerId: string) =>
    `Ask the seller by a way that you know whether the account is theirs. Then somebody other than its proposer approves it with POST /v1/sellers/${encodeURIComponent(sellerId)}/bank-accounts/ID/approval or withdraws it.`,
  'command-failed': () =>
    'Read the log of the command, mend the cause, and run the command again with magam cron. If it is not to run any more, end the alarm with magam alarms end and its number.',
} as const;

export type AlarmKind = keyof typeof ACTIONS;
export const ALARM_KINDS = Object.keys(ACTIONS) as readonly AlarmKind[];

export const ALARM_STATUSES = ['OPEN', 'RESOLVED'] as const;
export type AlarmStatus = (typeof ALARM_STATUSES)[number];

/** Something that needs a person. There is one open alarm of a kind and subject. */
export interface AlarmCause {
  readonly kind: AlarmKind;
  readonly subject: string;
  /** One or two sentences. */
  readonly summary: string;
}

export interface Alarm extends AlarmCause {
  readonly alarmId: number;
  readonly status: AlarmStatus;
  /** ISO 8601, UTC. */
  readonly openedAt: string;
  /** Null while it is open. */
  readonly resolvedAt: string | null;
}

/** What a person is to do about it. */
export const actionOf = ({ kind, subject }: Pick<AlarmCause, 'kind' | 'subject'>): string => ACTIONS[kind](subject);
