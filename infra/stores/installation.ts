/** What tells this database from others. */
import { found } from '../../kernel/outcome.js';
import { type Db, select } from '../database.js';

/** A random id that was made with the tables. Throws SCHEMA_OUTDATED where there is none. */
export async function readInstallationId(db: Db): Promise<string> {
  const [row] = await select<{ id: string }>(db, 'SELECT installation_id AS id FROM installation');
  return found(row, 'SCHEMA_OUTDATED').id;
}
