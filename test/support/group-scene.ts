/** Rows that are made in groups, and what has become of them. */
import { change, type Db, select, type Tx } from '../../infra/database.js';
import { GroupCommit, type GroupOptions } from '../../infra/group-commit.js';
import type { Member, MemberOutcome } from '../../infra/group-work.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { createTestDatabase, type TestDatabase } from './database.js';

export class GroupScene {
  /** The inputs of each time that the work was done. */
  readonly worked: string[][] = [];

  private constructor(readonly database: TestDatabase) {}

  static async create(): Promise<GroupScene> {
    const database = await createTestDatabase();
    await database.db.raw('CREATE TABLE made (made_id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL)');
    return new GroupScene(database);
  }

  async reset(): Promise<void> {
    this.worked.length = 0;
    await this.database.db.raw('DELETE FROM made');
    await this.database.db.raw('DELETE FROM idempotency_key');
  }

  /** Makes a row of each input; one that begins with "no" is refused, one that begins with "bad" cannot be stored. */
  makeAll = async (tx: Tx, inputs: readonly string[]): Promise<(string | Refusal)[]> => {
    this.worked.push([...inputs]);
    const outcomes: (string | Refusal)[] = [];
    for (const name of inputs) {
      if (name.startsWith('no')) {
        outcomes.push(refuse('ACCOUNT_NOT_FOUND', { name }));
        continue;
      }
      await change(tx, 'INSERT INTO made (name) VALUES (?)', [name.startsWith('bad') ? null : name]);
      outcomes.push(`made ${name}`);
    }
    return outcomes;
  };

  groupsOn(db: Db, options: Partial<GroupOptions<string, string>> = {}): GroupCommit<string, string> {
    return new GroupCommit(db, { work: this.makeAll, ...options });
  }

  async made(): Promise<string[]> {
    const rows = await select<{ name: string }>(this.database.db, 'SELECT name FROM made ORDER BY name');
    return rows.map(({ name }) => name);
  }

  /** The keys of the account that calls, with their status. */
  async keys(): Promise<string[]> {
    const sql = `SELECT CONCAT(idempotency_key, ' ', status) AS k FROM idempotency_key WHERE account_id = 7 ORDER BY 1`;
    return (await select<{ k: string }>(this.database.db, sql)).map(({ k }) => k);
  }
}

export const member = (input: string, key?: string, requestHash = 'a'.repeat(64)): Member<string, string> => ({
  input,
  answerOf: (outcome) =>
    isRefusal(outcome)
      ? { status: 404, headers: {}, body: JSON.stringify(outcome.refused) }
      : { status: 201, headers: { Location: input }, body: JSON.stringify(outcome) },
  ...(key === undefined ? {} : { key: { accountId: 7, key, requestHash } }),
});
export const done = (value: string): MemberOutcome<string> => ({ outcome: 'done', value });
export const answered = (input: string): MemberOutcome<string> => ({
  outcome: 'answered',
  answer: { status: 201, headers: { Location: input }, body: JSON.stringify(`made ${input}`) },
});
