/** What tells this database from others. */
import { MagamError } from '../../kernel/errors.js';
import { type Db, select } from '../database.js';

/** A random id that was made with the tables. */
export async function readInstallationId(db: Db): Promise<string> {
  const [row] = await select<{ id: string }>(db, 'SELECT installation_id AS id FROM installation');
  if (row === undefined) throw new MagamError('SCHEMA_OUTDATED');
  return row.id;
}
