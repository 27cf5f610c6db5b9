// Files that nobody should send: each gets a sentence with its place, and nothing is half done.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Trichter } from './trichter.mjs';

const nul = Buffer.from([0]);
const files = {
	'empty.csv': ['people', ''],
	'header only.csv': ['people', 'email,country\n'],
	'nul.csv': ['people', Buffer.concat([Buffer.from('email\na@exam'), nul, Buffer.from('ple.com\n')])],
	'latin1.csv': ['people', Buffer.from('email,first_name\na@example.com,J\xfcrgen\n', 'latin1')],
	'utf16.csv': ['people', Buffer.from('\ufeffemail,first_name\na@example.com,Jürgen\n', 'utf16le')],
	'ragged.csv': ['people', 'email,country\na@example.com,DE,x,y\nb@example.com\n'],
	'open quote.csv': ['people', 'email,country\n"a@example.com,DE\nb@example.com,AT\n'],
	'two headers.csv': ['people', 'email,email\na@example.com,b@example.com\n'],
	'dates.csv': ['people', 'email,created_at\na@example.com,2024-02-30\nb@example.com,31.31.2024\n'],
	'huge number.csv': ['companies', `name,employees\nAcme,${'9'.repeat(400)}\nBeta,1e999\n`],
	'long line.csv': ['people', `email,country\na@example.com,${'x'.repeat(5 << 20)}\nb@example.com,DE\n`],
	'formula.csv': ['people', 'email,first_name\na@example.com,"=HYPERLINK(""http://x"")"\n'],
	'binary.csv': ['people', Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) & 255))],
	'truncated.jsonl': ['events', '{"type":"track","event":"x","anonymousId":"a","timestamp":"2024-01-01T00:00:00Z"}\n{"type":"tra'],
	'deep.jsonl': ['events', `${'['.repeat(100000)}\n`],
	'deep props.jsonl': ['events', `{"type":"track","event":"x","anonymousId":"a","properties":${'{"a":'.repeat(200)}1${'}'.repeat(200)}}\n`],
	'wrong types.jsonl': ['events', '{"type":5,"event":[],"anonymousId":{},"timestamp":true}\nnull\n[]\n"x"\n12\n'],
	'bad utf8.jsonl': ['events', Buffer.from('{"type":"track","event":"\xff\xfe","anonymousId":"a"}\n', 'latin1')],
};

for (const [name, [kind, content]] of Object.entries(files)) {
	test(`${name} is read or refused, and the journal stays whole`, (t) => {
		const c = new Trichter(t);
		const r = c.run('import', kind, c.file(name, content), '--format', 'json');
		assert.ok(r.status === 0 || r.status === 3, `status ${r.status}: ${r.err}`);
		if (r.status === 0) {
			const x = JSON.parse(r.out);
			assert.equal(x.read, x.accepted + x.duplicate + x.rejected + x.skipped, r.out);
		} else {
			assert.match(r.err, /^trichter: .*\S/);
			assert.equal(c.run('people', '--count').status, 1, 'nothing is half done');
		}
		assert.match(c.ok('verify'), /no difference/);
	});
}

test('other encodings read as what they are', (t) => {
	for (const name of ['latin1.csv', 'utf16.csv']) {
		const c = new Trichter(t);
		c.ok('import', 'people', c.file(name, files[name][1]));
		assert.equal(c.json('people', '--columns', 'first_name').rows[0].first_name, 'Jürgen', name);
	}
});

test('names cannot steer the terminal or a spreadsheet', (t) => {
	const c = new Trichter(t);
	c.ok('import', 'people', c.file('x.csv', 'email,full_name\na@example.com,"\u001b[31mred\u202egnp"\nb@example.com,"=1+1"\n'));
	for (const args of [['people'], ['person', 'show', 'a@example.com'], ['journey', 'a@example.com']])
		assert.doesNotMatch(c.ok(...args), /[\u001b\u202e]/, args.join(' '));
	assert.match(c.ok('people', '--columns', 'name', '--format', 'csv'), /'=1\+1/);
	const r = c.run('people', '\u001b[2Jx = 1');
	assert.equal(r.status, 2);
	assert.doesNotMatch(r.err, /\u001b/);
});

test('a damaged ledger is named and never served', async (t) => {
	const { readFileSync, writeFileSync } = await import('node:fs');
	const c = new Trichter(t);
	c.ok('import', 'people', c.file('x.csv', 'email,country\na@example.com,DE\n'));
	const path = `${c.data}/ledger.db`;
	const bytes = readFileSync(path);
	writeFileSync(path, Buffer.from('this is no ledger'.repeat(1000)));
	const r = c.run('funnel');
	assert.equal(r.status, 3);
	assert.match(r.err, /ledger/);
	writeFileSync(path, bytes.subarray(0, bytes.length >> 1));
	assert.ok([1, 3].includes(c.run('verify').status));
});
