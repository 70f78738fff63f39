/** The groups of calls in the OpenAPI document, in its order, and what each is for. */
export const tags: Readonly<Record<string, string>> = {
  'Signing in': 'Access tokens, refresh tokens, and the sessions of your own account.',
  Accounts: 'People who sign in: buyers, sellers and staff, their roles and passwords.',
  Sellers: 'Businesses that sell on the marketplace, and the accounts that act for them.',
  'Audit log': 'What staff changed, when and why.',
  Catalogue: 'Products with their options, categories and reviews.',
  Stock: 'Units in stock, what moved them, and drops: sales of few goods to many buyers at one moment.',
  Carts: 'What a buyer is about to order.',
  Orders: 'Checkouts, their orders, and the way of an order from payment to confirmation or return.',
  Payments: 'Payments of checkouts through payment providers.',
  Promotions: 'Discounts that buyers get with a code or automatically.',
  Runs: 'The settlement of dates: runs, the entries they parked, and the certificates of closed dates.',
  Alarms: 'What needs an operator, until it is resolved.',
  Verifications:
    'Verifications of a closed date, which replay every line and compare it with the stored figures, and of ledger, statements and payouts, which add them up again.',
  Policies: 'Fee policies: drafts, what a draft would have changed on past dates, and the policies that are stored.',
  Imports: 'CSV files of order lines and refunds that are brought into the settlement feed.',
  Settlements: 'What each seller is owed for each date, line by line, as pages of JSON or as CSV.',
  Ledger:
    'The double-entry ledger: accounts, balances, transactions, their corrections, and what each seller has in its wallet.',
  Statements: "Statements of a seller's periods, what they are made of, and a preview of the running period.",
  Payouts:
    'Payouts to sellers, which are proposed, approved by a second person, sent and paid, and the reasons why something is not paid.',
  Adjustments: 'Entries of the books that one person proposes and another one posts, and what sellers owe.',
  'Tax invoices': 'What sellers are invoiced for fees, month by month, for the form of the tax office.',
  Terms: 'The terms on which sellers are paid: cycles, delays, reserves, minimum payouts.',
  Outbox: 'Events that a consumer has given up, and replaying them.',
  'API keys': 'Keys with which other systems call, each for a part of what its maker may do.',
  Events: 'What happened to runs, imports and certificates, in order, for other systems to read.',
  Webhooks: 'Addresses of other systems to which events are sent, and what was sent to them.',
  Server: 'Whether the server is alive and ready, its metrics, and the meaning of error codes.',
};
