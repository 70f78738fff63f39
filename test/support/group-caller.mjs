/** A process that makes rows `a` and `b` in one group, under keys: `node group-caller.mjs DATABASE_URL FAULT`. */
const from = (/** @type {string} */ path) => import(new URL(`../../dist/${path}`, import.meta.url).href);
/** @type {typeof import('../../infra/group-commit.js')} */
const { GroupCommit } = await from('infra/group-commit.js');
/** @type {typeof import('../../infra/database.js')} */
const { openDatabase } = await from('infra/database.js');
/** @type {typeof import('../../infra/faults.js')} */
const { armFaults } = await from('infra/faults.js');

const [url = '', fault = ''] = process.argv.slice(2);
armFaults(fault);
const db = openDatabase(url);
const groups = new GroupCommit(db, {
  work: async (tx, /** @type {readonly string[]} */ names) => {
    for (const name of names) await tx.raw('INSERT INTO made (name) VALUES (?)', [name]);
    return names.map((name) => `made ${name}`);
  },
});
await Promise.all(
  ['a', 'b'].map((name) =>
    groups.join('g', {
      input: name,
      key: { accountId: 7, key: `k${name}`, requestHash: 'a'.repeat(64) },
      answerOf: (outcome) => ({ status: 201, headers: { Location: name }, body: JSON.stringify(outcome) }),
    }),
  ),
);
await db.destroy();
