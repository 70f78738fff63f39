#!/usr/bin/env node
/**
 * Plays the insider: raises the net of one settled line by a plain UPDATE in the database, so
 * that `magam verify` has a difference to find. `--undo` puts it back.
 *
 *   MAGAM_DATABASE_URL=… node scripts/demo/tamper.mjs YYYY-MM-DD [--undo]
 */
import { run, ScriptError } from '../script.mjs';

/** A line in the middle of the day. */
const PICK = `SELECT MIN(entry_id) FROM settlement_line WHERE settled_on = ? AND leg = 0 AND entry_id >=
  (SELECT (MIN(entry_id) + MAX(entry_id)) / 2 FROM settlement_line WHERE settled_on = ? AND leg = 0)`;

await run(async () => {
  const [date, flag] = process.argv.slice(2);
  const url = process.env.MAGAM_DATABASE_URL;
  if (!url || !/^\d{4}-\d\d-\d\d$/.test(date ?? '') || (flag !== undefined && flag !== '--undo')) {
    process.stderr.write('Usage: MAGAM_DATABASE_URL=… node scripts/demo/tamper.mjs YYYY-MM-DD [--undo]\n');
    return 2;
  }
  /** @type {typeof import('../../infra/database.js')} */
  const { change, openDatabase, selectArrays } = await import(
    new URL('../../dist/infra/database.js', import.meta.url).href
  );
  const db = openDatabase(url, { poolMax: 1 });
  try {
    const [row] = await selectArrays(db, PICK, [date, date]);
    const entryId = row?.[0];
    if (entryId == null) throw new ScriptError(`No line of ${date} is settled.`);
    const update = `UPDATE settlement_line SET net = net ${flag === '--undo' ? '-' : '+'} 1000 WHERE settled_on = '${date}' AND leg = 0 AND entry_id = ${entryId}`;
    await change(db, update);
    process.stdout.write(`${update};\n`);
    return 0;
  } finally {
    await db.destroy();
  }
});
