/** The columns of an import: where each of our columns is in a file, by its header and the user's mapping. */
import { MagamError } from '../../../kernel/errors.js';

export interface Column {
  readonly name: string;
  readonly required: boolean;
}

const required = (name: string): Column => ({ name, required: true });
const optional = (name: string): Column => ({ name, required: false });

export const SALE_COLUMNS: readonly Column[] = [
  required('order_id'),
  required('line_id'),
  required('seller_id'),
  optional('product_id'),
  optional('category'),
  required('quantity'),
  required('unit_price'),
  optional('shipping_fee'),
  optional('seller_discount'),
  optional('platform_discount'),
  required('currency'),
  required('ordered_on'),
  required('confirmed_on'),
];

export const REFUND_COLUMNS: readonly Column[] = [
  required('refund_id'),
  required('order_id'),
  required('line_id'),
  required('quantity'),
  required('refunded_on'),
  optional('reason'),
];

/** Our column → theirs, or `=` and a constant. */
export type ColumnMapping = Readonly<Record<string, string>>;

/** Reads a mapping file's text. Throws MAPPING_INVALID, which names every fault. */
export function parseMapping(text: string, columns: readonly Column[]): ColumnMapping {
  let mapping: unknown;
  try {
    mapping = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MagamError('MAPPING_INVALID', undefined, { faults: [`it is not JSON: ${reason}`] });
  }
  if (typeof mapping !== 'object' || mapping === null || Array.isArray(mapping)) {
    throw new MagamError('MAPPING_INVALID', undefined, { faults: ['it is not an object'] });
  }
  const names = columns.map((column) => column.name);
  const faults = Object.entries(mapping).flatMap(([ours, theirs]) => {
    if (!names.includes(ours)) return [`${JSON.stringify(ours)} is not one of ${names.join(', ')}`];
    return typeof theirs === 'string' && theirs !== ''
      ? []
      : [`${ours} is neither the name of a column nor "=constant"`];
  });
  if (faults.length > 0) throw new MagamError('MAPPING_INVALID', undefined, { faults });
  return mapping as ColumnMapping;
}

/** Where the values of a row come from, in the order of our columns: a position in the file's row, or a constant. */
type Source = number | string;

export interface ResolvedColumns {
  /** The values of a row in the order of our columns; absent optional ones are empty. */
  readonly pick: (fields: readonly string[]) => string[];
  /** Columns of the file that are not used and have a name. */
  readonly ignored: readonly string[];
  /** The positions of all columns that are not used. */
  readonly ignoredAt: ReadonlySet<number>;
}

/** Finds our columns in a header. Throws COLUMN_DUPLICATE or COLUMN_MISSING, each naming all of them. */
export function resolveColumns(
  header: readonly string[],
  columns: readonly Column[],
  mapping: ColumnMapping,
): ResolvedColumns {
  const names = header.map((name) => name.trim());
  const duplicates = names.filter((name, index) => name !== '' && names.indexOf(name) !== index);
  if (duplicates.length > 0) throw new MagamError('COLUMN_DUPLICATE', undefined, { columns: [...new Set(duplicates)] });
  const missing: string[] = [];
  const sources = columns.map(({ name, required }): Source => {
    const theirs = mapping[name] ?? name;
    if (name in mapping && theirs.startsWith('=')) return theirs.slice(1);
    const position = names.indexOf(theirs);
    if (position >= 0) return position;
    if (required || name in mapping) missing.push(theirs === name ? name : `${theirs} (for ${name})`);
    return '';
  });
  if (missing.length > 0) throw new MagamError('COLUMN_MISSING', undefined, { columns: missing, header: names });
  const used = new Set(sources);
  return {
    pick: (fields) => sources.map((source) => (typeof source === 'number' ? (fields[source] ?? '') : source)),
    ignored: names.filter((name, index) => name !== '' && !used.has(index)),
    ignoredAt: new Set(names.flatMap((_name, index) => (used.has(index) ? [] : [index]))),
  };
}
