/** What a handler answers. The edge writes it; an idempotency key keeps it. */
import type { Writable } from 'node:stream';
import { sha256 } from '../../infra/sha256.js';
import type { StreamKind } from './open-streams.js';
import { bigintAsText } from './problem.js';

/** An answer with a JSON body, or none. */
export interface Reply<Body = unknown> {
  readonly status: number;
  readonly body?: Body;
  /** The body as JSON text or bytes that were made before; sent as they are. */
  readonly json?: string | Buffer;
  /** The same as a string of octets (UTF-8, one character each). It is sent without being encoded, and unlike a buffer it cannot be changed while it is shared. */
  readonly octets?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * An answer that is written bit by bit: a download, an event stream. `write` resolves when all of it is written. `signal` aborts when the client has disconnected, when the answer
 * loses its place (open-streams.ts) or, for an event stream, when the server drains.
 */
export interface StreamedReply {
  readonly status: number;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** It takes one of the places of its kind, and counts against its caller's share. */
  readonly kind?: StreamKind;
  /** An event stream does not end by itself, so a draining server ends it. */
  readonly endless?: boolean;
  readonly write: (out: Writable, signal: AbortSignal) => Promise<void>;
}

export const isStreamed = (reply: Reply | StreamedReply): reply is StreamedReply => 'write' in reply;

/** The entity tag of a row's version number. */
export const versionTag = (version: number): string => `"v${version}"`;

/** 200. With `version` the answer carries its entity tag. */
export const ok = <Body>(body: Body, version?: number): Reply<Body> => ({
  status: 200,
  body,
  ...(version === undefined ? {} : { headers: { ETag: versionTag(version) } }),
});

/**
 * An answer with parts that change without the version, such as the name of a category. Its entity tag names the version and the content, so it changes with both. If-Match
 * compares only the version.
 */
export function tagged<Body>(reply: Reply<Body>, version: number): Reply<Body> {
  const json = JSON.stringify(reply.body, bigintAsText);
  const tag = `${versionTag(version).slice(0, -1)}.${sha256(json).slice(0, 16)}"`;
  return { ...reply, json, headers: { ...reply.headers, ETag: tag } };
}

/** 201 with the address of what was made. */
export const created = <Body>(location: string, body: Body, version?: number): Reply<Body> => ({
  status: 201,
  body,
  headers: { Location: location, ...(version === undefined ? {} : { ETag: versionTag(version) }) },
});

/** 202 with the address at which the work can be followed. */
export const accepted = <Body>(location: string, body: Body): Reply<Body> => ({
  status: 202,
  body,
  headers: { Location: location },
});

/** 204 */
export const noContent = (): Reply<undefined> => ({ status: 204 });
