/** From the bytes of a file to text. */
import { TextDecoder } from 'node:util';
import iconv from 'iconv-lite';
import { MagamError } from '../../../kernel/errors.js';

/** Replaces bytes that are no character. */
export const UNREADABLE = '\uFFFD';

/** Code page 949, as Korean Excel writes "CSV (comma delimited)": EUC-KR and the 8,822 rarer syllables. */
const CP949 = new Set(['cp949', 'ms949', 'uhc', 'windows-949']);

/** Decodes chunk by chunk; a call without a chunk ends the text. */
export interface Decoder {
  readonly encoding: string;
  decode(chunk?: Uint8Array): string;
}

/**
 * A decoder of an encoding by its name. A strict one throws an Error at bytes that are no character in the encoding, others put `UNREADABLE` in their place.
 * @param begins whether a byte-order mark at the beginning is left out of the text
 * Throws ENCODING_UNKNOWN.
 */
export function textDecoder(encoding: string, strict: boolean, begins = true): Decoder {
  if (CP949.has(encoding.trim().toLowerCase())) return cp949Decoder('cp949', strict);
  try {
    const decoder = new TextDecoder(encoding, { fatal: strict, ignoreBOM: !begins });
    // By the encoding standard euc-kr is code page 949. Node's decoder lacks the rarer syllables and silently reads some of them as others.
    if (decoder.encoding === 'euc-kr') return cp949Decoder('euc-kr', strict);
    return {
      encoding: decoder.encoding,
      decode: (chunk) => (chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })),
    };
  } catch {
    throw new MagamError('ENCODING_UNKNOWN', undefined, { encoding });
  }
}

function cp949Decoder(encoding: string, strict: boolean): Decoder {
  const decoder = iconv.getDecoder('cp949');
  return {
    encoding,
    decode(chunk) {
      const text =
        chunk === undefined
          ? (decoder.end() ?? '')
          : decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      if (strict && text.includes(UNREADABLE)) throw new Error('no character of code page 949');
      return text;
    },
  };
}
