/** Draws text and tables on pages of A4, with a font that has Hangul, embedded as far as it is used. Lengths are points. It knows nothing of statements. */
import { createRequire } from 'node:module';
import PDFDocument from 'pdfkit';

const require = createRequire(import.meta.url);
const FONTS = {
  regular: require.resolve('@expo-google-fonts/gothic-a1/400Regular/GothicA1_400Regular.ttf'),
  bold: require.resolve('@expo-google-fonts/gothic-a1/700Bold/GothicA1_700Bold.ttf'),
} as const;
type Weight = keyof typeof FONTS;

const [PAGE_WIDTH, PAGE_HEIGHT] = [595.28, 841.89];
const MARGIN = 40;
/** The height of the foot of a page. */
const FOOT = 34;
export const WIDTH = PAGE_WIDTH - 2 * MARGIN;
const BOTTOM = PAGE_HEIGHT - MARGIN - FOOT;
const SIZE_MIN = 4;
const [BLACK, GREY, LINE, SHADE] = ['#111111', '#666666', '#bbbbbb', '#f0f0f0'];

export interface PdfColumn {
  readonly label: string;
  readonly width: number;
  readonly align: 'left' | 'right';
}

export interface PdfRow {
  readonly cells: readonly string[];
  readonly bold?: boolean;
}

interface Style {
  readonly weight?: Weight;
  readonly size?: number;
  readonly colour?: string | undefined;
}

export interface PdfInfo {
  readonly title: string;
  readonly author: string;
  readonly language: string;
  /** A fixed time instead of the current one, so that the same content gives the same bytes. */
  readonly createdAt: Date;
}

/** The pages of one file, filled from top to bottom. */
export class PdfPages {
  private readonly doc: PDFKit.PDFDocument;
  private y = MARGIN;

  constructor({ title, author, language, createdAt }: PdfInfo) {
    this.doc = new PDFDocument({
      size: 'A4',
      margin: 0,
      bufferPages: true,
      lang: language,
      displayTitle: true,
      font: FONTS.regular,
      info: { Title: title, Author: author, CreationDate: createdAt },
    });
  }

  space(height: number): void {
    this.y += height;
  }

  title(text: string, aside: string): void {
    this.line(text, MARGIN, WIDTH, 'left', { weight: 'bold', size: 20 });
    if (aside !== '') this.line(aside, MARGIN, WIDTH, 'right', { weight: 'bold', size: 11, colour: GREY }, 8);
    this.y += 34;
  }

  heading(text: string): void {
    this.ensure(90);
    this.y += 14;
    this.line(text, MARGIN, WIDTH, 'left', { weight: 'bold', size: 11 });
    this.y += 18;
  }

  /** A sentence that may take several lines. */
  paragraph(text: string, style: Style = {}): void {
    const height = this.heightOf(text, WIDTH, style);
    this.ensure(height);
    this.block(text, MARGIN, WIDTH, style);
    this.y += height + 4;
  }

  /** Names and values in two columns, which are read row by row. A long value takes several lines. */
  facts(facts: readonly (readonly [name: string, value: string])[]): void {
    const [half, nameWidth] = [WIDTH / 2, 92];
    const valueWidth = half - nameWidth - 10;
    for (let at = 0; at < facts.length; at += 2) {
      const pair = facts.slice(at, at + 2);
      const height = Math.max(...pair.map(([, value]) => this.heightOf(value, valueWidth, {})));
      this.ensure(height);
      pair.forEach(([name, value], side) => {
        const x = MARGIN + side * half;
        this.line(name, x, nameWidth - 6, 'left', { colour: GREY });
        this.block(value, x + nameWidth, valueWidth, {});
      });
      this.y += height + 4;
    }
  }

  /** A table whose head is on every page that it goes over. */
  table(columns: readonly PdfColumn[], rows: Iterable<PdfRow>, size = 8.5): void {
    const rowHeight = size + 7;
    const head = (): void => {
      this.doc.rect(MARGIN, this.y, WIDTH, rowHeight).fill(SHADE);
      const labels = columns.map(({ label }) => label);
      this.row(columns, { cells: labels, bold: true }, size, rowHeight);
    };
    this.ensure(3 * rowHeight);
    head();
    for (const row of rows) {
      if (this.y + rowHeight > BOTTOM) {
        this.newPage();
        head();
      }
      this.row(columns, row, size, rowHeight);
    }
  }

  /** Ends the file. @param foot the text at the bottom of each page */
  async end(
    foot: (page: number, pages: number) => readonly [left: string, right: string],
    sink: (bytes: Uint8Array) => Promise<void>,
  ): Promise<void> {
    const { count } = this.doc.bufferedPageRange();
    for (let page = 0; page < count; page += 1) {
      this.doc.switchToPage(page);
      this.y = PAGE_HEIGHT - MARGIN - 14;
      this.rule(this.y - 6);
      const [left, right] = foot(page + 1, count);
      this.line(left, MARGIN, WIDTH - 90, 'left', { size: 7, colour: GREY });
      this.line(right, MARGIN, WIDTH, 'right', { size: 7, colour: GREY });
    }
    this.doc.end();
    for await (const bytes of this.doc) await sink(bytes as Uint8Array);
  }

  private ensure(height: number): void {
    if (this.y + height > BOTTOM) this.newPage();
  }

  private newPage(): void {
    this.doc.addPage();
    this.y = MARGIN;
  }

  private row(columns: readonly PdfColumn[], { cells, bold }: PdfRow, size: number, height: number): void {
    let x = MARGIN;
    columns.forEach(({ width, align }, at) => {
      const style: Style = { size, weight: bold === true ? 'bold' : 'regular' };
      this.line(cells[at] ?? '', x + 3, width - 6, align, style, 3);
      x += width;
    });
    this.y += height;
    this.rule(this.y);
  }

  private rule(y: number): void {
    this.doc
      .moveTo(MARGIN, y)
      .lineTo(PAGE_WIDTH - MARGIN, y)
      .lineWidth(0.4)
      .stroke(LINE);
  }

  /** One line, made smaller until it fits; a text that is still too long is cut. */
  private line(text: string, x: number, width: number, align: 'left' | 'right', style: Style, down = 0): void {
    const { doc } = this;
    let shown = this.styled(text, style);
    const wanted = style.size ?? 9;
    const size = Math.max(SIZE_MIN, wanted * Math.min(1, width / Math.max(1, doc.widthOfString(shown))));
    doc.fontSize(size);
    while (shown.length > 1 && doc.widthOfString(shown) > width + 0.5) shown = `${shown.slice(0, -2)}…`;
    const left = align === 'left' ? x : x + width - doc.widthOfString(shown);
    doc.text(shown, left, this.y + down + (wanted - size) / 2, { lineBreak: false });
  }

  private block(text: string, x: number, width: number, style: Style): void {
    this.doc.text(this.styled(text, style), x, this.y, { width });
  }

  private heightOf(text: string, width: number, style: Style): number {
    return this.doc.heightOfString(this.styled(text, style), { width });
  }

  /** Sets the font and returns the text in characters that it has. */
  private styled(text: string, { weight = 'regular', size = 9, colour = BLACK }: Style): string {
    // By its path: pdfkit would read the file of a registered name again each time.
    this.doc.font(FONTS[weight]).fontSize(size).fillColor(colour);
    return drawable(text, (this.doc as unknown as WithFont)._font.font);
  }
}

/** A property of pdfkit's current font, for which it declares no type. */
interface WithFont {
  readonly _font: { readonly font: Glyphs };
}

interface Glyphs {
  hasGlyphForCodePoint(code: number): boolean;
}

/** The text in characters of the font: `é` becomes `e`, and a character without such a form becomes `?`. */
function drawable(text: string, font: Glyphs): string {
  const has = (character: string): boolean => font.hasGlyphForCodePoint(character.codePointAt(0) ?? 0);
  return [...text.normalize('NFC').replace(/\s+/g, ' ')]
    .map((character) => {
      if (has(character)) return character;
      const plain = [...character.normalize('NFKD')].filter(has).join('');
      return plain === '' ? '?' : plain;
    })
    .join('');
}
