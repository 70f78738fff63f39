/**
 * How a product is found: by terms. A term stands for everything that a list can be confined to: all there is, a category with what
 * is below it, a seller, being on sale, and pieces of the name. A search is a conjunction of terms in an order.
 *
 * Text: names are cut into runs, a run of Hangul, Han or Kana where words are not parted by spaces, or a run of other letters and
 * digits. A run gives its pieces: pairs of syllables ("가죽지갑" → 가죽, 죽지, 지갑) or triples of letters ("wallet" → wal, all,
 * lle, let). A word of a search that is at least as long as a piece is found anywhere in a name; the pieces narrow it down and the stored
 * name is compared for the rest. A shorter one (one syllable, one or two letters) is found where a run begins with it.
 */
import { effectivePrice, isListed, type ProductTerms } from './product.js';

/** Every listed product. */
export const ALL_TERM = '*';
/** Products with a sale price. */
export const SALE_TERM = 'sale';
export const categoryTerm = (categoryId: number): string => `c:${categoryId}`;
export const sellerTerm = (sellerId: string): string => `s:${sellerId}`;

/** Longest text of a search, in characters. */
export const SEARCH_TEXT_MAX = 60;
const WORDS_MAX = 8;

const SYLLABIC = String.raw`\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30FC`;
const RUN = new RegExp(`[${SYLLABIC}]+|(?:(?![${SYLLABIC}])[\\p{L}\\p{M}\\p{N}])+`, 'gu');
const SYLLABIC_RUN = new RegExp(`^[${SYLLABIC}]`, 'u');

/** A text as it is compared: compatibility forms and case folded. */
export const foldText = (text: string): string => text.normalize('NFKC').toLowerCase().normalize('NFKC');

const runsOf = (folded: string): string[] => folded.match(RUN) ?? [];
const pieceLength = (run: string): number => (SYLLABIC_RUN.test(run) ? 2 : 3);

function piecesOf(run: string): string[] {
  const letters = [...run];
  const length = pieceLength(run);
  return letters.slice(length - 1).map((_, at) => `g:${letters.slice(at, at + length).join('')}`);
}

/** The beginnings of a run that are shorter than a piece. */
function beginningsOf(run: string): string[] {
  const letters = [...run];
  const lengths = Array.from({ length: Math.min(letters.length, pieceLength(run) - 1) }, (_, i) => i + 1);
  return lengths.map((length) => `b:${letters.slice(0, length).join('')}`);
}

/** What a list needs to know of a product, to find it and to put it in its place. */
export interface FindableProduct extends ProductTerms {
  readonly name: string;
  readonly sellerId: string;
  /** Its category and those above it. */
  readonly categoryPath: readonly number[];
}

/** The terms under which a product is found. A product that not everybody may see has none. */
export function termsOf(product: FindableProduct): string[] {
  if (!isListed(product.status)) return [];
  const runs = runsOf(foldText(product.name));
  const terms = [
    ALL_TERM,
    ...product.categoryPath.map(categoryTerm),
    sellerTerm(product.sellerId),
    ...(effectivePrice(product) < product.priceMinor ? [SALE_TERM] : []),
    ...runs.flatMap((run) => [...piecesOf(run), ...beginningsOf(run)]),
  ];
  return [...new Set(terms)];
}

/** What a search asks of names. */
export interface TextQuery {
  /** Each must be there. */
  readonly beginnings: readonly string[];
  /** Each is there where the words are; the rarest is enough to look under. */
  readonly pieces: readonly string[];
  /** Each must occur in the folded name. */
  readonly words: readonly string[];
}

/** First, middle and last: enough to find a rare one. */
const someOf = (pieces: readonly string[]): string[] =>
  pieces.length <= 3 ? [...pieces] : [pieces.at(0), pieces.at(pieces.length >> 1), pieces.at(-1)].map(String);

/** Reads the text of a search; at most its first eight words count. Undefined when it has no letter or digit. */
export function textQuery(text: string): TextQuery | undefined {
  const runs = [...new Set(runsOf(foldText(text)))].slice(0, WORDS_MAX);
  if (runs.length === 0) return undefined;
  const whole = runs.filter((run) => [...run].length >= pieceLength(run));
  const short = runs.filter((run) => !whole.includes(run));
  return {
    beginnings: short.map((run) => `b:${run}`),
    pieces: [...new Set(whole.flatMap((run) => someOf(piecesOf(run))))],
    words: whole,
  };
}
