/** `magam policies`: loads fee policies from a file and shows what is stored. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import { type AppliedPolicies, applyPoliciesIn, findPolicyFaults } from '../core/policies/apply-policies.js';
import { type FeePolicy, type PolicyScope, policyToFile } from '../core/policies/rules/fee-policy.js';
import { parsePolicyFile } from '../core/policies/rules/policy-file.js';
import { type PolicyRecord, readPolicyRecords } from '../core/policies/stores/fee-policy.js';
import type { Config } from '../infra/config.js';
import { type Db, inTransaction, type Tx } from '../infra/database.js';
import { MagamError } from '../kernel/errors.js';
import { isPolicyCode } from '../kernel/external-id.js';
import { auditIn } from './audit.js';
import { withDatabase } from './context.js';
import { print, printJson, printTable } from './output.js';
import { readTextFile } from './text-file.js';

export function policiesCommands(policies: Command): void {
  policies
    .command('apply')
    .argument('<file>', 'policy file (JSON)')
    .description('store the policies of a file: all of them or, with every fault named, none')
    .action((file: string, _options, command: Command) => apply(file, command));
  policies
    .command('list')
    .description('list every version of every policy')
    .action((_options, command: Command) => list(command));
  policies
    .command('show')
    .argument('<code>', 'code of a policy')
    .description('show every version of a policy as it is stored')
    .action((code: string, _options, command: Command) => show(code, command));
}

async function apply(file: string, command: Command): Promise<void> {
  const parsed = await parseFile(file);
  await withDatabase(command, async ({ db, config, json }) => {
    const policies = await requireSound(db, file, parsed);
    if (policies.length === 0) throw new MagamError('POLICY_FILE_INVALID', undefined, { file, faults: [NO_POLICY] });
    const result = await inTransaction(db, async (tx) => {
      const applied = await applyPoliciesIn(tx, policies, config.userName);
      await auditApplied(tx, config, file, policies, applied);
      return applied;
    });
    if (json) return printJson(result);
    for (const { code, version } of result.applied) print(`applied    ${code} version ${version}`);
    for (const { code, version, endsOn, byVersion } of result.ended) {
      print(`ended      ${code} version ${version} on ${endsOn}, by version ${byVersion}`);
    }
    for (const { code, version } of result.unchanged) print(`unchanged  ${code} version ${version}`);
  });
}

/** The fault of a file without policies. Only a draft may be empty. */
const NO_POLICY = { path: 'policies', code: 'POLICY_INVALID', message: 'must hold a policy' } as const;

/** An entry for each version that was stored, with what it ended; none where the file changed nothing. */
async function auditApplied(
  tx: Tx,
  config: Config,
  file: string,
  policies: readonly FeePolicy[],
  { applied, ended }: AppliedPolicies,
): Promise<void> {
  for (const { code, version } of applied) {
    const former = ended.find((end) => end.code === code && end.byVersion === version);
    const policy = policies.find((one) => one.code === code && one.version === version);
    await auditIn(tx, config, {
      action: 'policy.apply',
      subject: ['policy', code],
      before: former === undefined ? null : { version: former.version, endsOn: former.endsOn },
      after: { version, file: basename(file), policy: policy && policyToFile(policy) },
    });
  }
}

/** A policy file as it was read. Throws FILE_UNREADABLE. */
export const parseFile = async (file: string): Promise<ReturnType<typeof parsePolicyFile>> =>
  parsePolicyFile(await readTextFile(file));

/** The policies of a file. Throws POLICY_FILE_INVALID with all faults, including conflicts between its valid policies and the stored ones. */
export async function requireSound(
  db: Db,
  file: string,
  parsed: ReturnType<typeof parsePolicyFile>,
): Promise<readonly FeePolicy[]> {
  if (!('faults' in parsed)) return parsed.policies;
  const faults = [...parsed.faults, ...(await findPolicyFaults(db, parsed.sound))];
  throw new MagamError('POLICY_FILE_INVALID', undefined, { file, faults });
}

async function list(command: Command): Promise<void> {
  await withDatabase(command, async ({ db, json }) => {
    const records = await readPolicyRecords(db);
    if (json) return printJson({ policies: records.map(summary) });
    printTable(
      ['code', 'version', 'currency', 'scope', 'from', 'through', 'applied'],
      records.map((record) => [
        record.policy.code,
        record.policy.version,
        record.policy.currency,
        scopeText(record.policy.scope),
        record.policy.effectiveFrom,
        throughText(record),
        `${record.appliedAt} by ${record.appliedBy}`,
      ]),
      ['version'],
    );
  });
}

async function show(code: string, command: Command): Promise<void> {
  await withDatabase(command, async ({ db, json }) => {
    const records = isPolicyCode(code) ? await readPolicyRecords(db, code) : [];
    if (records.length === 0) throw new MagamError('POLICY_NOT_FOUND', undefined, { code });
    if (json) {
      const versions = records.map((record) => ({ ...summary(record), definition: policyToFile(record.policy) }));
      return printJson({ code, versions });
    }
    for (const record of records) {
      print(`${code} version ${record.policy.version}, ${scopeText(record.policy.scope)}, ${record.policy.currency}`);
      print(`in force from ${record.policy.effectiveFrom} through ${throughText(record)}`);
      print(`applied ${record.appliedAt} by ${record.appliedBy}, revision ${record.revision}`);
      print(`${JSON.stringify(policyToFile(record.policy), null, 2)}\n`);
    }
  });
}

function summary({ policy, endsOn, end, revision, appliedBy, appliedAt }: PolicyRecord): object {
  return {
    code: policy.code,
    version: policy.version,
    currency: policy.currency,
    scope: policy.scope,
    effectiveFrom: policy.effectiveFrom,
    effectiveTo: policy.effectiveTo,
    inForceThrough: endsOn,
    endedByVersion: end?.byVersion ?? null,
    revision,
    appliedBy,
    appliedAt,
  };
}

/** The scope as people say it: `seller S7, category shoes`. */
function scopeText({ seller, category, product }: PolicyScope): string {
  const parts = [
    seller === null ? '' : `seller ${seller}`,
    category === null ? '' : `category ${category}`,
    product === null ? '' : `product ${product}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'every line' : parts.join(', ');
}

function throughText({ endsOn, end, policy }: PolicyRecord): string {
  if (endsOn === null) return 'open';
  const by = end === null ? '' : ` (ended by version ${end.byVersion})`;
  return endsOn < policy.effectiveFrom ? `never in force${by}` : `${endsOn}${by}`;
}
