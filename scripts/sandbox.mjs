/** The sandbox beside a server of development: its keys as settings, and free ports for it. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createConnection } from 'mysql2/promise';

/** Keys of the providers; their addresses are ignored, because a template names all of them. */
const KEYS = {
  MAGAM_TOSS_SECRET_KEY: 'test_sk_sandbox',
  MAGAM_TOSS_CLIENT_KEY: 'test_ck_sandbox',
  MAGAM_PORTONE_API_SECRET: 'sandbox-api-secret',
  MAGAM_PORTONE_STORE_ID: 'store-sandbox',
  MAGAM_PORTONE_WEBHOOK_SECRET: 'whsec_c2FuZGJveCB3ZWJob29rIHNlY3JldA==',
  MAGAM_KAKAOPAY_SECRET_KEY: 'DEVSANDBOX',
  MAGAM_KAKAOPAY_CID: 'TC0ONETIME',
  MAGAM_TOSS_PAYOUT_SECRET_KEY: 'test_sk_payout_sandbox',
  MAGAM_TOSS_PAYOUT_SECURITY_KEY: '0123456789abcdef'.repeat(4),
};

/**
 * Whether a payment provider is set up.
 * @param {NodeJS.ProcessEnv} env
 */
export const givesProvider = (env) => Object.keys({ ...KEYS, MAGAM_PORTONE_CHANNEL_KEY: '' }).some((name) => env[name]);

/**
 * The settings with which server and runner use a sandbox of this machine.
 * @param {{ port: number, mailPort: number }} at
 * @returns {Record<string, string>}
 */
export function sandboxSettings({ port, mailPort }) {
  const url = `http://127.0.0.1:${port}`;
  return {
    ...KEYS,
    MAGAM_TOSS_URL: url,
    MAGAM_PORTONE_URL: url,
    MAGAM_KAKAOPAY_URL: url,
    MAGAM_TOSS_PAYOUT_URL: url,
    MAGAM_MAIL_URL: `smtp://127.0.0.1:${mailPort}`,
    MAGAM_MAIL_FROM: 'Magam sample <shop@magam.example>',
    MAGAM_SLACK_WEBHOOK_URL: `${url}/slack`,
  };
}

const CHARGES_AT_ONCE = 500;

/**
 * Tells a sandbox with an empty book the earlier charges, so that they can be looked up and given back.
 * @param {string} sandboxUrl
 * @param {string} databaseUrl
 */
export async function bringBackCharges(sandboxUrl, databaseUrl) {
  const db = await createConnection(databaseUrl);
  try {
    const [rows] = await db.query(
      `SELECT provider, provider_key AS \`key\`, reference, order_name AS orderName, CONCAT('account-', buyer_id) AS buyer, charged_currency AS currency,
         charged_minor AS amount, cancelled_minor AS cancelled FROM payment
       WHERE provider <> 'NONE' AND provider_key IS NOT NULL AND charged_currency IS NOT NULL ORDER BY payment_id`,
    );
    const charges = /** @type {Charge[]} */ (rows).map(asCounted);
    for (let from = 0; from < charges.length; from += CHARGES_AT_ONCE) {
      const body = JSON.stringify(charges.slice(from, from + CHARGES_AT_ONCE));
      const headers = { 'Content-Type': 'application/json' };
      const answer = await fetch(`${sandboxUrl}/sandbox/charges`, { method: 'POST', headers, body });
      if (!answer.ok) throw new Error(`The sandbox does not take earlier charges: ${await answer.text()}`);
    }
  } finally {
    await db.end();
  }
}

/** @typedef {{ provider: string, currency: string, amount: number, cancelled: number }} Charge */

/**
 * A charge in the units that its provider counts in: all but PortOne count in units of the currency.
 * @param {Charge} charge
 */
function asCounted(charge) {
  const { maximumFractionDigits: digits = 0 } = new Intl.NumberFormat('en', {
    style: 'currency',
    currency: charge.currency,
  }).resolvedOptions();
  const unit = charge.provider === 'PORTONE' ? 1 : 10 ** digits;
  return { ...charge, amount: charge.amount / unit, cancelled: charge.cancelled / unit };
}

/**
 * The port where it is free, or else any free one.
 * @param {number} wanted
 * @returns {Promise<number>}
 */
export async function freePort(wanted) {
  const server = createServer().listen(wanted, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return freePort(0);
  }
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}
