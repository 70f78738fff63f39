/** The terms on which sellers are paid: staff apply versions and read them. */
import * as z from 'zod';
import { applyTerms } from '../../core/terms/apply-terms.js';
import type { SellerTerms } from '../../core/terms/rules/seller-terms.js';
import { readTermsPage } from '../../core/terms/stores/seller-terms.js';
import { termsOfSeller } from '../../core/terms/terms-of-seller.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { nameOf } from '../../kernel/access.js';
import { isExternalId } from '../../kernel/external-id.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { businessDate, externalId } from '../edge/fields.js';
import { withFewFaults } from '../edge/file-faults.js';
import { ok, type Reply } from '../edge/reply.js';
import { type Call, type Route, route } from '../edge/route.js';
import {
  appliedTermsBody,
  appliedTermsSchema,
  newSellerTermsSchema,
  newTermsSchema,
  periodSchema,
  readTerms,
  readTermsFor,
  sellerTermsShown,
  TERMS_EXAMPLE,
  termsBody,
  termsSchema,
  termsShown,
} from './terms-fields.js';

const tag = 'Terms';

/** For the key of a page; the empty text stands for all sellers. */
const sellerKey = z.string().refine((text) => text === '' || isExternalId(text));

const listTerms = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/terms',
    operationId: 'listTerms',
    tag,
    summary: 'List every version of the terms, those of all sellers and those of single sellers',
    description: 'Those of all sellers first, then the others by seller and version.',
    permission: 'terms.read',
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of versions.', schema: pageOf(termsSchema) },
    refusals: ['TERMS_UNREADABLE'],
    handle: ({ query }) =>
      paged(query, {
        name: 'terms',
        key: z.tuple([sellerKey, z.number().int()]),
        read: (after, rows) =>
          readTermsPage(db, after === undefined ? undefined : { seller: after[0] || null, version: after[1] }, rows),
        keyOf: ({ seller, version }) => [seller ?? '', version],
        itemOf: termsBody,
      }),
  });

const applying = {
  tag,
  permission: 'terms.edit',
  answer: { status: 200, description: 'The versions are stored.', schema: appliedTermsSchema },
  refusals: ['TERMS_FILE_INVALID', 'TERMS_IMMUTABLE', 'TERMS_OUT_OF_ORDER', 'TERMS_UNREADABLE'],
  idempotent: true,
} as const;

/** Stores the versions and records that in the audit log. */
async function apply(
  { signedIn, audit, transact }: Pick<Call<unknown, unknown, unknown>, 'signedIn' | 'audit' | 'transact'>,
  versions: readonly SellerTerms[],
): Promise<Reply<z.input<typeof appliedTermsSchema>>> {
  return transact(async (tx) => {
    const applied = await applyTerms(tx, versions, nameOf(signedIn)).catch((error: unknown) => {
      throw withFewFaults(error);
    });
    if (applied.applied.length > 0)
      await audit(tx, 'terms.apply', ['terms', applied.revision], { before: null, after: applied });
    return ok(appliedTermsBody(applied));
  });
}

const applyTermsRoute = (): Route =>
  route({
    ...applying,
    method: 'post',
    path: '/v1/terms',
    operationId: 'applyTerms',
    summary: 'Apply terms of sellers',
    description:
      'As `magam terms apply` does: all of them or none, under one new revision of the book of terms. A stored version never changes.',
    body: newTermsSchema,
    shownBody: termsShown,
    example: { terms: [{ seller: null, ...TERMS_EXAMPLE }] },
    handle: (call) => apply(call, readTerms(call.body.terms)),
  });

const applySellerTerms = (): Route =>
  route({
    ...applying,
    method: 'post',
    path: '/v1/sellers/{sellerId}/terms',
    operationId: 'applySellerTerms',
    summary: 'Apply a version of the terms of one seller',
    description: 'The seller need not be registered, because imported entries may name sellers that are not.',
    params: z.strictObject({ sellerId: externalId.meta({ description: 'The seller.' }) }),
    body: newSellerTermsSchema,
    shownBody: sellerTermsShown,
    example: TERMS_EXAMPLE,
    handle: (call) => apply(call, readTermsFor(call.params.sellerId, call.body)),
  });

const showSellerTerms = ({ db, config }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/sellers/{sellerId}/terms',
    operationId: 'readSellerTerms',
    tag,
    summary: 'Show the terms in force for a seller, and the period that a date belongs to',
    permission: 'terms.read',
    params: z.strictObject({ sellerId: externalId.meta({ description: 'The seller.' }) }),
    query: z.strictObject({ at: businessDate.optional().meta({ description: 'The date; absent: today.' }) }),
    answer: {
      status: 200,
      description: 'The terms on the date.',
      schema: z
        .object({
          sellerId: externalId,
          at: businessDate,
          inForceFrom: businessDate,
          inForceThrough: businessDate.nullable().meta({ description: 'Null: no end is known.' }),
          terms: termsSchema,
          period: periodSchema,
          versions: z.array(termsSchema).meta({ description: 'Every version of the seller itself.' }),
        })
        .meta({ id: 'TermsOfSeller' }),
    },
    refusals: ['TERMS_MISSING', 'BUSINESS_DAY_UNKNOWN', 'TERMS_UNREADABLE'],
    handle: async ({ params: { sellerId }, query }) => {
      const at = query.at ?? (await readPlatformTime(db, config.timeZone)).date;
      const { span, period, own } = await termsOfSeller(db, sellerId, at);
      return ok({
        sellerId,
        at,
        inForceFrom: span.from,
        inForceThrough: span.to,
        terms: termsBody(span.terms),
        period,
        versions: own.map(termsBody),
      });
    },
  });

export const termsRoutes = (context: ApiContext): Route[] => [
  listTerms(context),
  applyTermsRoute(),
  showSellerTerms(context),
  applySellerTerms(),
];
