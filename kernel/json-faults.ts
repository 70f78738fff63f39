/** Faults of a JSON file that a person wrote, each with its place: what the readers of such files share. */
import { type ErrorCode, errors } from './errors.js';
import { jsonErrorPosition } from './json-position.js';

export interface JsonFault {
  /** Such as `policies[0].commission.min`; `$` is the file as a whole. */
  readonly path: string;
  readonly code: ErrorCode;
  readonly message: string;
}

export type JsonPath = readonly PropertyKey[];

/** What a schema says of one fault. */
interface SchemaIssue {
  readonly code?: string | undefined;
  readonly path: JsonPath;
  readonly message: string;
  readonly keys?: readonly string[];
  readonly params?: Readonly<Record<string, unknown>> | undefined;
}

/** A member of raw JSON, own properties only; undefined where there is none. */
export function jsonMember(raw: unknown, key: PropertyKey): unknown {
  return typeof raw === 'object' && raw !== null && Object.hasOwn(raw, key) ? Reflect.get(raw, key) : undefined;
}

/** A list of raw JSON; anything else as one without members. */
export function jsonList(raw: unknown, key: PropertyKey): readonly unknown[] {
  const list = jsonMember(raw, key);
  return Array.isArray(list) ? list : [];
}

export function jsonPathText(path: JsonPath): string {
  const parts = path.map((key) => {
    if (typeof key === 'number') return `[${key}]`;
    return /^[A-Za-z_$][\w$]*$/.test(String(key)) ? `.${String(key)}` : `[${JSON.stringify(String(key))}]`;
  });
  return path.length === 0 ? '$' : parts.join('').replace(/^\./, '');
}

const isErrorCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(errors, code);

/**
 * One issue of a schema as faults: one for each unknown key, else one at its own place. Its code is the one that the schema gave it in
 * `params.code`, else `otherwise`.
 */
export function faultsOfIssue(issue: SchemaIssue, raw: unknown, prefix: JsonPath, otherwise: ErrorCode): JsonFault[] {
  const at = (path: JsonPath): string => jsonPathText([...prefix, ...path]);
  if (issue.code === 'unrecognized_keys') {
    return (issue.keys ?? []).map((key) => ({
      path: at([...issue.path, key]),
      code: otherwise,
      message: 'is not known here',
    }));
  }
  const own = issue.code === 'custom' ? issue.params?.code : undefined;
  const missing = issue.path.length > 0 && issue.path.reduce(jsonMember, raw) === undefined;
  return [
    {
      path: at(issue.path),
      code: isErrorCode(own) ? own : otherwise,
      message: missing ? 'is required' : issue.message,
    },
  ];
}

/** The JSON of a text, with or without a byte-order mark; or the fault of a text that is none, under this code. */
export function readJson(text: string, code: ErrorCode): { readonly raw: unknown } | { readonly fault: JsonFault } {
  const json = text.replace(/^\uFEFF/, '');
  try {
    return { raw: JSON.parse(json) };
  } catch {
    const { line, column } = jsonErrorPosition(json);
    return { fault: { path: '$', code, message: `is not JSON: line ${line}, column ${column}` } };
  }
}
