/** The examples of the OpenAPI document, carried out as its page would: against the sample data of `npm run api`. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type Document, type Operation, type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { magam } from '../../support/magam.js';

/** Calls that are about something that the sample does not have, or that somebody else's step has to precede. */
const NEEDS_STATE = new Set([
  'abandonImport',
  'acceptInvitation',
  'approveBankAccount',
  'cancelOrder',
  'changeCartOption',
  'confirmMySecondFactor',
  'createPayment',
  'createWebhookEndpoint',
  'downloadImportRejects',
  'listPolicyCheckLines',
  'listLedgerTransactions',
  'listPolicyChecks',
  'proveAddress',
  'readDeadLetter',
  'readImport',
  'readLedgerBalance',
  'readLedgerTransaction',
  'readPolicyCheck',
  'readPolicyDraft',
  'readSellerTerms',
  'readVerification',
  'readWebhookEndpoint',
  'readStatement',
  'listStatementSettlements',
  'listStatementTransactions',
  'listStatementLines',
  'downloadStatement',
  'downloadStatementAsWorkbook',
  'downloadStatementAsPdf',
  'previewStatements',
  'downloadStatementDraft',
  'downloadStatementDraftAsWorkbook',
  'downloadStatementDraftAsPdf',
  'readBooksVerification',
  'closeStatements',
  'closeAllStatements',
  'readPayout',
  'explainPayout',
  'proposePayout',
  'approvePayout',
  'holdPayout',
  'releasePayout',
  'cancelPayout',
  'retryPayout',
  'sendPayout',
  'sendAllPayouts',
  'readPayoutFile',
  'listFileTransfers',
  'downloadPayoutFile',
  'markPayoutFileSent',
  'voidPayoutFile',
  'uploadPayoutResult',
  'makeTaxInvoices',
  'readTaxInvoice',
  'readTaxInvoiceMaking',
  'readPayoutResult',
  'readAdjustment',
  'approveAdjustment',
  'refuseAdjustment',
  'loseDispute',
  'receiveProviderWebhook',
  'refreshSession',
  'removeMySecondFactor',
  'replaceMyRecoveryCodes',
  'replacePolicyDraft',
  'replayDeadLetter',
  'replayWebhookEvents',
  'resetPassword',
  'resumeRun',
  'retryExceptions',
  'rotateWebhookSecret',
  'setCartQuantity',
  'stopRun',
  'testWebhookEndpoint',
  'updateProductOption',
  'updateReview',
  'updateWebhookEndpoint',
  'withdrawImport',
]);
/** They would end the session of the test, or never end; and a server of the test asks for its own token. */
const NOT_TRIED = new Set(['changeMyPassword', 'followRun', 'lockAccount', 'readMetrics', 'signOut', 'unlockAccount']);
/** The sample has no administrator. */
const OF_ADMINS = new Set([
  'assignRole',
  'closeLedgerAccount',
  'createOneTimePassword',
  'removeSecondFactor',
  'reopenLedgerAccount',
  'reverseLedgerTransaction',
]);

/** First the calls that read, then those that make objects; those that delete are not tried. */
const METHODS = ['get', 'put', 'patch', 'post'];

let database: TestDatabase;
let api: RunningApi;
let document: Document;
let tokens: Readonly<Record<string, string>>;

beforeAll(async () => {
  database = await createTestDatabase();
  await magam(database.url, ['sample', '--sellers', '20', '--products', '60']);
  await magam(database.url, ['seed', '--lines', '200', '--sellers', '20', '--date', '2026-02-16']);
  await magam(database.url, ['settle', '--from', '2026-02-16', '--to', '2026-02-23', '--allow-empty']);
  api = await startApi(database.url);
  document = (await (await fetch(`${api.url}/openapi.json`)).json()) as Document;
  const { body } = await api.call('POST', '/v1/sessions', { body: exampleOf(document.paths['/v1/sessions']?.post) });
  const signIn = async (email: string): Promise<string> => {
    const { password } = exampleOf(document.paths['/v1/sessions']?.post) as { password: string };
    return (await api.call('POST', '/v1/sessions', { body: { email, password } })).body.accessToken;
  };
  tokens = {
    operator: body.accessToken,
    buyer: await signIn('buyer1@magam.example'),
    seller: await signIn('seller-000001@magam.example'),
  };
}, 120_000);
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

const exampleOf = (operation: Operation | undefined): unknown =>
  Object.values(operation?.requestBody?.content ?? {})[0]?.example;

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

const operations = (): Asked[] =>
  METHODS.flatMap((method) =>
    Object.entries(document.paths).flatMap(([path, methods]) => {
      const operation = methods[method];
      return operation === undefined ? [] : [{ method, path, operation }];
    }),
  );

/** The address with the examples of its parameters, as the page fills them in. */
function addressOf({ path, operation: { parameters = [] } }: Asked): string {
  const query = new URLSearchParams();
  let address = path;
  for (const { name, in: place, required, example, schema } of parameters) {
    const shown = example ?? schema.example ?? schema.enum?.[0];
    if (place === 'path') address = address.replace(`{${name}}`, encodeURIComponent(String(shown)));
    if (place === 'query' && (required === true || example !== undefined)) query.set(name, String(shown));
  }
  return query.size === 0 ? address : `${address}?${query}`;
}

/** Somebody of the sample who may call it; the first one of operator, buyer and seller. */
const tokenFor = ({ operation: { description = '' } }: Asked): string | undefined => {
  const roles = /^For: (.*)\.$/m.exec(description)?.[1];
  return tokens[['operator', 'buyer', 'seller'].find((role) => roles?.includes(role)) ?? 'nobody'];
};

it('has an example for every body, which fits its schema', () => {
  // Each is used once: optimizing it would cost more than it saves.
  const ajv = new Ajv2020({ strict: false, allErrors: true, code: { optimize: false } });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'magam', components: document.components });
  const faults = operations().flatMap(({ operation }) =>
    Object.entries(operation.requestBody?.content ?? {}).flatMap(([, { schema, example }]) => {
      if (operation.operationId === 'receiveProviderWebhook' || isFile(schema)) return [];
      const absolute = JSON.stringify(schema).replaceAll('"#/components/', '"magam#/components/');
      const fits = ajv.compile(JSON.parse(absolute) as object);
      return example !== undefined && fits(example)
        ? []
        : [`${operation.operationId}: ${ajv.errorsText(fits.errors)} in ${JSON.stringify(example)}`];
    }),
  );
  expect(faults).toEqual([]);
});

const isFile = (schema: unknown): boolean => (schema as { format?: string }).format === 'binary';

it('works where a call needs nothing but the sample', async () => {
  const surprising: string[] = [];
  for (const asked of operations()) {
    const { method, operation } = asked;
    const { operationId, requestBody } = operation;
    if (NOT_TRIED.has(operationId) || OF_ADMINS.has(operationId)) continue;
    const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
    const example = content?.example;
    const body =
      type === 'text/csv'
        ? 'order_id\n1\n'
        : type === 'application/x-www-form-urlencoded'
          ? String(new URLSearchParams(example as Record<string, string>))
          : example;
    const headers: Record<string, string> = type === undefined ? {} : { 'Content-Type': type };
    const answer = await api.call(method.toUpperCase(), addressOf(asked), { token: tokenFor(asked), body, headers });
    if (answer.status >= 400 !== NEEDS_STATE.has(operationId))
      surprising.push(`${operationId} at ${addressOf(asked)}: ${answer.status} ${answer.body?.detail}`);
  }
  expect(surprising).toEqual([]);
}, 120_000);
