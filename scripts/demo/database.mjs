/**
 * The demo's own database. A table in it records its numbers and whether that demo has finished; it is
 * written when the schema is complete, so a database that was interrupted before that is made anew.
 */

/** @typedef {typeof import('../../infra/database.js')} Database */
/** @typedef {typeof import('../../infra/database-errors.js')} DatabaseErrors */

const MARKER = 'demo_run';

/** The compiled modules; they exist only after the set-up. */
const database = () =>
  /** @type {Promise<Database>} */ (import(new URL('../../dist/infra/database.js', import.meta.url).href));
const databaseErrors = () =>
  /** @type {Promise<DatabaseErrors>} */ (import(new URL('../../dist/infra/database-errors.js', import.meta.url).href));

/**
 * Makes the database anew, unless an unfinished demo of the same parameters is in it.
 * @param {string} url
 * @param {string} parameters
 * @param {() => Promise<unknown>} migrate makes or updates the schema
 * @returns {Promise<boolean>} whether there is an unfinished demo to continue
 */
export async function openDemoDatabase(url, parameters, migrate) {
  const { change, openDatabase } = await database();
  const server = openDatabase(url, { database: '', poolMax: 1 });
  const name = new URL(url).pathname.slice(1);
  try {
    const unfinished = await isUnfinished(server, name, parameters);
    if (!unfinished) await server.raw('DROP DATABASE IF EXISTS ??', [name]);
    await migrate();
    if (unfinished) return true;
    await server.raw('CREATE TABLE ??.?? (parameters VARCHAR(200) NOT NULL, finished BOOLEAN NOT NULL)', [
      name,
      MARKER,
    ]);
    await change(server, `INSERT INTO ??.?? VALUES (?, FALSE)`, [name, MARKER, parameters]);
    return false;
  } finally {
    await server.destroy();
  }
}

/**
 * @param {import('../../infra/database.js').Db} server
 * @param {string} name
 * @param {string} parameters
 */
async function isUnfinished(server, name, parameters) {
  const { select } = await database();
  const { isMissingTable } = await databaseErrors();
  try {
    const rows = await select(server, 'SELECT 1 FROM ??.?? WHERE parameters = ? AND NOT finished', [
      name,
      MARKER,
      parameters,
    ]);
    return rows.length > 0;
  } catch (error) {
    if (isMissingTable(error)) return false;
    throw error;
  }
}

/**
 * The next demo starts over.
 * @param {string} url
 */
export async function markFinished(url) {
  const { change, openDatabase } = await database();
  const db = openDatabase(url, { poolMax: 1 });
  try {
    await change(db, 'UPDATE ?? SET finished = TRUE', [MARKER]);
  } finally {
    await db.destroy();
  }
}
