/**
 * Holds answers of a server against the OpenAPI document. Like the packages, this file is loaded once for each worker of jest, so that a schema
 * is compiled once for all test files of the worker.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** @typedef {import('../api.js').Document} Document */
/** @typedef {import('../api.js').Operation} Operation */
/** @typedef {(method: string, path: string, type: string, answer: import('../api.js').CallAnswer) => void} AnswerCheck */

/** All servers are the same program. @type {Promise<AnswerCheck> | undefined} */
let made;

/**
 * A function that throws when an answer is not one that the document describes.
 * @param {string} url of a server
 */
export function answerCheck(url) {
  made ??= readDocument(url).then(answerChecker);
  return made;
}

/**
 * The document that the run's first server gives out. A server takes half a second to make it, so it is kept for the other workers in the folder
 * of the run, where there is one.
 * @param {string} url
 * @returns {Promise<Document>}
 */
async function readDocument(url) {
  const folder = process.env.MAGAM_TEST_FOLDER;
  const file = folder === undefined ? undefined : join(folder, 'openapi.json');
  if (file !== undefined && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  const document = await (await fetch(`${url}/openapi.json`)).text();
  if (file !== undefined) {
    // Several test files may come here at once: what is read is always whole.
    const own = `${file}.${process.pid}`;
    writeFileSync(own, document);
    renameSync(own, file);
  }
  return JSON.parse(document);
}

/**
 * @param {Document} document
 * @returns {AnswerCheck}
 */
function answerChecker(document) {
  // Each schema is used a few times, so optimizing its validator would cost more than it saves.
  const ajv = new Ajv2020({ strict: false, allErrors: true, code: { optimize: false } });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'magam', components: document.components });
  /** By the text of the schema, because the refusals of most calls have the same ones. @type {Map<string, ReturnType<typeof ajv.compile>>} */
  const compiled = new Map();
  const validatorOf = (/** @type {unknown} */ schema) => {
    const text = JSON.stringify(schema ?? {});
    const validator = compiled.get(text) ?? ajv.compile(absolute(text));
    compiled.set(text, validator);
    return validator;
  };
  const patterns = Object.keys(document.paths).map((pattern) => ({ pattern, wanted: pattern.split('/') }));
  return (method, path, type, answer) => {
    const found = findOperation(document, patterns, method, path);
    const where = `${method} ${path} answered ${answer.status}`;
    if (found === undefined) {
      if (answer.status === 404 || answer.status === 405 || answer.status === 400) return; // no such route: nothing can be documented
      throw new Error(`${where}, but the OpenAPI document has no such call`);
    }
    if (method === 'OPTIONS' && answer.status === 204) return;
    const response = found.operation.responses[String(answer.status)];
    if (response === undefined) throw new Error(`${where}, which the OpenAPI document does not list: ${answer.text}`);
    if (JARGON.test(String(answer.body?.detail ?? '')))
      throw new Error(`${where} in words of the library: ${answer.text}`);
    checkHeaders(answer.headers, response.headers ?? {}, document.components?.headers ?? {}, where);
    const content = Object.entries(response.content ?? {});
    if (content.length === 0) {
      if (answer.text !== '') throw new Error(`${where} with a body, where the OpenAPI document has none`);
      return;
    }
    const media = content.find(([name]) => type.startsWith(name));
    if (media === undefined) throw new Error(`${where} as ${type}, which the OpenAPI document does not list`);
    if (answer.body === undefined) return;
    const validator = validatorOf(media[1].schema);
    if (validator(answer.body)) return;
    throw new Error(`${where} outside its schema: ${ajv.errorsText(validator.errors)}\n${answer.text.slice(0, 2_000)}`);
  };
}

/** What the library that checks schemas says where nobody has found words for it. */
const JARGON = /Invalid input|Invalid (string|option|key)|Too (small|big)|Unrecognized key|expected \w+, received/;

/**
 * Of the header fields that the document knows, an answer has those that it lists there, and no other.
 * @param {Headers} sent
 * @param {Readonly<Record<string, unknown>>} listed
 * @param {NonNullable<NonNullable<Document['components']>['headers']>} known
 * @param {string} where
 */
function checkHeaders(sent, listed, known, where) {
  for (const [name, component] of Object.entries(known)) {
    const own = /** @type {{ readonly required?: boolean } | undefined} */ (listed[name]);
    const required = own?.required ?? component.required;
    if (sent.has(name) && !(name in listed))
      throw new Error(`${where} with ${name}, which the OpenAPI document does not list`);
    if (required === true && name in listed && !sent.has(name))
      throw new Error(`${where} without ${name}, which the OpenAPI document lists`);
  }
}

/**
 * References into the document, as references into what ajv was given.
 * @param {string} schema as JSON
 * @returns {object}
 */
const absolute = (schema) => JSON.parse(schema.replaceAll('"#/components/', '"magam#/components/'));

/**
 * The call of the document that a request's path belongs to; literal steps win over parameters.
 * @param {Document} document
 * @param {readonly { readonly pattern: string, readonly wanted: readonly string[] }[]} patterns
 * @param {string} method
 * @param {string} path
 * @returns {{ readonly operation: Operation } | undefined}
 */
function findOperation(document, patterns, method, path) {
  const steps = (path.split('?', 1)[0] ?? '').split('/');
  const matches = patterns
    .filter(
      ({ wanted }) =>
        wanted.length === steps.length && wanted.every((step, i) => step.startsWith('{') || step === steps[i]),
    )
    .map(({ pattern }) => pattern);
  const best = matches.sort((a, b) => a.split('{').length - b.split('{').length)[0];
  const operation =
    best === undefined ? undefined : document.paths[best]?.[method.toLowerCase().replace('head', 'get')];
  return best === undefined || operation === undefined ? undefined : { operation };
}
