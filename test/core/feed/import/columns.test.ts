import { describe, expect, it } from '@jest/globals';
import { parseMapping, REFUND_COLUMNS, resolveColumns, SALE_COLUMNS } from '../../../../core/feed/import/columns.js';

const refusalOf = (work: () => unknown): { code: string; details: Record<string, unknown> } => {
  try {
    work();
  } catch (error) {
    return error as { code: string; details: Record<string, unknown> };
  }
  throw new Error('nothing was refused');
};

describe('resolveColumns', () => {
  it('finds columns in any order, trims their names and tells which it ignores', () => {
    const header = ['quantity', ' refund_id', 'memo', 'line_id', 'order_id', 'refunded_on', ''];
    const { pick, ignored } = resolveColumns(header, REFUND_COLUMNS, {});
    expect(pick(['2', 'R1', 'x', '1', 'O1', '2026-03-01', ''])).toEqual(['R1', 'O1', '1', '2', '2026-03-01', '']);
    expect(ignored).toEqual(['memo']);
  });

  it('names every missing column', () => {
    const refusal = refusalOf(() => resolveColumns(['order_id', 'reason'], REFUND_COLUMNS, {}));
    expect(refusal).toMatchObject({ code: 'COLUMN_MISSING' });
    expect(refusal.details.columns).toEqual(['refund_id', 'line_id', 'quantity', 'refunded_on']);
  });

  it('names every duplicate column', () => {
    const refusal = refusalOf(() => resolveColumns(['order_id', 'reason', 'order_id', 'reason '], REFUND_COLUMNS, {}));
    expect(refusal).toMatchObject({ code: 'COLUMN_DUPLICATE', details: { columns: ['order_id', 'reason'] } });
  });

  it('maps names and constants; a renamed column is not read under its old name', () => {
    const mapping = { line_id: 'item', quantity: '=1', reason: 'why' };
    const header = ['refund_id', 'order_id', 'line_id', 'item', 'quantity', 'refunded_on', 'why'];
    const { pick, ignored } = resolveColumns(header, REFUND_COLUMNS, mapping);
    expect(pick(['R1', 'O1', 'wrong', '7', '99', '2026-03-01', 'x'])).toEqual([
      'R1',
      'O1',
      '7',
      '1',
      '2026-03-01',
      'x',
    ]);
    expect(ignored).toEqual(['line_id', 'quantity']);
  });

  it('misses a mapped column that is not there, optional or not', () => {
    const header = ['refund_id', 'order_id', 'line_id', 'quantity', 'refunded_on'];
    const refusal = refusalOf(() => resolveColumns(header, REFUND_COLUMNS, { reason: 'why', line_id: 'item' }));
    expect(refusal.details.columns).toEqual(['item (for line_id)', 'why (for reason)']);
  });
});

describe('parseMapping', () => {
  it('reads a mapping', () => {
    expect(parseMapping('{"line_id": "order_item_id", "currency": "=BRL"}', SALE_COLUMNS)).toEqual({
      line_id: 'order_item_id',
      currency: '=BRL',
    });
  });

  it.each(['{', '[]', '"x"', 'null', '{"lines": "x"}', '{"line_id": 1}', '{"line_id": ""}', '{"line_id": null}'])(
    'refuses %s',
    (text) => {
      expect(refusalOf(() => parseMapping(text, SALE_COLUMNS))).toMatchObject({ code: 'MAPPING_INVALID' });
    },
  );

  it('names every fault', () => {
    const refusal = refusalOf(() => parseMapping('{"a": "x", "line_id": 1}', SALE_COLUMNS));
    expect(refusal.details.faults).toHaveLength(2);
  });
});
