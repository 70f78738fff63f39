/** Servers with the bank of the tests, and buyers with checkouts that are to be paid. */

import { environment, type Magam, startProcess } from '../../../scripts/chaos/magam.mjs';
import { checkOut, makeUnit } from '../../core/orders/order-scene.js';
import { PaymentScene } from '../../core/payments/payment-scene.js';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { type ApiClient, apiClient, type CallAnswer, type RunningApi, settings, startApi } from '../../support/api.js';
import { Bank } from '../../support/bank.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

export interface Approved {
  readonly checkoutId: number;
  readonly orderId: number;
  readonly paymentId: number;
  readonly reference: string;
  readonly amountMinor: number;
  readonly key: string;
  readonly token: string;
}

export class PayScene {
  private constructor(
    readonly database: TestDatabase,
    readonly bank: Bank,
    readonly api: RunningApi,
    readonly other: RunningApi,
    readonly buyer: TestAccount,
    readonly operator: TestAccount,
    readonly shop: PaymentScene,
  ) {}

  static async open(more: Readonly<Record<string, string>> = {}): Promise<PayScene> {
    const database = await createTestDatabase();
    const bank = await new Bank().start();
    const start = () => startApi(database.url, more, bank.providers());
    const [api, other] = [await start(), await start()];
    const [buyer, operator] = [await makeAccount(database.db, 'buyer'), await makeAccount(database.db, 'operator')];
    return new PayScene(database, bank, api, other, buyer, operator, new PaymentScene(database.db, bank));
  }

  async end(): Promise<void> {
    await this.api.stop();
    await this.other.stop();
    await this.bank.stop();
    await this.database.drop();
  }

  /** A checkout that waits for its payment. */
  async checkOut(account = this.buyer) {
    const unitId = await makeUnit(this.database.db, 'S1');
    const placed = await checkOut(this.database.db, [{ unitId, quantity: 2 }], { buyerId: account.accountId });
    return { checkoutId: placed.checkoutId, orderId: placed.orders[0]?.orderId ?? 0, unitId };
  }

  readonly opening = (checkoutId: number, token = this.buyer.token, more: object = {}): Promise<CallAnswer> =>
    this.api.call('POST', `/v1/checkouts/${checkoutId}/payments`, {
      token,
      body: { provider: 'TEST', successUrl: 'https://shop.example/ok', failUrl: 'https://shop.example/no', ...more },
    });

  /** A payment that the buyer has approved. */
  async approved(account = this.buyer): Promise<Approved> {
    const { checkoutId, orderId } = await this.checkOut(account);
    const { paymentId, reference, amountMinor } = (await this.opening(checkoutId, account.token)).body;
    const key = this.bank.approve(reference, amountMinor);
    return { checkoutId, orderId, paymentId, reference, amountMinor, key, token: account.token };
  }

  /** Confirms, under an Idempotency-Key if one is named. */
  readonly confirm = (one: Approved, idempotencyKey?: string, server: ApiClient = this.api): Promise<CallAnswer> =>
    server.call('POST', `/v1/payments/${one.paymentId}/confirmation`, {
      token: one.token,
      body: { approval: { key: one.key } },
      headers: idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey },
    });

  readonly show = async (one: Approved): Promise<CallAnswer['body']> =>
    (await this.api.call('GET', `/v1/payments/${one.paymentId}`, { token: one.token })).body;

  /** A server in a process of its own that is struck. */
  async victim(fault: string): Promise<ApiClient & Magam> {
    const script = new URL('../../support/pay-server.mjs', import.meta.url).pathname;
    const env = environment(this.database.url, settings(this.database.url, { MAGAM_FAULT: fault }));
    const server = startProcess(process.execPath, [script, this.bank.url], { env });
    const listening = /Listening on (\S+)/;
    await server.says(listening);
    return { ...server, ...(await apiClient(listening.exec(server.output.stdout)?.[1] ?? '')) };
  }
}
