/** Reads a PDF back with a library of others. */
import { extractText, getDocumentProxy } from 'unpdf';

/** The text of each page, with single spaces. */
export async function pdfPages(bytes: Uint8Array): Promise<string[]> {
  const { text } = await extractText(await getDocumentProxy(new Uint8Array(bytes)));
  return text.map((page) => page.replace(/\s+/g, ' '));
}
