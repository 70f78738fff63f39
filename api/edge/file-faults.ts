/** Faults of a body that is read like a file. They are named by the same path as at the command line, and as JSON pointers into the body. */
import { type ErrorCode, MagamError } from '../../kernel/errors.js';
import type { JsonFault } from '../../kernel/json-faults.js';
import type { RequestFault } from './problem.js';

/** A hostile body may have as many faults as bytes. */
export const FAULTS_SHOWN = 200;

/** The refusal with a limited number of faults; any other error unchanged. */
export function withFewFaults(error: unknown): unknown {
  if (!(error instanceof MagamError) || !Array.isArray(error.details.faults)) return error;
  const faults = (error.details.faults as JsonFault[]).slice(0, FAULTS_SHOWN);
  return new MagamError(error.code, error.message, { ...error.details, faults });
}

/** The refusal of a body with these faults. */
export const invalidFile = (code: ErrorCode, faults: readonly JsonFault[]): MagamError =>
  new MagamError(code, undefined, {
    faults: faults.slice(0, FAULTS_SHOWN).map(boundedFault),
    errors: faults.slice(0, FAULTS_SHOWN).map(requestFault),
  });

const boundedFault = ({ path, code, message }: JsonFault): JsonFault => ({
  path: path.slice(0, 500),
  code,
  message: message.slice(0, 500),
});

/** The same place as a JSON pointer into the body. */
const requestFault = ({ path, message }: JsonFault): RequestFault => {
  const steps = path === '$' ? [] : [...path.matchAll(/([A-Za-z_$][\w$]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g)];
  const pointer = steps.map(([, name, index, quoted]) => name ?? index ?? (JSON.parse(quoted ?? '""') as string));
  const escaped = pointer.map((step) =>
    encodeURIComponent(wellFormed(step).replaceAll('~', '~0').replaceAll('/', '~1')),
  );
  return { in: 'body', pointer: `#${escaped.map((step) => `/${step}`).join('')}`, message: message.slice(0, 500) };
};

/** A key of hostile JSON may be long, and may contain half of a surrogate pair, which a URI cannot represent. */
const wellFormed = (step: string): string => step.slice(0, 100).replace(/[\uD800-\uDFFF]/g, '\uFFFD');
