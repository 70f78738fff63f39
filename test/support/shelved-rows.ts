/** Tables whose rows are kept aside while a test changes them. */
import type { Db } from '../../infra/database.js';

const SHELVED = 'shelved_';

export class ShelvedRows {
  private constructor(
    private readonly db: Db,
    private readonly tables: readonly string[],
  ) {}

  /** Keeps the rows as they are now. */
  static async keep(db: Db, tables: readonly string[]): Promise<ShelvedRows> {
    for (const table of tables) {
      await db.raw(`DROP TABLE IF EXISTS ${SHELVED}${table}`);
      await db.raw(`CREATE TABLE ${SHELVED}${table} AS SELECT * FROM ${table}`);
    }
    return new ShelvedRows(db, tables);
  }

  /** Restores the tables. */
  async putBack(): Promise<void> {
    for (const table of this.tables) {
      await this.db.raw(`DELETE FROM ${table}`);
      await this.db.raw(`INSERT INTO ${table} SELECT * FROM ${SHELVED}${table}`);
      await this.db.raw(`DROP TABLE ${SHELVED}${table}`);
    }
  }
}
