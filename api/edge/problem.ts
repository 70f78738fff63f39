/** Problem documents (RFC 9457) of the codes of the error registry. */
import type { ErrorRequestHandler, Request, Response } from 'express';
import * as z from 'zod';
import { asMagamError, errorText } from '../../infra/database-errors.js';
import { type ErrorCode, errors, MagamError } from '../../kernel/errors.js';
import { inKorean } from './korean-words.js';
import { requestState } from './request-state.js';

/** One place of a request that breaks its schema. */
export interface RequestFault {
  readonly in: 'body' | 'query' | 'path' | 'header';
  /** JSON pointer into that part, as a URI fragment: #/items/0/price. */
  readonly pointer: string;
  readonly message: string;
}

export const problemSchema = z
  .object({
    type: z.string().meta({ description: 'Address of a description of the code.', example: '/problems/RUN_NOT_FOUND' }),
    title: z.string().meta({ description: 'What the code means, the same for every occurrence.' }),
    status: z.number().int(),
    detail: z.string().meta({ description: 'What happened here.' }),
    code: z.string().meta({ description: 'A code of the error registry; programs branch on it.' }),
    requestId: z
      .string()
      .meta({ description: 'Also in the X-Request-Id header and in every log line of the request.' }),
    whatToDo: z.string().optional().meta({
      description:
        'What to do about the code, in English. Absent from an answer in Korean, whose sentences include it.',
    }),
    details: z.record(z.string(), z.unknown()).optional(),
    errors: z
      .array(z.object({ in: z.string(), pointer: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'With REQUEST_INVALID: every place that breaks the schema.' }),
  })
  .meta({ id: 'Problem' });

export type Problem = z.output<typeof problemSchema>;

/** REQUEST_INVALID with its places. */
export const invalidRequest = (faults: readonly RequestFault[]): MagamError =>
  new MagamError('REQUEST_INVALID', `The request is invalid: ${faults.map(inWords).join('; ')}.`, { errors: faults });

const inWords = ({ in: part, pointer, message }: RequestFault): string =>
  pointer === '#' ? `${part} ${message}` : `${part} ${pointer.slice(2)} ${message}`;

/** The languages of problem documents; a code without a Korean sentence is described in English. */
export type Language = 'en' | 'ko';

/** The language that the request wants. */
export const languageOf = (req: Request): Language => (req.acceptsLanguages('en', 'ko') === 'ko' ? 'ko' : 'en');

const koreanOf = (code: ErrorCode, language: Language): string | undefined =>
  language === 'ko' ? errors[code].ko : undefined;

const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** Headers with the content type and the language of a problem. */
export const problemHeaders = ({ code }: MagamError, language: Language): Readonly<Record<string, string>> => ({
  'Content-Type': PROBLEM_TYPE,
  'Content-Language': koreanOf(code, language) === undefined ? 'en' : 'ko',
  Vary: 'Accept-Language',
});

/** The document of a failure. An error that is not a refusal is described in general words, and its message is only in the log. */
export function problemOf(error: MagamError, requestId: string, language: Language): Problem {
  const { http, meaning, whatToDo } = errors[error.code];
  const { errors: faults, ...details } = error.details;
  const korean = koreanOf(error.code, language);
  return {
    type: `/problems/${error.code}`,
    title: korean ?? meaning,
    status: http,
    detail: korean ?? (http >= 500 ? meaning : error.message),
    code: error.code,
    requestId,
    ...(korean === undefined ? { whatToDo } : {}),
    ...(http >= 500 || Object.keys(details).length === 0 ? {} : { details }),
    ...(Array.isArray(faults) ? { errors: inLanguage(faults as RequestFault[], korean !== undefined) } : {}),
  };
}

const inLanguage = (faults: readonly RequestFault[], korean: boolean): RequestFault[] =>
  faults.map(({ message, ...place }) => ({ ...place, message: korean ? inKorean(message) : message }));

/** Sends a problem document. */
function sendProblem(res: Response, error: MagamError): void {
  const { requestId } = requestState(res);
  const language = languageOf(res.req);
  const problem = problemOf(error, requestId, language);
  if (problem.status === 401) res.set('WWW-Authenticate', challenge(error.code));
  if ((problem.status === 429 || problem.status === 503) && !res.hasHeader('Retry-After'))
    res.set('Retry-After', String(error.details.retryAfterSeconds ?? errors[error.code].retryAfterSeconds ?? 1));
  res.removeHeader('ETag');
  res.status(problem.status).set({ 'Cache-Control': 'no-store', ...problemHeaders(error, language) });
  sendUntagged(res, PROBLEM_TYPE, JSON.stringify(problem, bigintAsText));
}

/** Sends a text without an entity tag of Express, because it describes no state. */
export function sendUntagged(res: Response, type: string, text: string | Buffer): void {
  const bytes = Buffer.from(text as string);
  res.setHeader('Content-Type', type);
  res.setHeader('Content-Length', bytes.length);
  res.end(bytes);
}

const challenge = (code: ErrorCode): string =>
  code === 'TOKEN_INVALID' ? 'Bearer realm="magam", error="invalid_token"' : 'Bearer realm="magam"';

/** JSON has no bigint. */
export const bigintAsText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;

/** What the body parsers and the router of Express throw, by their `type` or status. */
const expressFaults: Readonly<Record<string, ErrorCode>> = {
  'entity.too.large': 'BODY_TOO_LARGE',
  'parameters.too.many': 'BODY_TOO_LARGE',
  'entity.parse.failed': 'JSON_MALFORMED',
  'encoding.unsupported': 'UNSUPPORTED_MEDIA_TYPE',
  'charset.unsupported': 'UNSUPPORTED_MEDIA_TYPE',
};

/** The coded failure for anything that was thrown. */
export function failureOf(error: unknown): MagamError {
  if (error instanceof MagamError) return error;
  const { type, status } = (typeof error === 'object' && error !== null ? error : {}) as {
    type?: string;
    status?: number;
  };
  const code = type === undefined ? undefined : expressFaults[type];
  if (code !== undefined) return new MagamError(code);
  if (status !== undefined && status >= 400 && status < 500) {
    const message = error instanceof Error ? error.message : 'cannot be read';
    return new MagamError('REQUEST_INVALID', `The request cannot be read: ${message}.`);
  }
  const known = asMagamError(error);
  return known instanceof MagamError ? known : new MagamError('INTERNAL', errorText(error));
}

/** The last middleware: every failure becomes a problem; one that came in the middle of an answer cuts the answer off. */
export const problems: ErrorRequestHandler = (error: unknown, _req: Request, res, _next) => {
  const failure = failureOf(error);
  const state = requestState(res);
  state.failure = failure;
  const { http } = errors[failure.code];
  // A 503 of this program is a refusal (too busy). There are many of them at once, and their stack is of no use.
  if (http >= 500 && !(http === 503 && error instanceof MagamError)) state.cause = error;
  if (res.headersSent) res.destroy();
  else sendProblem(res, failure);
};
