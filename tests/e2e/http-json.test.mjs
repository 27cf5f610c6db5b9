// Bodies of the API that are no JSON, too much of it, or not what was asked for.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Serving } from './serving.mjs';

let s, client;
const cleanup = [];
before(async () => {
	s = await Serving.start({ after: (f) => cleanup.push(f) });
	client = await s.as('administrator');
});
after(async () => {
	for (const f of cleanup.reverse()) await f();
});
const path = '/api/v1/rules/check';
const send = (body, type = 'application/json') => client.ask('POST', path, body, { 'Content-Type': type });
const rule = '{"entity":"person","rule":"stage = mql"}';

test('a sound body is taken', async () => {
	assert.equal((await send(rule)).status, 200);
	assert.equal((await send(rule, 'application/json; charset=utf-8')).status, 200);
});

const depth = (n) => '['.repeat(n) + ']'.repeat(n);
/** Name, body, status. */
const bodies = [
	['brackets that nest a hundred deep', depth(100), 413],
	['brackets that nest a thousand deep', depth(1000), 413],
	['objects that nest without end', '{"a":'.repeat(800), 413],
	['a bracket that is never closed', '[', 400],
	['an object without a value', '{"entity":}', 400],
	['a text that is never closed', '{"entity":"person', 400],
	['bytes behind the document', rule + 'x', 400],
	['two documents', rule + rule, 400],
	['a comma too many', '{"entity":"person",}', 400],
	['single quotes', "{'entity':'person'}", 400],
	['a comment', '{/*x*/"entity":"person"}', 400],
	['NaN', '{"entity":NaN}', 400],
	['a number with leading zeros', '{"entity":0123}', 400],
	['a number past every range', '{"entity":"person","rule":1e99999}', 400],
	['a raw line end in a text', '{"entity":"per\nson"}', 400],
	['a NUL in a text', '{"entity":"person","rule":"a\0"}', 400],
	['a lone surrogate', '{"entity":"person","rule":"\\ud800"}', 400],
	['a bad escape', '{"entity":"\\x41"}', 400],
	['a list where an object is wanted', '[]', 400],
	['a text where an object is wanted', '"person"', 400],
	['null where an object is wanted', 'null', 400],
];
for (const [name, body, status] of bodies) {
	test(`${name}: ${status}, as a problem document`, async () => {
		const r = await send(body);
		assert.equal(r.status, status, r.text);
		assert.equal(r.headers.get('content-type'), 'application/problem+json');
		assert.ok(r.json.detail);
		assert.doesNotMatch(r.text, /simdjson|\.c:|0x[0-9a-f]{6}/i);
	});
}
test('bytes that are no UTF-8 are refused', async () => {
	const r = await fetch(s.base + path, {
		method: 'POST',
		headers: { Cookie: client.cookie, 'X-CSRF-Token': client.csrf, 'Content-Type': 'application/json' },
		body: Buffer.from('{"entity":"person","rule":"\xff\xfe"}', 'latin1'),
	});
	assert.equal(r.status, 400);
});
test('a body of another kind gets 415', async () => {
	for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml', ''])
		assert.equal((await send(rule, type)).status, 415, type);
});
test('a megabyte of brackets is refused before it is read', async () => {
	const r = await send(`[${'[],'.repeat(300_000)}[]]`);
	assert.equal(r.status, 413);
});
test('an encoded body is not unpacked', async () => {
	const r = await client.ask('POST', path, rule, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' });
	assert.ok(r.status < 500);
});
test('a form of another site cannot post JSON', async () => {
	const r = await client.ask('POST', path, rule, { 'Content-Type': 'text/plain', 'X-CSRF-Token': null });
	assert.ok(r.status === 403 || r.status === 415);
});
