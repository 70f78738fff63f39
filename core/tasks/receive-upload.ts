/** Stores an upload in the database piece by piece as it comes in: memory stays flat, and a failed upload leaves nothing behind. */
import { createHash, randomUUID } from 'node:crypto';
import type { Db } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import type { KeptFile } from './rules/background-task.js';
import { appendPart, deleteFile, insertFile, partBytes } from './stores/stored-file.js';

export interface Upload {
  readonly fileId: string;
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Stores the content of `body` as such a file. The next piece is read when the previous one is stored, so a fast sender waits. The file belongs to
 * no task until the caller attaches it to one. Throws BODY_TOO_LARGE, UPLOAD_CUT_OFF and FILE_EMPTY.
 */
export async function receiveUpload(
  db: Db,
  file: KeptFile,
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<Upload> {
  const fileId = randomUUID();
  const pieceBytes = await partBytes(db);
  const hash = createHash('sha256');
  let [bytes, partNo, waitingBytes] = [0, 0, 0];
  let waiting: Uint8Array[] = [];
  const store = async (content: Uint8Array): Promise<void> => {
    if (!(await appendPart(db, fileId, partNo, content))) throw new MagamError('UPLOAD_CUT_OFF'); // it was purged because it was silent
    partNo += 1;
  };
  await insertFile(db, fileId, file);
  try {
    for await (const chunk of chunksOf(body)) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw new MagamError('BODY_TOO_LARGE', undefined, { bytesMax });
      hash.update(chunk);
      waiting.push(chunk);
      waitingBytes += chunk.length;
      if (waitingBytes < pieceBytes) continue;
      const content = Buffer.concat(waiting);
      const whole = content.length - (content.length % pieceBytes);
      for (let at = 0; at < whole; at += pieceBytes) await store(content.subarray(at, at + pieceBytes));
      waiting = [content.subarray(whole)];
      waitingBytes = content.length - whole;
    }
    if (bytes === 0) throw new MagamError('FILE_EMPTY');
    if (waitingBytes > 0) await store(Buffer.concat(waiting));
    return { fileId, sha256: hash.digest('hex'), bytes };
  } catch (error) {
    await deleteFile(db, fileId).catch(() => undefined); // if this fails it is purged with the abandoned ones
    throw error;
  }
}

/** The chunks. A broken stream is distinguished from a failing database. */
async function* chunksOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch(() => {
        throw new MagamError('UPLOAD_CUT_OFF');
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await chunks.return?.();
  }
}
