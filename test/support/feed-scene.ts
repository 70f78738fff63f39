/** A feed that tests import files into, and empty again after each test. Call `useFeed` at the top of a test file. */
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { type ImportRequest, importFile } from '../../core/feed/import/import-file.js';
import { change } from '../../infra/database.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { FeedFolder, importRequest } from './feed-files.js';

type Options = Partial<ImportRequest>;
interface Refused {
  readonly code: string;
  readonly details: {
    codes?: Record<string, number>;
    rejects?: { line: number; column: string; code: string; value: string }[];
  };
}

export const refusalOf = (work: Promise<unknown>): Promise<Refused> =>
  work.then(
    () => ({ code: 'none', details: {} }),
    (error: Refused) => error,
  );

/** The faults of a rejected file: `line column code value`. */
export const faultsOf = async (work: Promise<unknown>): Promise<string[]> => {
  const { code, details } = await refusalOf(work);
  expect(code).toBe('IMPORT_REJECTED');
  return (details.rejects ?? []).map((fault) => `${fault.line} ${fault.column} ${fault.code} ${fault.value}`);
};

export function useFeed() {
  let database: TestDatabase;
  const folder = new FeedFolder();
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    folder.remove();
    await database.drop();
  });
  afterEach(async () => {
    for (const table of ['refund_entry', 'sale_entry', 'feed_import_date', 'feed_import', 'business_date']) {
      await change(database.db, `DELETE FROM ${table}`);
    }
    await change(database.db, 'UPDATE settlement_calendar SET shut_through = NULL');
  });
  const imported = (kind: 'lines' | 'refunds', content: string | Uint8Array, options: Options) =>
    importFile(database.db, importRequest(kind, folder.write(content), options));
  return {
    folder,
    db: () => database.db,
    importLines: (content: string | Uint8Array, options: Options = {}) => imported('lines', content, options),
    importRefunds: (content: string, options: Options = {}) => imported('refunds', content, options),
  };
}
