/** Reads a certificate, and its body as the exact bytes that are hashed. */
import * as z from 'zod';
import { nothingOfDate } from '../../core/settlement/date-states.js';
import { readCertificates, type StoredCertificate } from '../../core/settlement/stores/certificate.js';
import type { Db } from '../../infra/database.js';
import { isoTime } from '../../infra/database.js';
import type { ApiContext } from '../context.js';
import { businessDate, idText } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { certificateBodySchema, certificateSchema } from './certificate-fields.js';

const certificateParams = z.strictObject({ date: businessDate.meta({ description: 'The settlement date.' }) });
const querySchema = z.strictObject({
  generation: idText.optional().meta({ description: 'Absent: the latest.', type: 'integer', minimum: 1 }),
});

export const readCertificateRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/certificates/{date}',
    operationId: 'readCertificate',
    tag: 'Runs',
    summary: 'Read the certificate of a date',
    permission: 'run.read',
    params: certificateParams,
    query: querySchema,
    answer: { status: 200, description: 'The certificate.', schema: certificateSchema },
    refusals: ['CERTIFICATE_NOT_FOUND'],
    handle: async ({ params: { date }, query: asked }) => {
      const found = await readChosen(db, date, asked.generation);
      return ok({
        ...found,
        body: JSON.parse(found.body) as z.input<typeof certificateBodySchema>,
        certifiedAt: isoTime(found.certifiedAt),
      });
    },
  });

export const readCertificateBody = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/certificates/{date}/body',
    operationId: 'readCertificateBody',
    tag: 'Runs',
    summary: "Read a certificate's body byte by byte",
    description: 'The SHA-256 of this answer is the hash of the certificate.',
    permission: 'run.read',
    params: certificateParams,
    query: querySchema,
    answer: { status: 200, description: 'The canonical JSON.', schema: certificateBodySchema },
    refusals: ['CERTIFICATE_NOT_FOUND'],
    handle: async ({ params: { date }, query: asked }) => ({
      status: 200,
      json: (await readChosen(db, date, asked.generation)).body,
    }),
  });

/** The certificate of this generation, or the latest. Throws CERTIFICATE_NOT_FOUND with the state of the date. */
async function readChosen(db: Db, date: string, wanted: number | undefined): Promise<StoredCertificate> {
  const certificates = await readCertificates(db, date);
  const found =
    wanted === undefined ? certificates.at(-1) : certificates.find(({ generation: number }) => number === wanted);
  if (found === undefined) throw await nothingOfDate(db, 'CERTIFICATE_NOT_FOUND', date, wanted);
  return found;
}
