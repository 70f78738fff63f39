/**
 * POLICY_CHECK: which lines of a closed date a draft of fee policies would have touched, and by how much. The date is read in one
 * consistent view; the touched lines are written as they are found, each batch behind the task's fence.
 */

import { type Leg, legName, REFUND, SALE } from '../../core/feed/rules/leg.js';
import { type FeePolicy, type PolicyKey, policyKey } from '../../core/policies/rules/fee-policy.js';
import { PolicyBook } from '../../core/policies/rules/policy-book.js';
import { checkPolicyFile } from '../../core/policies/rules/policy-file.js';
import { readPolicies } from '../../core/policies/stores/fee-policy.js';
import { purgePolicyChecks } from '../../core/settlement/purge-policy-checks.js';
import type { SaleRow } from '../../core/settlement/rules/decide.js';
import { DECIDED_FIGURES, eachFigure } from '../../core/settlement/rules/figures.js';
import { POLICY_CHECK } from '../../core/settlement/rules/policy-check-task.js';
import {
  type TrialBooks,
  type TrialOutcome,
  trialBooks,
  tryRefund,
  trySale,
} from '../../core/settlement/rules/policy-trial.js';
import { readCertificates } from '../../core/settlement/stores/certificate.js';
import { type CheckLine, deleteCheckLines, insertCheckLines } from '../../core/settlement/stores/policy-check-line.js';
import {
  readSettledRefunds,
  readSettledSales,
  type SettledEntry,
  type SettledPage,
} from '../../core/settlement/stores/verification.js';
import { fenceTask } from '../../core/tasks/stores/background-task.js';
import { type Db, inSnapshot, inTransaction } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { isRefusal, MagamError } from '../../kernel/errors.js';
import { CheckSums, type DecidedFigures } from './check-sums.js';
import { orInterrupted, type TaskCall, TaskInterrupted, type TaskRunner } from './task.js';

/** Lines of one read. */
const PAGE_LINES = 4_000;
/** Lines of one INSERT: about 600 bytes each. */
const WRITE_LINES = 500;
/** The touched lines that are kept of a check; the sums are over all of them. */
const LINES_KEPT_MAX = 100_000;
/** Of a draft that cannot be applied. */
const FAULTS_SHOWN = 200;
const NO_ID_ABOVE = Number.MAX_SAFE_INTEGER;

export const policyCheckTask: TaskRunner = {
  kind: POLICY_CHECK,
  releasedAtOnce: true,
  purge: purgePolicyChecks,
  async run(call) {
    const { db, task } = call;
    const parameters = POLICY_CHECK.parametersOf(task);
    const draft = draftPolicies(parameters.definition);
    await deleteLinesOfDeadAttempt(call);
    return inSnapshot(db, async (snapshot) => {
      const books = trialBooks(await readPolicies(snapshot), draft, parameters.dates);
      if (Array.isArray(books)) {
        const faults = books
          .slice(0, FAULTS_SHOWN)
          .map(({ index, code, message }) => ({ path: `policies[${index}]`, code, message }));
        throw new MagamError('POLICY_FILE_INVALID', undefined, { faults });
      }
      const check = new PolicyCheck(call, snapshot, parameters.date, books);
      const result = await check.run();
      const { draftVersion, date, dates } = parameters;
      return { status: 'COMPLETED', result: { date, dates, draftVersion, policies: books.fresh, ...result } };
    });
  },
};

/** Behind the fence: an attempt that was frozen here may wake up when the next one has written lines of its own. */
async function deleteLinesOfDeadAttempt({ db, fence, signal }: TaskCall): Promise<void> {
  let deleted: number;
  do {
    orInterrupted(signal);
    deleted = await inTransaction(db, async (tx) => {
      if (!(await fenceTask(tx, fence))) throw new TaskInterrupted('lost');
      return deleteCheckLines(tx, fence.taskId);
    });
  } while (deleted > 0);
}

function draftPolicies(definition: unknown): FeePolicy[] {
  const read = checkPolicyFile(definition);
  if ('faults' in read) throw new MagamError('POLICY_FILE_INVALID', undefined, { faults: read.faults });
  return read.policies;
}

class PolicyCheck {
  private lines = 0;
  private touched = 0;
  private changed = 0;
  private refused = 0;
  private written = 0;
  private waiting: CheckLine[] = [];
  private readonly sums = new CheckSums();

  constructor(
    private readonly call: TaskCall,
    private readonly snapshot: Db,
    private readonly date: string,
    private readonly books: TrialBooks,
  ) {}

  async run(): Promise<object> {
    const { date, snapshot } = this;
    const certificates = await readCertificates(snapshot, date);
    if (certificates.length === 0) throw new MagamError('DATE_NOT_CLOSED', undefined, { date });
    const names = new PolicyNames(await readPolicies(snapshot));
    for (const leg of [SALE, REFUND] as const) {
      for (const { generation } of certificates) await this.generation(leg, generation, names);
    }
    await this.write(0);
    const { lines, touched, changed, refused, written: linesKept, sums } = this;
    return { lines, touched, changed, refused, linesKept, totals: sums.totals(), sellers: sums.topSellers() };
  }

  private async generation(leg: Leg, generation: number, names: PolicyNames): Promise<void> {
    const { current, withDraft } = this.books;
    const needs = {
      usesCategory: current.usesCategory || withDraft.usesCategory,
      usesProduct: current.usesProduct || withDraft.usesProduct,
    };
    for (let after = 0; ; ) {
      orInterrupted(this.call.signal);
      const page: SettledPage = { date: this.date, generation, after, through: NO_ID_ABOVE, limit: PAGE_LINES };
      const entries =
        leg === SALE
          ? await readSettledSales(this.snapshot, page, needs)
          : await readSettledRefunds(this.snapshot, page);
      for (const entry of entries) this.look(leg, entry, names);
      this.lines += entries.length;
      this.call.progress({ stage: null, done: this.lines, total: null });
      await this.write(WRITE_LINES);
      await faultPoint('policy-check.page');
      const last = entries.at(-1);
      if (last === undefined || entries.length < PAGE_LINES) return;
      after = last.entryId;
    }
  }

  private look(leg: Leg, { sale, refund, refundId, stored }: SettledEntry, names: PolicyNames): void {
    if (sale === undefined) return; // its sale is gone from the feed: verification tells
    const outcome =
      refund === undefined
        ? trySale(this.books, sale)
        : tryRefund(this.books, sale, refund.priorQuantity, refund.quantity);
    if (outcome === undefined) return;
    this.touched += 1;
    const before = decided(stored);
    const { figures } = outcome;
    if (isRefusal(figures)) this.refused += 1;
    else {
      const after = decided(figures);
      if (DECIDED_FIGURES.some((name) => before[name] !== after[name])) this.changed += 1;
      this.sums.add(leg, sale.sellerId, sale.currency, before, after);
    }
    const lineNo = this.written + this.waiting.length + 1;
    if (lineNo > LINES_KEPT_MAX) return;
    const content = touchedLine(leg, sale, refundId, { policy: names.of(stored.policyId), figures: before }, outcome);
    this.waiting.push({ lineNo, sellerId: sale.sellerId, content });
  }

  /** Writes waiting lines while there are more than `leave` of them. */
  private async write(leave: number): Promise<void> {
    const { db, fence } = this.call;
    while (this.waiting.length > leave) {
      const lines = this.waiting.slice(0, WRITE_LINES);
      await inTransaction(db, async (tx) => {
        if (!(await fenceTask(tx, fence))) throw new TaskInterrupted('lost');
        await insertCheckLines(tx, fence.taskId, lines);
      });
      this.waiting = this.waiting.slice(lines.length);
      this.written += lines.length;
    }
  }
}

/** Codes and versions of stored policies. */
class PolicyNames {
  private readonly book: PolicyBook;

  constructor(policies: ConstructorParameters<typeof PolicyBook>[0]) {
    this.book = new PolicyBook(policies);
  }

  of(policyId: number): PolicyKey | null {
    const policy = this.book.byId(policyId)?.policy;
    return policy === undefined ? null : policyKey(policy);
  }
}

const decided = (figures: DecidedFigures): DecidedFigures => eachFigure(DECIDED_FIGURES, (name) => figures[name]);

/** A touched line as it is stored and shown; `after.figures` is null where the line would have been parked, `refusal` says why. */
function touchedLine(
  leg: Leg,
  { orderId, lineId, sellerId, currency, orderedOn }: SaleRow,
  refundId: string,
  before: { policy: PolicyKey | null; figures: DecidedFigures },
  { policy, figures }: TrialOutcome,
): object {
  return {
    leg: legName(leg),
    orderId,
    lineId,
    refundId: leg === REFUND ? refundId : null,
    sellerId,
    currency,
    orderedOn,
    before,
    after: {
      policy: policy === undefined ? null : policyKey(policy),
      figures: isRefusal(figures) ? null : decided(figures),
    },
    refusal: isRefusal(figures) ? figures.refused : null,
  };
}
