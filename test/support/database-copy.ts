/** A copy of a database, beside it on the same server, from which it is restored as a dump would restore it: every table is made anew. */
import { createPool } from 'mysql2/promise';

export interface DatabaseCopy {
  /** Replaces the tables of the database by those of the copy, while others work with them. */
  restore(): Promise<void>;
  drop(): Promise<void>;
}

export async function takeCopy({ url }: { readonly url: string }): Promise<DatabaseCopy> {
  const name = new URL(url).pathname.slice(1);
  const copy = `${name}_copy`;
  const pool = createPool({ uri: url, connectionLimit: 1 });
  const tablesOf = async (database: string): Promise<string[]> => {
    const sql = 'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ? ORDER BY 1';
    const [rows] = await pool.query(sql, [database]);
    return (rows as { name: string }[]).map((row) => row.name);
  };
  const copyAll = async (from: string, to: string): Promise<void> => {
    for (const table of await tablesOf(from)) {
      await pool.query('DROP TABLE IF EXISTS ??.??', [to, table]);
      await pool.query('CREATE TABLE ??.?? LIKE ??.??', [to, table, from, table]);
      await pool.query('INSERT INTO ??.?? SELECT * FROM ??.??', [to, table, from, table]);
    }
  };
  await pool.query('CREATE DATABASE ??', [copy]);
  await copyAll(name, copy);
  return {
    restore: () => copyAll(copy, name),
    drop: async () => {
      await pool.query('DROP DATABASE ??', [copy]);
      await pool.end();
    },
  };
}
