/** Which policy a line falls under, which policies may be stored, what a draft would change. */
const rules = (/** @type {string} */ name, file = name) => ({
  file: `core/policies/rules/${file}.ts`,
  tests: `test/core/policies/rules/${name}.test.ts`,
  quick: true,
});
const book = rules('policy-book');
const succession = rules('policy-succession', 'policy-book');
const file = rules('policy-file');
const candidates = rules('policy-candidates');
const trial = {
  file: 'core/settlement/rules/policy-trial.ts',
  tests: 'test/core/settlement/rules/policy-trial.test.ts',
  quick: true,
};

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  {
    ...book,
    name: 'a policy begins a day late',
    from: 'stored.policy.effectiveFrom <= date',
    to: 'stored.policy.effectiveFrom < date',
  },
  { ...book, name: 'a policy ends a day early', from: 'date <= stored.endsOn', to: 'date < stored.endsOn' },
  {
    ...book,
    name: "a category's policy goes before a product's",
    from: "(product === '' ? undefined : inForce(shelf.byProduct.get(product), date)) ??\n    (category === '' ? undefined : inForce(shelf.byCategory.get(category), date)) ??",
    to: "(category === '' ? undefined : inForce(shelf.byCategory.get(category), date)) ??\n    (product === '' ? undefined : inForce(shelf.byProduct.get(product), date)) ??",
  },
  {
    ...book,
    name: "a seller's own policy is overlooked",
    from: 'own === undefined ? undefined : findOnShelf',
    to: 'own !== undefined ? undefined : findOnShelf',
  },
  {
    ...book,
    name: 'a seller without a policy in force gets none',
    from: ' ??\n      findOnShelf(shelves.anySeller, category, product, orderedOn)',
    to: '',
  },
  {
    ...book,
    name: 'an empty product finds a policy',
    from: "product === '' ? undefined : inForce",
    to: 'inForce',
    equivalent: 'a scope cannot hold an empty product: the policy file refuses it, so the shelf has no such key',
  },
  {
    ...succession,
    name: 'a later version does not end the one before',
    from: 'old.endsOn = dayBefore(effectiveFrom);',
    to: '',
    only: 'ends the open version',
  },
  {
    ...succession,
    name: 'a version ends on the first day of the next',
    from: 'dayBefore(effectiveFrom)',
    to: 'effectiveFrom',
    only: 'ends the open version',
  },
  {
    ...succession,
    name: 'a new version ends one that has an end',
    from: ' && old.endsOn === null);',
    to: ');',
    only: 'leaves a version with an end of its own',
  },
  {
    ...succession,
    name: 'a stored version can be replaced',
    from: 'known !== undefined && policiesEqual(known, policy)',
    to: 'known !== undefined',
    only: 'other content under the same version',
  },
  {
    ...succession,
    name: 'two policies may overlap on one day',
    from: 'from <= earlier.endsOn)',
    to: 'from < earlier.endsOn)',
    only: 'touching the first day',
  },
  {
    ...succession,
    name: 'policies of two currencies overlap',
    from: 'JSON.stringify([currency, scope.seller,',
    to: 'JSON.stringify([scope.seller,',
    only: 'with another .* the version stands beside',
  },
  {
    ...candidates,
    name: 'the story tells policies of other currencies',
    from: 'policy.currency === line.currency && sameScope',
    to: 'sameScope',
  },
  {
    ...candidates,
    name: 'the story says in force of what has ended',
    from: '(endsOn === null || orderedOn <= endsOn)',
    to: 'true',
  },
  { ...file, name: 'tiers need not ascend', from: 'if (bound <= highest)', to: 'if (bound < highest)' },
  {
    ...file,
    name: 'the last tier may have a bound',
    from: "if (last) report([...path, i, 'upTo'], 'must be null in the last step');",
    to: '',
  },
  { ...file, name: 'max may be below min', from: 'most < least', to: 'false' },
  {
    ...file,
    name: 'a scope may name a category and a product',
    from: "member(scopeValue, 'product') !== undefined",
    to: 'false',
  },
  { ...file, name: 'a policy may end before it begins', from: 'isBusinessDate(to) && to < from', to: 'false' },
  {
    ...file,
    name: 'a keeping policy reads as reversing',
    from: 'onRefund: commission.onRefund,\n    },\n    vat:',
    to: "onRefund: 'reverse',\n    },\n    vat:",
  },
  {
    ...trial,
    name: 'a draft in force always leaves the stored policy of its scope',
    from: 'stored.filter(({ policy }) => !chosen.has(scopeKey(policy)))',
    to: 'stored',
  },
  {
    ...trial,
    name: 'of two drafted for one scope the first counts',
    from: 'a.effectiveFrom > b.effectiveFrom;',
    to: 'a.effectiveFrom < b.effectiveFrom;',
  },
  {
    ...trial,
    name: 'a line whose policy stays is touched',
    from: 'if (before?.policyId === after?.policyId) return undefined;',
    to: '',
  },
  {
    ...trial,
    name: 'a draft taken at its word leaves the versions before without an end',
    from: 'return end === undefined ? one :',
    to: 'return end !== undefined ? one :',
  },
];
