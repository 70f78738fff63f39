/** The certificate of a generation: it is assembled, linked to the previous ones, signed and stored. */
import { recordFeedEvents } from '../../../core/event-feed/stores/feed-event.js';
import type { Plan } from '../../../core/jobs/stores/plan.js';
import { hashPolicies, readKnownRevision } from '../../../core/policies/stores/policy-hash.js';
import { requireSigner } from '../../../core/settlement/certificate-signer.js';
import { type CertificateBody, certificateText, type SecondBody } from '../../../core/settlement/rules/certificate.js';
import { rulesVersionOfPlan, type SettlePlanParameters } from '../../../core/settlement/rules/plan-parameters.js';
import { insertCertificate } from '../../../core/settlement/stores/certificate.js';
import {
  hashLinks,
  insertSigningKey,
  latestLinking,
  lengthenChain,
  lockChain,
} from '../../../core/settlement/stores/certificate-chain.js';
import { hashParked } from '../../../core/settlement/stores/parked-entry.js';
import type { Config } from '../../../infra/config.js';
import type { Db, Tx } from '../../../infra/database.js';
import { sha256 } from '../../../infra/sha256.js';
import { signHash } from '../../../infra/signing.js';
import { PROGRAM } from '../../../infra/version.js';

/** The further content that a certificate vouches for beside the lines. */
export type Vouched = Pick<SecondBody, 'policies' | 'parked'>;

/** Reads it. The generation's partitions are done, so it no longer changes. */
export async function readVouched(db: Db, date: string, generation: number): Promise<Vouched> {
  const revision = await readKnownRevision(db);
  const [policies, parked] = await Promise.all([hashPolicies(db, revision), hashParked(db, date, generation)]);
  return { policies: { revision, ...policies }, parked };
}

/** The parts that every format has. */
type Settled = Omit<CertificateBody, 'format'>;

/**
 * Writes the certificate. The chain is locked from here to the commit, so that certificates of other dates follow one after the other. Throws
 * SIGNING_KEY_MISSING.
 * @param vouched undefined for a plan of a version that wrote the first format, which its certificate keeps
 */
export async function certify(
  tx: Tx,
  config: Config,
  runId: number,
  plan: Plan,
  vouched: Vouched | undefined,
  settled: Settled,
): Promise<void> {
  const sequence = (await lockChain(tx)) + 1;
  const signer = await requireSigner(tx, config);
  const body: CertificateBody =
    vouched === undefined
      ? firstBody(settled)
      : await secondBody(tx, config, plan, sequence, signer.publicKey, vouched, settled);
  const text = certificateText(body);
  const hash = sha256(text);
  const { signingKeyPem } = config;
  const signed = signingKeyPem === null ? { publicKey: null, signature: null } : signHash(hash, signingKeyPem);
  const { date, generation } = settled;
  if (signer.isNew && signer.publicKey !== null)
    await insertSigningKey(tx, { publicKey: signer.publicKey, since: sequence });
  await insertCertificate(tx, { date, generation, runId, sequence, body: text, hash, ...signed });
  await lengthenChain(tx, sequence);
  await recordFeedEvents(tx, [
    { type: 'certificate.written', data: { date, generation, sequence, hash, signed: signed.signature !== null } },
    { type: 'settlement.closed', data: { date, generation } },
  ]);
}

const firstBody = (settled: Settled): CertificateBody => ({ format: 'magam-certificate/1', ...settled });

async function secondBody(
  tx: Tx,
  config: Config,
  plan: Plan,
  sequence: number,
  signer: string | null,
  { policies, parked }: Vouched,
  { job, date, generation, policyRevision, partitions, totals, control, exceptions, linesHash, previous }: Settled,
): Promise<SecondBody> {
  const from = Math.max(1, await latestLinking(tx, sequence - 1));
  return {
    ...{ format: 'magam-certificate/2', job, date, generation, sequence, timeZone: config.timeZone },
    ...{ rules: rulesVersionOfPlan(plan.parameters as SettlePlanParameters), program: PROGRAM },
    ...{
      gridSize: plan.gridSize,
      policyRevision,
      policies,
      partitions,
      totals,
      control,
      exceptions,
      parked,
      linesHash,
      previous,
    },
    after: sequence === 1 ? null : await hashLinks(tx, from, sequence - 1),
    signer,
  };
}
