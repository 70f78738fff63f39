/**
 * The invariants of a settled date, checked from the outside by code that shares nothing with the product: every entry is
 * one line or parked, the certificate is over exactly these lines, sums and settlements agree.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';

/** @typedef {import('./scratch-database.mjs').ScratchDatabase} ScratchDatabase */
/** @typedef {Record<string, string | null>} Row */

/** @param {string} text */
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

const FIGURES = {
  itemAmount: 'e.item_amount',
  sellerDiscount: 'e.seller_discount',
  platformDiscount: 'e.platform_discount',
  shippingFee: 'e.shipping_fee',
  buyerPaid: 'l.buyer_paid',
  feeBase: 'l.fee_base',
  fee: 'l.fee',
  feeVat: 'l.fee_vat',
  pgFee: 'l.pg_fee',
  pgFeeVat: 'l.pg_fee_vat',
  net: 'l.net',
};
const figureNames = Object.keys(FIGURES);
const figureColumns = Object.entries(FIGURES)
  .map(([name, column]) => `${column} AS ${name}`)
  .join(', ');

/** The fields of a canonical line, in order (docs/certificate.md). */
const CANONICAL =
  'entryId orderId lineId leg refundId sellerId currency quantity itemAmount sellerDiscount platformDiscount shippingFee buyerPaid feeBase fee feeVat vatMode pgFee pgFeeVat net policyCode policyVersion'.split(
    ' ',
  );

/** The further fields of a line of the second format: the columns of its entry that are nowhere else. */
const REST = ['rest1', 'rest2', 'rest3', 'rest4', 'rest5', 'rest6'];

/**
 * Every line of the date with its entry and its policy, by leg and id.
 * @param {ScratchDatabase} db
 * @param {string} date
 * @returns {Promise<Row[]>}
 */
export async function readLines(db, date) {
  const select = `SELECT l.entry_id AS entryId, l.generation, s.order_id AS orderId, s.line_id AS lineId, l.seller_id AS sellerId, e.currency,
    e.quantity, ${figureColumns}, p.code AS policyCode, p.version AS policyVersion, p.definition`;
  const policy = 'LEFT JOIN fee_policy p ON p.policy_id = l.policy_id';
  const sales = await db.rows(
    `${select}, 'sale' AS leg, '' AS refundId, s.product_id AS rest1, HEX(s.category) AS rest2, s.unit_price AS rest3, s.ordered_on AS rest4,
       s.occurred_on AS rest5, IFNULL(s.import_id, '') AS rest6 FROM settlement_line l
     LEFT JOIN sale_entry e ON e.settled_on = l.settled_on AND e.entry_id = l.entry_id
     LEFT JOIN sale_entry s ON s.settled_on = l.settled_on AND s.entry_id = l.entry_id ${policy}
     WHERE l.settled_on = ? AND l.leg = 0 ORDER BY l.entry_id`,
    [date],
  );
  const refunds = await db.rows(
    `${select}, 'refund' AS leg, e.refund_id AS refundId, e.original_on AS rest1, e.original_id AS rest2, e.prior_quantity AS rest3,
       e.occurred_on AS rest4, IFNULL(e.import_id, '') AS rest5, HEX(e.reason) AS rest6 FROM settlement_line l
     LEFT JOIN refund_entry e ON e.settled_on = l.settled_on AND e.entry_id = l.entry_id
     LEFT JOIN sale_entry s ON s.settled_on = e.original_on AND s.entry_id = e.original_id ${policy}
     WHERE l.settled_on = ? AND l.leg = 1 ORDER BY l.entry_id`,
    [date],
  );
  return [...sales, ...refunds].map(({ definition, ...line }) => ({
    ...line,
    vatMode: /** @type {{ vat: { mode: string } }} */ (JSON.parse(definition ?? '')).vat.mode,
  }));
}

/**
 * The content of a settled date, for comparing two runs of the same feed.
 * @param {ScratchDatabase} db
 * @param {string} date
 */
export async function outcomeOf(db, date) {
  return {
    lines: await readLines(db, date),
    exceptions: await db.rows(
      'SELECT leg, entry_id, code, details, settled_generation FROM settlement_exception WHERE settled_on = ? ORDER BY leg, entry_id',
      [date],
    ),
    settlements: await db.rows(
      'SELECT * FROM settlement WHERE settled_on = ? ORDER BY generation, seller_id, currency',
      [date],
    ),
    certificates: await db.rows(
      'SELECT generation, hash FROM settlement_certificate WHERE settled_on = ? ORDER BY generation',
      [date],
    ),
  };
}

/**
 * The faults of a date that claims to be settled; an empty list when there are none.
 * @param {ScratchDatabase} db
 * @param {string} date
 * @returns {Promise<string[]>}
 */
export async function violations(db, date) {
  /** @type {string[]} */
  const wrong = [];
  /** @type {(what: string, actual: unknown, expected: unknown) => void} */
  const equal = (what, actual, expected) => {
    const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (a !== e) wrong.push(`${what}: ${a?.slice(0, 400)} instead of ${e?.slice(0, 400)}`);
  };
  await checkEntries(db, date, equal);
  await checkRun(db, date, equal);
  const lines = await readLines(db, date);
  const names = lines.map(({ orderId, lineId, leg, refundId }) => `${orderId} ${lineId} ${leg} ${refundId}`);
  equal('lines that are settled twice', names.length - new Set(names).size, 0);
  for (const line of lines) checkIdentity(line, equal);
  await checkSettlements(db, date, lines, equal);
  await checkCertificates(db, date, lines, equal);
  return wrong;
}

/** @typedef {(what: string, actual: unknown, expected: unknown) => void} Equal */

/**
 * Entries = lines + exceptions, one for one.
 * @param {ScratchDatabase} db
 * @param {string} date
 * @param {Equal} equal
 */
async function checkEntries(db, date, equal) {
  for (const [leg, table] of [
    [0, 'sale_entry'],
    [1, 'refund_entry'],
  ]) {
    const astray = `SELECT COUNT(*) FROM ${table} e
      LEFT JOIN settlement_line l ON l.settled_on = e.settled_on AND l.leg = ? AND l.entry_id = e.entry_id
      LEFT JOIN settlement_exception x ON x.settled_on = e.settled_on AND x.leg = ? AND x.entry_id = e.entry_id AND x.settled_generation IS NULL
      WHERE e.settled_on = ? AND (l.entry_id IS NULL) = (x.entry_id IS NULL)`;
    equal(`entries of ${table} that are not one line or parked`, await db.value(astray, [leg, leg, date]), '0');
    for (const derived of ['settlement_line', 'settlement_exception']) {
      const foreign = `SELECT COUNT(*) FROM ${derived} d LEFT JOIN ${table} e ON e.settled_on = d.settled_on AND e.entry_id = d.entry_id
        WHERE d.settled_on = ? AND d.leg = ? AND e.entry_id IS NULL`;
      equal(`rows of ${derived} without an entry of ${table}`, await db.value(foreign, [date, leg]), '0');
    }
  }
}

/**
 * One run, completed, every partition done, nothing left over.
 * @param {ScratchDatabase} db
 * @param {string} date
 * @param {Equal} equal
 */
async function checkRun(db, date, equal) {
  const parked = await db.value(
    'SELECT COUNT(*) FROM settlement_exception WHERE settled_on = ? AND settled_generation IS NULL',
    [date],
  );
  const runs = await db.rows(`SELECT status, generation FROM job_instance WHERE job = 'settle' AND job_key = ?`, [
    date,
  ]);
  const certificates = await db.value('SELECT COUNT(*) FROM settlement_certificate WHERE settled_on = ?', [date]);
  equal('runs', runs, [
    { status: parked === '0' ? 'COMPLETED' : 'COMPLETED_WITH_EXCEPTIONS', generation: certificates },
  ]);
  equal('date', await db.value('SELECT status FROM business_date WHERE business_on = ?', [date]), 'CLOSED');
  const ofRun = `JOIN job_instance i ON i.run_id = p.run_id WHERE i.job = 'settle' AND i.job_key = ?`;
  equal(
    'unfinished partitions',
    await db.value(`SELECT COUNT(*) FROM run_partition p ${ofRun} AND p.status <> 'DONE'`, [date]),
    '0',
  );
  equal(
    'sums per seller left over',
    await db.value(
      `SELECT COUNT(*) FROM partition_seller_total t JOIN run_partition p ON p.partition_id = t.partition_id ${ofRun}`,
      [date],
    ),
    '0',
  );
}

/** @param {string | null | undefined} text */
const big = (text) => BigInt(text ?? '');

/**
 * P + Dp = N + F + (V if exclusive) + G + GV on the stored line.
 * @param {Row} line
 * @param {Equal} equal
 */
function checkIdentity(line, equal) {
  const sum = (/** @type {string[]} */ ...names) => names.reduce((total, name) => total + big(line[name]), 0n);
  const vat = line.vatMode === 'exclusive' ? big(line.feeVat) : 0n;
  const paid = sum('buyerPaid', 'platformDiscount');
  const shared = sum('net', 'fee', 'pgFee', 'pgFeeVat') + vat;
  if (paid !== shared) equal(`identity of entry ${line.entryId}`, String(paid), String(shared));
}

/**
 * Sums of lines by a key.
 * @param {readonly Row[]} lines
 * @param {(line: Row) => string} keyOf
 */
function sumsBy(lines, keyOf) {
  /** @type {Map<string, { sales: number, refunds: number, sums: Record<string, bigint> }>} */
  const groups = new Map();
  for (const line of lines) {
    const key = keyOf(line);
    const group = groups.get(key) ?? {
      sales: 0,
      refunds: 0,
      sums: Object.fromEntries(figureNames.map((name) => [name, 0n])),
    };
    groups.set(key, group);
    if (line.leg === 'sale') group.sales += 1;
    else group.refunds += 1;
    for (const name of figureNames) group.sums[name] = (group.sums[name] ?? 0n) + big(line[name]);
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** @param {string} name */
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * The settlements are the sums of the lines per generation, seller and currency.
 * @param {ScratchDatabase} db
 * @param {string} date
 * @param {readonly Row[]} lines
 * @param {Equal} equal
 */
async function checkSettlements(db, date, lines, equal) {
  const stored = await db.rows('SELECT * FROM settlement WHERE settled_on = ?', [date]);
  const computed = sumsBy(lines, (line) => `${line.generation} ${line.sellerId} ${line.currency}`);
  const asText = stored
    .map((row) => [
      `${row.generation} ${row.seller_id} ${row.currency}`,
      row.sales,
      row.refunds,
      ...figureNames.map((name) => row[snake(name)]),
    ])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  const expected = [...computed].map(([key, { sales, refunds, sums }]) => [
    key,
    String(sales),
    String(refunds),
    ...figureNames.map((name) => String(sums[name])),
  ]);
  equal('settlements', asText, expected);
}

/**
 * Certified totals over some lines, as the certificate writes them.
 * @param {readonly Row[]} lines
 */
const totalsOver = (lines) =>
  [...sumsBy(lines, (line) => String(line.currency))].map(([currency, { sales, refunds, sums }]) => ({
    currency,
    sales,
    refunds,
    ...Object.fromEntries(figureNames.map((name) => [name, String(sums[name])])),
  }));

/**
 * Certificates: one for each generation, each the hash of its body, over exactly the stored lines, chained to the previous one.
 * @param {ScratchDatabase} db
 * @param {string} date
 * @param {readonly Row[]} lines
 * @param {Equal} equal
 */
async function checkCertificates(db, date, lines, equal) {
  const certificates = await db.rows(
    'SELECT * FROM settlement_certificate WHERE settled_on <= ? ORDER BY settled_on, generation',
    [date],
  );
  for (const certificate of certificates) {
    if (certificate.settled_on !== date) continue;
    const body = JSON.parse(certificate.body ?? '');
    const name = `certificate ${date}/${certificate.generation}`;
    const ofGeneration = lines.filter((line) => line.generation === certificate.generation);
    equal(`${name}: hash`, certificate.hash, sha256(certificate.body ?? ''));
    equal(`${name}: previous`, body.previous, linkBefore(certificates, certificate));
    equal(`${name}: totals`, body.totals, totalsOver(ofGeneration));
    let hashes = '';
    let counted = 0;
    for (const partition of body.partitions) {
      const inPartition = [];
      for (const [leg, range] of [
        ['sale', partition.sales],
        ['refund', partition.refunds],
      ]) {
        const part = ofGeneration.filter(
          (line) => line.leg === leg && Number(line.entryId) > range.after && Number(line.entryId) <= range.through,
        );
        const fields = body.format === 'magam-certificate/1' ? CANONICAL : [...CANONICAL, ...REST];
        const text = part.map((line) => `${fields.map((field) => line[field]).join('\t')}\n`).join('');
        equal(
          `${name}: partition ${partition.number} ${leg}s`,
          [range.lines, range.sha256],
          [part.length, sha256(text)],
        );
        hashes += `${range.sha256}\n`;
        counted += part.length;
        inPartition.push(...part);
      }
      equal(`${name}: partition ${partition.number} totals`, partition.totals, totalsOver(inPartition));
    }
    equal(`${name}: lines in partitions`, counted, ofGeneration.length);
    equal(`${name}: linesHash`, body.linesHash, sha256(hashes));
    checkSignature(certificate, name, equal);
  }
  const generations = certificates.filter((row) => row.settled_on === date).map((row) => Number(row.generation));
  equal(
    'generations',
    generations,
    generations.map((_, i) => i + 1),
  );
  if (generations.length === 0) equal('certificates', 0, 'at least one');
}

/**
 * The certificate that another one follows: the latest of its own date, or else of the last date before it.
 * @param {readonly Row[]} certificates by date and generation
 * @param {Row} certificate
 */
function linkBefore(certificates, certificate) {
  const own = certificates.indexOf(certificate);
  const before = certificates
    .slice(0, own)
    .filter(
      (one) =>
        one.settled_on === certificate.settled_on || String(one.certified_at) <= String(certificate.certified_at),
    )
    .at(-1);
  return before === undefined
    ? null
    : { date: before.settled_on, generation: Number(before.generation), hash: before.hash };
}

/**
 * @param {Row} certificate
 * @param {string} name
 * @param {Equal} equal
 */
function checkSignature({ hash, signature, public_key }, name, equal) {
  if (signature === null || signature === undefined) return;
  const key = createPublicKey({ key: Buffer.from(public_key ?? '', 'base64'), format: 'der', type: 'spki' });
  const holds = verify(null, Buffer.from(hash ?? ''), key, Buffer.from(signature, 'base64'));
  equal(`${name}: signature`, holds, true);
}
