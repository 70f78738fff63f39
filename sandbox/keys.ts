/** The keys of the sandbox. Everybody knows them, and they are used for nothing else. */
export const SANDBOX_KEYS = {
  toss: { secretKey: 'test_sk_sandbox', clientKey: 'test_ck_sandbox' },
  tossPayout: { secretKey: 'test_sk_payout_sandbox', securityKey: '0123456789abcdef'.repeat(4) },
  portone: {
    apiSecret: 'sandbox-api-secret',
    storeId: 'store-sandbox',
    webhookSecret: `whsec_${Buffer.from('sandbox webhook secret').toString('base64')}`,
  },
  kakaopay: { secretKey: 'DEVSANDBOX', cid: 'TC0ONETIME' },
} as const;
