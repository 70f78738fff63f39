/** Files that are not in UTF-8, and characters that cannot be read. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import iconv from 'iconv-lite';
import { textDecoder } from '../../../../core/feed/import/text-decoder.js';
import { select } from '../../../../infra/database.js';
import { salesCsv } from '../../../support/feed-files.js';
import { errorOf, ImportScene } from '../../../support/import-scene.js';

const CP949_NAMES = ['cp949', 'ms949', 'uhc', 'windows-949', 'CP949', 'euc-kr'];

describe('textDecoder', () => {
  const syllables = Array.from({ length: 11_172 }, (_, index) => String.fromCodePoint(0xac00 + index)).join('');

  it.each(CP949_NAMES)('reads every syllable of Korean in %s, also where chunks cut it', (name) => {
    const decoder = textDecoder(name, true);
    const bytes = iconv.encode(syllables, 'cp949');
    expect(bytes).toHaveLength(2 * 11_172);
    const cut = 9_001;
    expect(decoder.decode(bytes.subarray(0, cut)) + decoder.decode(bytes.subarray(cut)) + decoder.decode()).toBe(
      syllables,
    );
  });

  it.each([
    ['utf-8', [0xb0, 0xa1]],
    ['euc-kr', [0x80, 0xff]],
    ['cp949', [0x61, 0xff]],
    ['cp949', [0xb0]],
  ])('of %s throws at %j when it is strict, and marks it when it is not', (name, bytes) => {
    const strict = textDecoder(name, true);
    expect(() => strict.decode(Buffer.from(bytes)) + strict.decode()).toThrow();
    const lenient = textDecoder(name, false);
    expect(lenient.decode(Buffer.from(bytes)) + lenient.decode()).toContain('\uFFFD');
  });
});

describe('an import', () => {
  let scene: ImportScene;
  beforeAll(async () => {
    scene = await ImportScene.open();
  });
  afterAll(() => scene.close());

  /** A file in UTF-8, but for each ¤, which is two bytes that are no character. */
  const damaged = (text: string): Buffer =>
    Buffer.concat(
      text.split('¤').flatMap((part, at) => (at === 0 ? [] : [Buffer.from([0xb0, 0xa1])]).concat(Buffer.from(part))),
    );
  const importLines = (content: Buffer, ...options: string[]) =>
    scene.magam('import', 'lines', scene.folder.write(content), ...options);
  const withMemo = (rows: readonly Readonly<Record<string, string>>[], ...memos: string[]): string =>
    salesCsv(...rows)
      .split('\n')
      .map((line, at) => (line === '' ? line : `${line},${['memo', ...memos][at]}`))
      .join('\n');

  it.each(CP949_NAMES)('takes a file of Korean Excel as %s', async (name) => {
    const content = iconv.encode(salesCsv({ order_id: name, category: '뷁쀍똠' }), 'cp949');
    expect((await importLines(content, '--encoding', name)).json()).toMatchObject({ imported: 1, notices: [] });
    const rows = await select(scene.database.db, 'SELECT category FROM sale_entry WHERE order_id = ?', [name]);
    expect(rows).toEqual([{ category: '뷁쀍똠' }]);
  });

  it('names the line and the column of the first character that cannot be read', async () => {
    const rows = [
      { order_id: 'L1', product_id: '"a\nb"' },
      { order_id: 'L2', category: '"신\n발 ¤"' },
      { category: '¤' },
    ];
    const outcome = await importLines(damaged(salesCsv(...rows)));
    expect([outcome.code, errorOf(outcome)]).toMatchObject([
      1,
      {
        code: 'ENCODING_INVALID',
        message: 'A character on line 5, column category, cannot be read in utf-8; name the right encoding.',
        details: { line: 5, column: 'category', encoding: 'utf-8' },
      },
    ]);
  });

  it('names the line even far after the first chunk of the file', async () => {
    const many = Array.from({ length: 12_000 }, (_, index) => ({
      order_id: `M${index}`,
      category: index === 11_000 ? '¤' : '신발',
    }));
    expect(errorOf(await importLines(damaged(salesCsv(...many)))).details).toMatchObject({
      line: 11_002,
      column: 'category',
    });
  });

  it('only notices one in an ignored column, and imports the rest as it is', async () => {
    const rows = [{ order_id: 'I1' }, { order_id: 'I2' }, { order_id: 'I3' }];
    const outcome = await importLines(damaged(withMemo(rows, 'x', '¤', '"y\n¤"')));
    const notices = [
      'Ignored columns: memo.',
      'A character on line 3, column memo, which is ignored, cannot be read; 2 fields of ignored columns have one.',
    ];
    expect([outcome.code, outcome.json()]).toMatchObject([0, { imported: 3, notices }]);
    const stored = `SELECT COUNT(*) AS n, MIN(category) AS category FROM sale_entry WHERE order_id LIKE 'I%'`;
    expect(await select(scene.database.db, stored)).toMatchObject([{ n: 3, category: '신발' }]);
  });

  it('says of a header that cannot be read that it cannot be read, not that columns are missing', async () => {
    const details = { line: 1, column: 'number 3' };
    const outcome = await importLines(damaged(salesCsv({}).replace('seller_id', '¤')));
    expect(errorOf(outcome)).toMatchObject({ code: 'ENCODING_INVALID', details });
    const ignored = await importLines(damaged(withMemo([{ order_id: 'H1' }], 'x').replace('memo', '¤')));
    expect(ignored.json()).toMatchObject({ imported: 1 });
  });

  it('keeps a replacement character that the file itself has', async () => {
    const outcome = await importLines(Buffer.from(salesCsv({ order_id: 'R1', category: '\uFFFD' })));
    expect(outcome.json()).toMatchObject({ imported: 1, notices: [] });
  });
});
