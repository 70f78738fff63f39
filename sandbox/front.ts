/** The pages for people that belong to no payment: the front page, and the mails. */
import { Router } from 'express';
import type { Mail, Mailbox } from './mailbox.js';
import { escaped, page } from './page.js';

const LINKS = [
  ['/mails', 'Mails'],
  ['/sandbox/slack', 'Messages for Slack'],
  ['/sandbox/book', 'The book: charges, and money given back'],
  ['/sandbox/payouts', 'The book of payouts to sellers'],
  ['/sandbox/webhooks', 'Webhooks that were sent'],
  ['/sandbox/faults', 'Faults that are set'],
] as const;

export function frontRoutes(mailbox: Mailbox): Router {
  const routes = Router();
  const links = LINKS.map(([path, name]) => `<li><a href="${path}">${name}</a></li>`).join('');
  routes.get('/', (_req, res) => {
    const note = '<p class="note">docs/sandbox.md lists the other calls.</p>';
    res.type('html').send(page('The sandbox of Magam', `<ul>${links}</ul>${note}`));
  });
  routes.get('/mails', (_req, res) => {
    const mails = mailbox.read().toReversed();
    const list = mails.length === 0 ? '<p>No mail has come.</p>' : mails.map(mailEntry).join('');
    res.type('html').send(page('Mails', list, true));
  });
  return routes;
}

const mailEntry = ({ from, to, subject, text, at }: Mail): string =>
  `<details><summary>${escaped(subject)} <span class="note">${escaped(to.join(', '))}, ${at}</span></summary>
   <p class="note">From ${escaped(from)}</p><pre>${escaped(text)}</pre></details>`;
