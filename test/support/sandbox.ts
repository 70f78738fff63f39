/** The settings of a platform whose outside world is the sandbox. */
import { SANDBOX_KEYS } from '../../sandbox/keys.js';

const { toss, tossPayout, portone, kakaopay } = SANDBOX_KEYS;

export const sandboxEnvironment = (url: string): Record<string, string> => ({
  MAGAM_TOSS_URL: url,
  MAGAM_TOSS_SECRET_KEY: toss.secretKey,
  MAGAM_TOSS_CLIENT_KEY: toss.clientKey,
  MAGAM_PORTONE_URL: url,
  MAGAM_PORTONE_API_SECRET: portone.apiSecret,
  MAGAM_PORTONE_STORE_ID: portone.storeId,
  MAGAM_PORTONE_WEBHOOK_SECRET: portone.webhookSecret,
  MAGAM_KAKAOPAY_URL: url,
  MAGAM_KAKAOPAY_SECRET_KEY: kakaopay.secretKey,
  MAGAM_KAKAOPAY_CID: kakaopay.cid,
  MAGAM_TOSS_PAYOUT_URL: url,
  MAGAM_TOSS_PAYOUT_SECRET_KEY: tossPayout.secretKey,
  MAGAM_TOSS_PAYOUT_SECURITY_KEY: tossPayout.securityKey,
});
