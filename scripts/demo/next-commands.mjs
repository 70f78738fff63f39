/** Commands to try after the demo, which work when they are pasted into a shell in the checkout. */

/** @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * @param {object} demo
 * @param {string} demo.databaseUrl
 * @param {string} demo.date
 * @param {number} demo.runId
 * @param {{ orderId: string, lineId: string }} demo.line one that was settled
 * @param {string} demo.seller
 */
export function nextCommands({ databaseUrl, date, runId, line, seller }) {
  const nextDate = new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
  const shop = new URL(databaseUrl);
  shop.pathname = '/magam_shop';
  // There are no comments after the commands, because zsh takes them as arguments when they are pasted.
  return `
What to try next, in this folder:

  export MAGAM_DATABASE_URL=${quoted(databaseUrl)}

Every step of one line, and the first lines of a seller as CSV:
  npx magam explain ${line.orderId} ${line.lineId}
  npx magam lines --date ${date} --seller ${seller} | head -3
The day is closed, so the first command only reports that. The next day, computed without writing anything, and the history of the run:
  npx magam settle --date ${date}
  npx magam settle --date ${nextDate} --dry-run
  npx magam runs show ${runId}
Change one line directly in the database, see verify find it, and put it back:
  node scripts/demo/tamper.mjs ${date}
  npx magam verify --date ${date}
  node scripts/demo/tamper.mjs ${date} --undo
A day of a shop of your own, in a database of its own; these small files show the format:
  export MAGAM_DATABASE_URL=${quoted(shop.href)}
  npx magam migrate
  npx magam policies apply scripts/demo/shop/policies.json
  npx magam import lines scripts/demo/shop/lines.csv
  npx magam settle --date 2026-07-01
`;
}
