/** The table of permissions against the server: every role on every route, on what is its own and on what is somebody else's. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Route } from '../../../api/edge/route.js';
import { apiRoutes } from '../../../api/routes.js';
import { insertInvoices, type TaxInvoice } from '../../../core/tax-invoices/stores/tax-invoice.js';
import { readConfig } from '../../../infra/config.js';
import { inTransaction, select } from '../../../infra/database.js';
import { openRedis } from '../../../infra/redis.js';
import { grantOf, isPublic, ROLES, type Role } from '../../../kernel/access.js';
import { PayoutScene } from '../../core/payouts/payout-scene.js';
import { makeAccount, makeSeller, type TestAccount } from '../../support/accounts.js';
import { type CallOptions, type RunningApi, startApi } from '../../support/api.js';
import { Bank } from '../../support/bank.js';
import { contextOf } from '../../support/context.js';
import type { TestDatabase } from '../../support/database.js';
import { createSmallDay, SMALL_DAY } from '../../support/small-day.js';
import { giveTerms } from '../../support/statements.js';
import { BANK_ACCOUNT, confined, type Owner, PAYING, samples, type World } from './role-samples.js';

let database: TestDatabase;
let api: RunningApi;
let bank: Bank;
let routes: Route[];
let world: World;

beforeAll(async () => {
  database = await createSmallDay();
  bank = await new Bank().start();
  api = await startApi(database.url, { MAGAM_WEBHOOK_PRIVATE_ADDRESSES: 'on' }, bank.providers());
  routes = listRoutes();
  world = await makeWorld();
});
afterAll(async () => {
  await api?.stop();
  await bank?.stop();
  await database?.drop();
});

function listRoutes(): Route[] {
  const redis = openRedis(process.env.MAGAM_REDIS_URL ?? '', 'test', () => undefined);
  redis.close();
  return apiRoutes(contextOf({ config: readConfig({ NODE_ENV: 'test' }), db: database.db, redis }));
}

async function makeWorld(): Promise<World> {
  const scene = new PayoutScene(database.db);
  await giveTerms(database.db, { cycle: { type: 'daily' } });
  const operator = await makeAccount(database.db, 'operator');
  const category = await done('POST', '/v1/categories', { token: operator.token, body: { name: 'Things' } });
  const lines = { S1: { orderId: 'B', lineId: '1' }, S2: { orderId: 'a b', lineId: '1' } };
  const order = async (buyer: TestAccount, productId: number) => {
    const sql = 'SELECT unit_id AS unitId FROM sellable_unit WHERE product_id = ?';
    const [unit] = await select<{ unitId: number }>(database.db, sql, [productId]);
    const goods = { token: operator.token, body: { quantity: 5, reason: 'first' } };
    await done('POST', `/v1/units/${unit?.unitId}/stock/receipts`, goods);
    const receiver = { name: 'A', phone: '010-1234-5678', postalCode: '04524', address: 'B' };
    const body = { items: [{ unitId: unit?.unitId, quantity: 1 }], receiver };
    return done('POST', '/v1/checkouts', { token: buyer.token, body });
  };
  const make = async (sellerId: 'S1' | 'S2'): Promise<[Owner, Owner]> => {
    await makeSeller(database.db, sellerId);
    const seller = await makeAccount(database.db, 'seller', { sellerId });
    const buyer = await makeAccount(database.db, 'buyer');
    const product = await done('POST', '/v1/products', {
      token: seller.token,
      body: {
        externalId: `P-${sellerId}`,
        categoryId: category.categoryId,
        name: `Thing of ${sellerId}`,
        currency: 'KRW',
        priceMinor: 10_000,
        status: 'ACTIVE',
        options: [{ sku: `${sellerId}-1`, name: 'one', priceDifferenceMinor: 0 }],
      },
    });
    const { productId } = product;
    const review = await done('POST', `/v1/products/${productId}/reviews`, {
      token: buyer.token,
      body: { stars: 5, text: 'Good' },
    });
    const [paid, pending] = [await order(buyer, productId), await order(buyer, productId)];
    await done('POST', `/v1/checkouts/${paid.checkoutId}/payment`, { token: operator.token });
    const payable = await order(buyer, productId);
    const opened = await done('POST', `/v1/checkouts/${payable.checkoutId}/payments`, {
      token: buyer.token,
      body: PAYING,
    });
    const approval = bank.approve(opened.reference, opened.amountMinor);
    const opensAt = '2026-01-01T00:00:00.000Z';
    const drop = await done('POST', `/v1/products/${productId}/drops`, { token: seller.token, body: { opensAt } });
    const proposal = await done('POST', `/v1/sellers/${sellerId}/bank-accounts`, {
      token: seller.token,
      body: BANK_ACCOUNT,
    });
    const url = 'http://127.0.0.1:9/never-called';
    const endpoint = await done('POST', '/v1/webhook-endpoints', { token: seller.token, body: { url } });
    const key = await done('POST', '/v1/api-keys', {
      token: seller.token,
      body: { name: 'Warehouse', permissions: ['event.read'] },
    });
    const statementId = await scene.statement({ sellerId, earned: 1_000n });
    const payoutId = (await scene.propose()).find(({ candidate }) => candidate.sellerId === sellerId)?.payoutId ?? 0;
    await scene.post('ADJUSTMENT_TO_SELLER', 100n, sellerId); // on the draft of the next period
    await inTransaction(database.db, (tx) => insertInvoices(tx, [invoiceOf(sellerId)]));
    const owns = {
      statementId,
      payoutId,
      bankAccountId: proposal.bankAccountId,
      endpointId: endpoint.endpointId,
      keyId: key.keyId,
      orderId: paid.orders[0].orderId,
      checkoutId: paid.checkoutId,
      pendingOrderId: pending.orders[0].orderId,
      payableId: payable.checkoutId,
      payment: { paymentId: opened.paymentId, key: approval },
      sellerId,
      productId,
      optionId: product.options[0].optionId,
      unitId: product.options[0].unitId,
      reviewId: review.reviewId,
      dropId: drop.dropId,
      line: lines[sellerId],
    };
    return [
      { account: buyer, ...owns },
      { account: seller, ...owns },
    ];
  };
  const [first, second] = [await make('S1'), await make('S2')];
  return { buyers: [first[0], second[0]], sellers: [first[1], second[1]] };
}

const invoiceOf = (sellerId: string): Omit<TaxInvoice, 'madeAt'> => ({
  ...{ month: '2026-04', sellerId, number: 1, issuedOn: '2026-04-30', dueOn: '2026-05-11', calendarVersion: 1 },
  ...{
    sellerName: sellerId,
    sellerBusinessNumber: '1248100998',
    platformName: 'M',
    platformBusinessNumber: '2208162517',
  },
  ...{ feeSupplyMinor: 100n, feeVatMinor: 10n, pgFeeSupplyMinor: 0n, pgFeeVatMinor: 0n, madeBy: 'test' },
});

async function done(method: string, path: string, options: CallOptions) {
  const answer = await api.call(method, path, options);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.body;
}

const nameOf = (route: Route): string => `${route.method.toUpperCase()} ${route.path}`;

/** An address of the route at which nothing is, except for a seller's own business. */
const nowhere = (route: Route): string =>
  route.path.replaceAll(/\{(\w+)\}/g, (_all, name) =>
    name === 'sellerId' ? 'S1' : name === 'date' ? '1999-01-01' : name === 'sessionId' ? NO_SESSION : '999999',
  );
const NO_SESSION = '00000000-0000-4000-8000-000000000000';

describe('a role', () => {
  it('is needed wherever the table has one', async () => {
    const wrong: string[] = [];
    for (const route of routes.filter(({ permission }) => !isPublic(permission))) {
      const { status, body } = await api.call(route.method.toUpperCase(), nowhere(route));
      if (status !== 401 || body.code !== 'SIGN_IN_REQUIRED') wrong.push(`${nameOf(route)}: ${status}`);
    }
    expect(wrong).toEqual([]);
  });

  it.each(ROLES)('%s is let in by the routes of the table, and by no other', async (role: Role) => {
    const wrong: string[] = [];
    const make = () => makeAccount(database.db, role, role === 'seller' ? { sellerId: 'S1' } : {});
    let { token } = await make();
    for (const route of routes) {
      const { status, body } = await api.call(route.method.toUpperCase(), nowhere(route), { token });
      const refused = status === 403 && body.code === 'FORBIDDEN';
      // Some calls end what they are made with. A call that only reads, or is refused, does not.
      if (!refused && route.method !== 'get') ({ token } = await make());
      const shouldBe = grantOf(route.permission, role) === undefined;
      if (refused !== shouldBe || status === 401) wrong.push(`${nameOf(route)}: ${status} ${body?.code}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('what is own', () => {
  it('is sampled for every route on which a role is confined to it', () => {
    const confiningRoutes = routes.filter(({ permission }) =>
      (['buyer', 'seller'] as const).some((role) => grantOf(permission, role) === 'own'),
    );
    const known = [...samples.map(({ route }) => route), ...Object.keys(confined)];
    expect(confiningRoutes.map(nameOf).sort()).toEqual(known.sort());
  });

  it.each(samples)('$route is refused for what belongs to another $role', async ({ route, role, request }) => {
    const [first, second] = role === 'seller' ? world.sellers : world.buyers;
    const { path, body } = request(second);
    const { status, body: problem } = await api.call(route.split(' ')[0] ?? '', path, {
      token: first.account.token,
      body,
    });
    // A session of somebody else does not exist for anybody but its owner.
    const expected = path.startsWith('/v1/me/') ? [404, 'SESSION_NOT_FOUND'] : [403, 'FORBIDDEN'];
    expect([status, problem.code]).toEqual(expected);
  });

  it.each(samples)('$route is open for what belongs to the $role', async ({ route, role, request }) => {
    const [first] = role === 'seller' ? world.sellers : world.buyers;
    const { path, body } = request(first);
    const { status } = await api.call(route.split(' ')[0] ?? '', path, { token: first.account.token, body });
    expect(status).toBeLessThan(300);
  });

  it('confines lists to it', async () => {
    const { token } = await makeAccount(database.db, 'seller', { sellerId: 'S1' });
    const sellerIds = async (path: string): Promise<string[]> => {
      const { items } = await done('GET', path, { token });
      return [...new Set<string>(items.map(({ sellerId }: { sellerId: string }) => sellerId))];
    };
    expect(await sellerIds('/v1/sellers')).toEqual(['S1']);
    expect(await sellerIds(`/v1/settlements?date=${SMALL_DAY}`)).toEqual(['S1']);
    expect(await sellerIds(`/v1/lines?date=${SMALL_DAY}`)).toEqual(['S1']);
    const { text } = await api.call('GET', `/v1/lines.csv?date=${SMALL_DAY}`, { token });
    expect(text).toContain(',S1,');
    expect(text).not.toContain(',S2,');
  });
});
