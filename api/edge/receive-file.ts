/** Takes a file that is the body of a request, and puts it into the database piece by piece for a task. */
import type { Request } from 'express';
import { receiveUpload, type Upload } from '../../core/tasks/receive-upload.js';
import type { KeptFile } from '../../core/tasks/rules/background-task.js';
import { deleteUnattachedFile } from '../../core/tasks/stores/stored-file.js';
import type { Db } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';

interface Receiving {
  readonly db: Db;
  readonly request: Request;
  /** What the file is kept as. */
  readonly file: KeptFile;
  readonly contentType: string;
  readonly bytesMax: number;
}

/**
 * Refuses what can be refused before a byte is read: another type, an encoding, a length that is said to be too large. Throws UNSUPPORTED_MEDIA_TYPE and
 * BODY_TOO_LARGE.
 */
export function requireFileType({ headers }: Request, contentType: string, bytesMax: number): void {
  const type = String(headers['content-type'] ?? '').split(';', 1)[0];
  const encoding = String(headers['content-encoding'] ?? 'identity');
  if (type?.trim().toLowerCase() !== contentType || encoding !== 'identity')
    throw new MagamError('UNSUPPORTED_MEDIA_TYPE');
  if (Number(headers['content-length'] ?? 0) > bytesMax)
    throw new MagamError('BODY_TOO_LARGE', undefined, { bytesMax });
}

/**
 * Receives the file and hands it to `work`, which attaches it to a task; a file that belongs to no task then is deleted. Throws as `requireFileType` does, and
 * UPLOAD_CUT_OFF and FILE_EMPTY.
 */
export async function withReceivedFile<T>(
  { db, request, file, contentType, bytesMax }: Receiving,
  work: (upload: Upload) => Promise<T>,
): Promise<T> {
  requireFileType(request, contentType, bytesMax);
  const upload = await receiveBody(db, file, request, bytesMax);
  try {
    return await work(upload);
  } finally {
    // What cannot be deleted now is purged with the abandoned uploads.
    await deleteUnattachedFile(db, upload.fileId).catch(() => undefined);
  }
}

/** A refused body is read to its end and dropped; otherwise the next request on the connection would wait behind it for ever. */
async function receiveBody(db: Db, file: KeptFile, request: Request, bytesMax: number): Promise<Upload> {
  try {
    return await receiveUpload(db, file, request.iterator({ destroyOnReturn: false }), bytesMax);
  } catch (error) {
    request.resume();
    throw error;
  }
}
