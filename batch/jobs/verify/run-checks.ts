/** The run behind the certificates: its date is closed, its plan and its partitions are those that were certified. */
import { readDateStatus, readShutThrough } from '../../../core/feed/stores/calendar.js';
import { findPlan } from '../../../core/jobs/stores/plan.js';
import { isCompleted } from '../../../core/jobs/stores/run.js';
import { storedPartitions } from '../../../core/settlement/certified-partitions.js';
import { type CertificateBody, lineFormOf, rulesVersionOf } from '../../../core/settlement/rules/certificate.js';
import {
  lineFormOfPlan,
  rulesVersionOfPlan,
  type SettlePlanParameters,
} from '../../../core/settlement/rules/plan-parameters.js';
import type { StoredCertificate } from '../../../core/settlement/stores/certificate.js';
import { findSettlementRun, type SettlementRun } from '../../../core/settlement/stores/settlement-run.js';
import type { Db } from '../../../infra/database.js';
import { type Check, equal } from './check.js';

/** The checks of a date that has certificates. */
export async function runChecks(
  db: Db,
  date: string,
  certificates: readonly StoredCertificate[],
  bodies: readonly CertificateBody[],
): Promise<Check[]> {
  const run = await findSettlementRun(db, date);
  const checks = [await closedCheck(db, date), runCheck(date, run, certificates)];
  if (run === undefined) return checks;
  for (const body of bodies)
    checks.push(await planCheck(db, run.runId, body), await partitionsCheck(db, run.runId, body));
  return checks;
}

/** The date takes no more entries. */
async function closedCheck(db: Db, date: string): Promise<Check> {
  const shut = await readShutThrough(db);
  const open = shut === null || shut < date;
  const status = open ? `shut through ${shut ?? 'no date'}` : ((await readDateStatus(db, date)) ?? 'unknown');
  return equal('date-closed', 'CLOSED', status, date);
}

/** The run exists, made these certificates, and is completed in the generation of the latest or works on the next one. */
function runCheck(date: string, run: SettlementRun | undefined, certificates: readonly StoredCertificate[]): Check {
  const certified = certificates.at(-1)?.generation ?? 0;
  const other = certificates.find(({ runId }) => runId !== run?.runId);
  const expected = `run ${certificates[0]?.runId}, generation ${certified}, completed`;
  if (run === undefined) return equal('run', expected, 'no run', date);
  if (other !== undefined) {
    const actual = `run ${run.runId}; the certificate of generation ${other.generation} is of run ${other.runId}`;
    return equal('run', expected, actual, date);
  }
  const supplement = run.generation === certified + 1 && !isCompleted(run.status);
  const holds = supplement || (run.generation === certified && isCompleted(run.status));
  return equal(
    'run',
    expected,
    holds ? expected : `run ${run.runId}, generation ${run.generation}, ${run.status}`,
    date,
  );
}

async function planCheck(db: Db, runId: number, body: CertificateBody): Promise<Check> {
  const { generation, policyRevision } = body;
  const inWords = (revision: number, rules: number, grid: number | undefined): string =>
    `policy revision ${revision}, rules ${rules}${grid === undefined ? '' : `, grid size ${grid}`}`;
  const grid = 'gridSize' in body ? body.gridSize : undefined;
  const expected = inWords(policyRevision, rulesVersionOf(body), grid);
  const where = `generation ${generation}`;
  const plan = await findPlan(db, runId, generation).catch(unreadable);
  if (plan === undefined) return equal('plan', expected, 'no plan', where);
  if (plan === 'unreadable') return equal('plan', expected, 'a plan that cannot be read', where);
  const parameters = plan.parameters as SettlePlanParameters;
  const planned = inWords(parameters.policyRevision, rulesVersionOfPlan(parameters), grid && plan.gridSize);
  const actual =
    lineFormOfPlan(parameters) === lineFormOf(body) ? planned : `${planned}, another format of certificate`;
  return equal('plan', expected, actual, where);
}

/** A record that is damaged so that it is not JSON is reported like a changed one. */
function unreadable(error: unknown): 'unreadable' {
  if (error instanceof SyntaxError) return 'unreadable';
  throw error;
}

/** Ranges, counts, hashes and sums of each partition are those of the certificate. */
async function partitionsCheck(db: Db, runId: number, body: CertificateBody): Promise<Check> {
  const { generation, partitions } = body;
  const stored = await storedPartitions(db, runId, generation, lineFormOf(body));
  const where = `generation ${generation}`;
  for (const [i, certified] of partitions.entries()) {
    const found = stored[i];
    const expected = `DONE ${JSON.stringify(certified)}`;
    const actual = found === undefined ? 'none' : `${found.status} ${JSON.stringify(found.partition)}`;
    if (expected !== actual) return equal('partitions', expected, actual, `${where}, partition ${certified.number}`);
  }
  return equal('partitions', partitions.length, stored.length, where);
}
