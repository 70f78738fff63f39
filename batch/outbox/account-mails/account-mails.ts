/** The mails about accounts: links that prove an address, and notices of changes. The token of a link is made here and only the mail has it. */
import { makeLink } from '../../../core/accounts/one-time-links.js';
import {
  listAdmins,
  listSellerAccounts,
  readAccount,
  readAccountByEmail,
} from '../../../core/accounts/stores/account.js';
import { readInvitation } from '../../../core/accounts/stores/invitation.js';
import { readBankAccount } from '../../../core/accounts/stores/seller-bank-account.js';
import { type Consumer, consumer } from '../../../core/outbox/consumer.js';
import type { EventOf } from '../../../core/outbox/rules/events.js';
import type { Db } from '../../../infra/database.js';
import type { MailSender } from '../../../infra/mail.js';
import {
  bankAccountMail,
  type Letter,
  linkMail,
  oneTimePasswordMail,
  securityMail,
  webhookDisabledMail,
} from './letters.js';

export interface AccountMailing {
  /** Null: no mail is sent. */
  readonly mail: MailSender | null;
  readonly installationId: string;
  /** The server's public address. */
  readonly publicUrl: string;
}

const EVENTS = [
  'account.proof-wanted',
  'account.reset-wanted',
  'account.invited',
  'account.security-changed',
  'account.one-time-password-given',
  'webhook.disabled',
  'seller.bank-account-proposed',
  'seller.bank-account-approved',
] as const;

type AccountEvent = EventOf<(typeof EVENTS)[number]>;

interface Addressed extends Letter {
  readonly to: string;
}

export const accountMails = ({ mail, installationId, publicUrl }: AccountMailing): Consumer =>
  consumer({
    name: 'account-mails',
    from: 'beginning',
    events: [...EVENTS],
    deliver: async (event, { db, eventId, log }) => {
      if (mail === null) return log('warn', {}, 'MAGAM_MAIL_URL is not set, so a mail about an account is not sent');
      const letters = await lettersOf(db, publicUrl, event);
      for (const [at, letter] of letters.entries())
        await mail.send({ ...letter, id: `event-${eventId}-${at}.${installationId}` });
    },
  });

/** The receiver and the letter. None where the request no longer applies: the address is proven, the account locked, the invitation over. */
async function lettersOf(db: Db, publicUrl: string, { type, payload }: AccountEvent): Promise<Addressed[]> {
  switch (type) {
    case 'account.proof-wanted': {
      const account = await readAccount(db, payload.accountId);
      if (account === undefined || account.emailProven || account.status === 'LOCKED') return [];
      const link = await makeLink(db, publicUrl, 'PROVE', account.accountId);
      return [{ to: account.email, ...linkMail('PROVE', link) }];
    }
    case 'account.reset-wanted': {
      const account = await readAccountByEmail(db, payload.email);
      if (account === undefined || account.status === 'LOCKED') return [];
      const link = await makeLink(db, publicUrl, 'RESET', account.accountId);
      return [{ to: account.email, ...linkMail('RESET', link) }];
    }
    case 'account.invited': {
      const invitation = await readInvitation(db, payload.invitationId);
      if (invitation === undefined || invitation.status !== 'OPEN' || invitation.expired) return [];
      const link = await makeLink(db, publicUrl, 'INVITE', invitation.invitationId);
      return [{ to: invitation.email, ...linkMail('INVITE', link, invitation.expiresAt) }];
    }
    case 'account.security-changed': {
      const account = await readAccount(db, payload.accountId);
      return account === undefined ? [] : [{ to: account.email, ...securityMail(payload.change) }];
    }
    case 'account.one-time-password-given': {
      const [account, giver] = [await readAccount(db, payload.accountId), await readAccount(db, payload.givenBy)];
      if (account === undefined) return [];
      const letter = oneTimePasswordMail(
        account.email,
        giver?.email ?? String(payload.givenBy),
        payload.apiKeysRevoked,
      );
      const readers = new Set([account.email, ...(await listAdmins(db)).map(({ email }) => email)]);
      return [...readers].map((to) => ({ to, ...letter }));
    }
    case 'webhook.disabled': {
      const { sellerId } = payload;
      if (sellerId === null) return []; // the alarm informs operators
      return (await listSellerAccounts(db, sellerId)).map(({ email }) => ({
        to: email,
        ...webhookDisabledMail(payload),
      }));
    }
    default: {
      const record = await readBankAccount(db, payload.sellerId, payload.bankAccountId);
      if (record === undefined) return [];
      const accounts = await listSellerAccounts(db, payload.sellerId);
      return accounts.map(({ email }) => ({ to: email, ...bankAccountMail(type, record) }));
    }
  }
}
