/** The mails about accounts: what a runner would send now, and the tokens of their links. */
import { accountMails } from '../../batch/outbox/account-mails/account-mails.js';
import { consume } from '../../core/outbox/consume.js';
import { type Db, select } from '../../infra/database.js';
import type { Mail } from '../../infra/mail.js';
import { consuming } from './outbox.js';

/** Sends the mails of all events so far that were not sent before, and gives those to this address. */
export async function mailsTo(db: Db, to: string): Promise<Mail[]> {
  const sent: Mail[] = [];
  const mail = { send: async (one: Mail) => void sent.push(one), close: () => undefined };
  const consumer = accountMails({ mail, installationId: 'test', publicUrl: 'https://shop.example' });
  const events = await select<{ id: number }>(db, 'SELECT event_id AS id FROM outbox_event ORDER BY event_id');
  await consume(
    consuming(db),
    consumer,
    events.map(({ id }) => id),
  );
  return sent.filter((one) => one.to === to);
}

/** The token of the newest link that was mailed to this address just now. */
export async function mailedToken(db: Db, to: string): Promise<string> {
  const [, token] =
    /https:\/\/shop\.example\/links\/[a-z-]+#([\w-]{43})\n/.exec((await mailsTo(db, to)).at(-1)?.text ?? '') ?? [];
  if (token === undefined) throw new Error(`no link was mailed to ${to}`);
  return token;
}
