/** Certificates as JSON; docs/certificate.md explains each part. */
import * as z from 'zod';
import { ENTRY_FIGURES, FIGURE_NAMES } from '../../core/settlement/rules/figures.js';
import { businessDate, id, moment } from '../edge/fields.js';
import { generation } from './run-fields.js';

const count = z.number().int().min(0);
const hash = z.string().meta({ description: 'SHA-256, in hexadecimal digits.' });
const sum = z.string().meta({ description: 'Minor units; it may be too large for an exact JSON number.' });
const sums = <Name extends string>(names: readonly Name[]) =>
  z.object({
    currency: z.string().meta({ example: 'KRW' }),
    sales: count,
    refunds: count,
    ...(Object.fromEntries(names.map((name) => [name, sum])) as Record<Name, typeof sum>),
  });

const rangeSchema = z
  .object({
    after: z.number().int().meta({ description: 'Ids of the feed in (after, through].' }),
    through: z.number().int(),
    entries: count.optional().meta({ description: 'Entries that the plan counted; not in format 1.' }),
    lines: count,
    sha256: hash,
  })
  .meta({ id: 'CertifiedRange' });

const totalsSchema = sums(FIGURE_NAMES).meta({ id: 'CertifiedTotals' });
const hashedRows = { rows: count, sha256: hash };

export const certificateBodySchema = z
  .object({
    format: z.enum(['magam-certificate/1', 'magam-certificate/2']),
    job: z.literal('settle'),
    date: businessDate,
    generation,
    policyRevision: z
      .number()
      .int()
      .meta({ description: 'The revision of the policy book with which the plan was made.' }),
    partitions: z.array(
      z.object({ number: z.number().int(), sales: rangeSchema, refunds: rangeSchema, totals: z.array(totalsSchema) }),
    ),
    totals: z.array(totalsSchema).meta({ description: 'Over the lines of this generation, one for each currency.' }),
    control: z
      .array(sums(ENTRY_FIGURES).meta({ id: 'CertifiedControl' }))
      .meta({ description: 'The same, computed from the feed alone.' }),
    exceptions: count.meta({ description: 'Entries of the date that remain parked.' }),
    linesHash: hash,
    previous: z
      .object({ date: businessDate, generation, hash })
      .nullable()
      .meta({ description: 'The certificate before it in the order of dates; null: the first.' }),
    sequence: z.number().int().optional().meta({ description: 'This field and those after it are not in format 1.' }),
    timeZone: z.string().optional().meta({ example: 'Asia/Seoul' }),
    rules: z.number().int().optional().meta({ description: 'The version of the rules that decided the lines.' }),
    program: z.string().optional().meta({ example: 'magam 0.1.0' }),
    gridSize: z.number().int().optional(),
    policies: z.object({ revision: z.number().int(), ...hashedRows }).optional(),
    parked: z.object(hashedRows).optional(),
    after: z
      .object({ from: z.number().int(), through: z.number().int(), sha256: hash })
      .nullable()
      .optional()
      .meta({ description: 'The certificates that were written before it; null: none.' }),
    signer: z
      .string()
      .nullable()
      .optional()
      .meta({ description: 'The public key that signs it (SPKI, base64); null: it is not signed.' }),
  })
  .meta({ id: 'CertificateBody' });

export const certificateSchema = z
  .object({
    date: businessDate,
    generation,
    runId: id,
    body: certificateBodySchema,
    hash: z.string().meta({ description: 'SHA-256 of the body as it is stored, in hex.' }),
    publicKey: z.string().nullable(),
    signature: z.string().nullable().meta({ description: 'Ed25519 over the hash; null without a signing key.' }),
    certifiedAt: moment,
  })
  .meta({ id: 'Certificate' });
