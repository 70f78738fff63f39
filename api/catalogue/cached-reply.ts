/** The answers for cached pages of the catalogue. */
import type { Request } from 'express';
import type { Cached } from '../../infra/cache/look-aside.js';
import { type Reply, versionTag } from '../edge/reply.js';

/** Sends the cached page, or 304 to a caller that has it and asks with If-None-Match. */
export function cachedReply({ octets, label, hash }: Cached, request: Pick<Request, 'get'>): Reply<undefined> {
  const tag = label === '' ? `"${hash}"` : `"${label}.${hash}"`;
  const headers = { ETag: tag, 'Cache-Control': 'no-cache' };
  // Express checks the same, but not if the request says Cache-Control: no-cache, which fetch adds by itself.
  const known = request
    .get('if-none-match')
    ?.split(',')
    .some((one) => one.trim().replace(/^W\//, '') === tag);
  return known === true ? { status: 304, headers } : { status: 200, octets, headers };
}

/** A version as a label beside a cached text, so that the entity tag names both the version, for If-Match, and the bytes. */
export const versionLabel = (version: number): string => versionTag(version).slice(1, -1);
