/** How a cached page of the catalogue is answered. */
import type { Request } from 'express';
import type { Cached } from '../../infra/cache/look-aside.js';
import { type Reply, versionTag } from '../edge/reply.js';

/** Sends what was cached, or says that it has not changed (304) to whoever has it and asks with If-None-Match. */
export function cachedReply({ octets, label, hash }: Cached, request: Pick<Request, 'get'>): Reply<undefined> {
  const tag = label === '' ? `"${hash}"` : `"${label}.${hash}"`;
  const headers = { ETag: tag, 'Cache-Control': 'no-cache' };
  // Express asks for the same, but not where the request says Cache-Control: no-cache, as fetch does on its own account.
  const known = request
    .get('if-none-match')
    ?.split(',')
    .some((one) => one.trim().replace(/^W\//, '') === tag);
  return known === true ? { status: 304, headers } : { status: 200, octets, headers };
}

/** A version as a label beside a cached text, so that the entity tag names both the version, for If-Match, and the bytes. */
export const versionLabel = (version: number): string => versionTag(version).slice(1, -1);
