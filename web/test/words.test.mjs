// words.test.mjs - texts, figures, addresses and files as the screens make them.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { load, pretend } from './bundle.mjs';

pretend();
const m = await load(`
	export * from './i18n/i18n';
	export * from './lib/format';
	export * from './lib/save';
	export { matchPath, hrefWith } from './app/router';
	export { url } from './lib/api';
	export { complete } from './components/rule-complete';
	export { texts as en } from './i18n/en';
	export { texts as de } from './i18n/de';
`);
before(() => m.languageLoad('en'));

test('a text chooses its plural and writes numbers as its language does', async () => {
	assert.equal(m.t('c.people', { n: 1 }), '1 person');
	assert.equal(m.t('c.people', { n: 8000 }), '8,000 people');
	await m.languageLoad('de');
	assert.equal(m.t('c.people', { n: 8000 }), '8.000 Personen');
	await m.languageLoad('en');
});

test('both languages have the same holes in every text', () => {
	const holes = (s) => [...new Set([...s.matchAll(/\{(\w+)/g)].map((x) => x[1]))].sort().join();
	for (const [key, text] of Object.entries(m.en))
		assert.equal(holes(m.de[key]), holes(text), key);
});

test('every plural has both forms', () => {
	for (const [key, text] of [...Object.entries(m.en), ...Object.entries(m.de)])
		for (const [whole] of text.matchAll(/\{[^}]*\}/g))
			assert.match(whole, /^\{\w+(\|[^|]*\|[^|]*)?\}$/, key);
});

test('rates have one decimal, below one percent two figures, and none without a denominator', () => {
	const cases = [[0.393, '39.3'], [1, '100'], [0.0054, '0.54'], [0.00085, '0.085'], [0, '0.0'], [1.234, '123.4']];
	for (const [fraction, text] of cases)
		assert.equal(m.percent(fraction), `${text}\u00a0%`);
	assert.equal(m.percent(null), '–');
});

test('spans are told in their largest unit', () => {
	assert.equal(m.duration(790587), '9.2\u00a0d');
	assert.equal(m.duration(3821973), '44\u00a0d');
	assert.equal(m.duration(5400), '1.5\u00a0h');
	assert.equal(m.duration(30), '30\u00a0s');
	assert.equal(m.duration(null), '–');
});

test('amounts know how many minor units their currency has', () => {
	assert.equal(m.money({ amount_minor: 123456, currency: 'EUR' }), '€1,234.56');
	assert.equal(m.money({ amount_minor: 1234, currency: 'JPY' }), 'JP¥1,234');
});

test('a path is matched part by part', () => {
	assert.deepEqual(m.matchPath('/people/{id}', '/people/12'), { id: '12' });
	assert.deepEqual(m.matchPath('/people', '/people/'), {});
	assert.equal(m.matchPath('/people/{id}', '/people'), null);
	assert.deepEqual(m.matchPath('/people/{id}', '/people/a%2Fb'), { id: 'a/b' });
});

test('an address leaves out what is not set', () => {
	assert.equal(m.url('/api/v1/people', { where: 'stage = mql', sort: '', after: null, limit: 50 }), '/api/v1/people?where=stage+%3D+mql&limit=50');
});

test('cells that a spreadsheet would run as a formula are text', () => {
	assert.equal(m.csv([['=1+1', '@x', '-1', 'plain', 'a "b", c', -5]]), `'=1+1,'@x,'-1,plain,"a ""b"", c",-5\r\n`);
});

const fields = [
	{ name: 'stage', type: 'text', values: ['lead', 'mql'] },
	{ name: 'country', type: 'text', values: ['DE', 'United Kingdom'] },
];
const proposed = (text) => m.complete(text, text.length, fields).options.map((o) => o.label);

test('a rule is completed by fields, then by the values of the field', () => {
	assert.equal(proposed('sta')[0], 'stage');
	assert.deepEqual(proposed('stage = m'), ['mql']);
	assert.deepEqual(proposed('country = '), ['DE', 'United Kingdom']);
	assert.deepEqual(proposed('country in (DE, uni'), ['United Kingdom']);
	assert.deepEqual(proposed('stage = mql an'), ['and']);
});
