/** An answer that is the same for everybody. It is compressed once in each encoding, not for every request. */
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { RequestHandler } from 'express';
import { sha256 } from '../../infra/sha256.js';

const pack = {
  br: (bytes: Buffer): Promise<Buffer> =>
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } }),
  gzip: (bytes: Buffer): Promise<Buffer> => promisify(gzip)(bytes, { level: 9 }),
  identity: async (bytes: Buffer): Promise<Buffer> => bytes,
} as const;
type Encoding = keyof typeof pack;
const ENCODINGS = Object.keys(pack) as Encoding[];

/** Answers with the result of `read`, which is called once. */
export function fixedAnswer(type: string, read: () => Buffer | string, cacheControl = 'no-cache'): RequestHandler {
  let plain: { readonly bytes: Buffer; readonly tag: string } | undefined;
  const packs = type !== 'png'; // a picture is compressed already
  const packed = new Map<Encoding, Promise<Buffer>>();
  return async (req, res) => {
    if (plain === undefined) {
      const bytes = Buffer.from(read());
      plain = { bytes, tag: sha256(bytes).slice(0, 22) };
    }
    const accepted = packs && req.acceptsEncodings(ENCODINGS);
    const encoding = ENCODINGS.find((name) => name === accepted) ?? 'identity';
    const body = packed.get(encoding) ?? pack[encoding](plain.bytes);
    packed.set(encoding, body);
    res.set('Cache-Control', cacheControl).type(type);
    if (packs) res.vary('Accept-Encoding');
    if (encoding !== 'identity') res.set('Content-Encoding', encoding);
    res.set('ETag', `"${plain.tag}${encoding === 'identity' ? '' : `-${encoding}`}"`).send(await body);
  };
}
