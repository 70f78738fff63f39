/** Sample accounts for a fresh machine: the sellers of the synthetic feed, and an account of each role, all with one password that everybody knows. */

import type { Config } from '../../infra/config.js';
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import type { Role } from '../../kernel/access.js';
import { checkDigit } from '../../kernel/business-number.js';
import { decided } from '../../kernel/outcome.js';
import { sealBankAccount } from '../accounts/bank-account.js';
import { openPasswords } from '../accounts/passwords.js';
import { TAX_TYPES } from '../accounts/rules/seller.js';
import { insertAccount, type NewAccount } from '../accounts/stores/account.js';
import { insertSeller, type NewSeller } from '../accounts/stores/seller.js';
import { approveBankAccount, insertBankAccount } from '../accounts/stores/seller-bank-account.js';
import { refuseInProduction } from './refuse-in-production.js';
import { syntheticSellerId } from './rules/synthetic-feed.js';

const SAMPLE_PASSWORD = 'magam sample password';

/** Sellers or accounts written in one transaction. */
const BATCH = 100;

export interface SampleSignIn {
  readonly role: Role;
  readonly email: string;
  readonly displayName: string;
  readonly sellerId: string | null;
}

export interface SampleAccounts {
  /** The password of all of them. */
  readonly password: string;
  /** An operator, two buyers, and the sellers by sales. */
  readonly signIns: readonly SampleSignIn[];
  /** Further buyers, for load scripts. */
  readonly buyers: readonly SampleSignIn[];
}

const people: readonly SampleSignIn[] = [
  { role: 'operator', email: 'operator@magam.example', displayName: '운영자', sellerId: null },
  { role: 'buyer', email: 'buyer1@magam.example', displayName: '김철수', sellerId: null },
  { role: 'buyer', email: 'buyer2@magam.example', displayName: '이영희', sellerId: null },
];

/**
 * Makes the first `sellers` sellers of the synthetic feed with a sign-in each, an operator, two buyers and `buyers` further ones. What exists
 * stays as it is. The password is hashed once for all of them, because 1,000 Argon2 hashes would take a minute.
 * Refused in production (CONFIG_INVALID).
 */
export async function makeSampleAccounts(
  db: Db,
  config: Pick<Config, 'production' | 'encryptionKey'>,
  { sellers, buyers: count = 0 }: { readonly sellers: number; readonly buyers?: number },
): Promise<SampleAccounts> {
  refuseInProduction(config);
  const passwordHash = await openPasswords().hash(SAMPLE_PASSWORD);
  const ranks = Array.from({ length: sellers }, (_, index) => index + 1);
  const signIns = [...people, ...ranks.map(sellerSignIn)];
  const buyers = Array.from({ length: count }, (_, at) => buyerSignIn(at + 1));
  const all = [...signIns, ...buyers];
  for (let at = 0; at < sellers; at += BATCH) {
    const batch = ranks.slice(at, at + BATCH);
    // A refusal says that it exists, so there is nothing to do.
    await inTransaction(db, async (tx) => {
      for (const rank of batch) {
        const seller = sampleSeller(rank, config.encryptionKey);
        if ((await insertSeller(tx, seller)) === undefined) await payAtOnce(tx, seller);
      }
    });
  }
  for (let at = 0; at < all.length; at += BATCH) {
    const batch = all.slice(at, at + BATCH);
    await inTransaction(db, async (tx) => {
      for (const signIn of batch)
        await insertAccount(tx, { ...signIn, passwordHash, emailProven: true } satisfies NewAccount);
    });
  }
  return { password: SAMPLE_PASSWORD, signIns, buyers };
}

/** The account of a sample seller needs no second person and no waiting time. */
async function payAtOnce(tx: Tx, { sellerId, bankAccount }: NewSeller): Promise<void> {
  const bankAccountId = decided(await insertBankAccount(tx, sellerId, bankAccount, null));
  await approveBankAccount(tx, { sellerId, bankAccountId }, null, 0);
}

const sellerSignIn = (rank: number): SampleSignIn => ({
  role: 'seller',
  email: `${syntheticSellerId(rank)}@magam.example`,
  displayName: shopName(rank),
  sellerId: syntheticSellerId(rank),
});

const buyerSignIn = (number: number): SampleSignIn => ({
  role: 'buyer',
  email: `buyer-${String(number).padStart(6, '0')}@magam.example`,
  displayName: `구매자 ${number}`,
  sellerId: null,
});

const PLACES = ['한빛', '가온', '누리', '도담', '미르', '보람', '새봄', '아라', '온새', '하늘'] as const;
const TRADES = ['상회', '서점', '공방', '마켓', '상점', '스토어', '가게', '몰', '하우스', '컴퍼니'] as const;

const shopName = (rank: number): string =>
  `${PLACES[rank % PLACES.length]}${TRADES[Math.floor(rank / PLACES.length) % TRADES.length]} ${rank}`;

function sampleSeller(rank: number, key: Buffer): NewSeller {
  const sellerId = syntheticSellerId(rank);
  const name = shopName(rank);
  const digits = `9${String(rank).padStart(8, '0')}`; // no tax office has a number that begins like this
  return {
    sellerId,
    name,
    businessNumber: `${digits}${checkDigit(digits)}`,
    taxType: rank % 7 === 0 ? 'EXEMPT' : (TAX_TYPES[rank % 2] ?? 'GENERAL'),
    bankAccount: sealBankAccount(key, sellerId, {
      bankCode: '088',
      accountHolder: name,
      accountNumber: `110${String(100_000_000 + rank)}`,
    }),
  };
}
