/** The demands of a schema, in words that follow the name of a field: "body quantity must be at least 1". */
import type * as z from 'zod';

type Issue = z.core.$ZodRawIssue;

const KINDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['item', 'items'],
  set: ['item', 'items'],
};

const FORMATS: Readonly<Record<string, string>> = {
  date: 'must be a date written YYYY-MM-DD',
  datetime: 'must be a moment in ISO 8601',
  email: 'must be an e-mail address',
  url: 'must be a web address',
  uuid: 'must be a UUID',
};

const NOT_AS_DESCRIBED = 'is not written as /openapi.json describes it';

const counted = (bound: number | bigint, origin: string): string => {
  const unit = UNITS[origin];
  return unit === undefined ? `${bound}` : `${bound} ${Number(bound) === 1 ? unit[0] : unit[1]}`;
};

const atLeast = ({ origin, minimum, inclusive }: Issue & { readonly code: 'too_small' }): string => {
  const verb = UNITS[origin] === undefined ? 'be' : 'have';
  return `must ${verb} ${inclusive === false ? 'more than' : 'at least'} ${counted(minimum, origin)}`;
};

const atMost = ({ origin, maximum, inclusive }: Issue & { readonly code: 'too_big' }): string => {
  const verb = UNITS[origin] === undefined ? 'be' : 'have';
  return `must ${verb} ${inclusive === false ? 'less than' : 'at most'} ${counted(maximum, origin)}`;
};

/** The words for a fault if the schema has none of its own. */
export function plainWords(issue: Issue): string {
  if (issue.input === undefined) return 'is missing';
  switch (issue.code) {
    case 'invalid_type':
      return KINDS[issue.expected] === undefined ? NOT_AS_DESCRIBED : `must be ${KINDS[issue.expected]}`;
    case 'too_small':
      return atLeast(issue);
    case 'too_big':
      return atMost(issue);
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'invalid_format':
      return FORMATS[issue.format] ?? NOT_AS_DESCRIBED;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return issue.discriminator === undefined
        ? NOT_AS_DESCRIBED
        : 'must be one of the values that /openapi.json lists';
    default:
      return NOT_AS_DESCRIBED;
  }
}
