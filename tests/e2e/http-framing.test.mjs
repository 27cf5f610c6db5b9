// Heads and bodies that two programs could read in two ways, or that are not HTTP: named probes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Serving } from './serving.mjs';

let s;
const cleanup = [];
before(async () => {
	s = await Serving.start({ after: (f) => cleanup.push(f) });
});
after(async () => {
	for (const f of cleanup.reverse()) await f();
});

const get = (lines = '', target = '/healthz') => `GET ${target} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;
const post = (lines, body = '') => `POST /v1/none HTTP/1.1\r\nHost: a\r\n${lines}\r\n${body}`;
// What would be answered if the refused request's rest were taken for a request of its own.
const smuggled = get();

/**
 * Name, bytes, status (0: the connection ends without a word). The library says its own refusals
 * twice; nothing behind them is read either way.
 */
const refused = [
	['two Content-Length of one value', post('Content-Length: 5\r\nContent-Length: 5\r\n', 'abcde'), 400],
	['two Content-Length of two values', post('Content-Length: 0\r\nContent-Length: 44\r\n', smuggled), 400],
	['Content-Length and Transfer-Encoding', post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n' + smuggled), 400],
	['Transfer-Encoding and Content-Length', post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', '0\r\n\r\n' + smuggled), 400],
	['two Transfer-Encoding', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 400],
	['Transfer-Encoding of an unknown coding', post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'), 400],
	['Transfer-Encoding identity', post('Transfer-Encoding: identity\r\n', 'x'), 400],
	['Transfer-Encoding gzip, chunked', post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'), 400],
	['Transfer-Encoding chunked, identity', post('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'), 400],
	['Transfer-Encoding with a vertical tab', post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n'), 400],
	['Transfer-Encoding in quotes', post('Transfer-Encoding: "chunked"\r\n', '0\r\n\r\n'), 400],
	['Transfer-Encoding in HTTP/1.0', 'POST /v1/none HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
	['Content-Length with a plus', post('Content-Length: +5\r\n', 'abcde'), 400],
	['Content-Length below zero', post('Content-Length: -5\r\n', 'abcde'), 400],
	['Content-Length in hex', post('Content-Length: 0x5\r\n', 'abcde'), 400],
	['Content-Length of two words', post('Content-Length: 5 5\r\n', 'abcde'), 400],
	['Content-Length as a list', post('Content-Length: 5, 5\r\n', 'abcde'), 400],
	['Content-Length with a fraction', post('Content-Length: 5.0\r\n', 'abcde'), 400],
	['Content-Length that is empty', post('Content-Length:\r\n', 'abcde'), 400],
	['Content-Length past 64 bits', post('Content-Length: 99999999999999999999999999\r\n', 'abcde'), 413],
	['a blank before the colon', get('X-A : b\r\n'), 400],
	['a blank before the colon of Content-Length', post('Content-Length : 44\r\n', smuggled), 400],
	['a tab before the colon', get('X-A\t: b\r\n'), 400],
	['a blank in a name', get('X A: b\r\n'), 400],
	['a control character in a name', get('X\x01A: b\r\n'), 400],
	['a letter beyond ASCII in a name', get('X\xe4A: b\r\n'), 400],
	['a name in brackets', get('(x): b\r\n'), 400],
	['a folded line', get('X-A: b\r\n c\r\nX-D: e\r\n'), 400],
	['a line folded with a tab', get('X-A: b\r\n\tc\r\n'), 400],
	['a folded first line', 'GET /healthz HTTP/1.1\r\n Host: a\r\n\r\n', 400],
	['a folded Transfer-Encoding', post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n' + smuggled), 400],
	['a line without a colon', get('X-A\r\n'), 400],
	['a line without a name', get(': b\r\nX-C: d\r\n'), 400],
	['a NUL in a value', get('X-A: b\0c\r\nX-D: e\r\n'), 400],
	['a NUL in a name', get('X\0A: b\r\nX-D: e\r\n'), 400],
	['a NUL in the address', get('', '/healthz\0x'), 400],
	['a bare LF between headers', get('X-A: b\nX-C: d\r\n'), 400],
	['bare LFs everywhere', 'GET /healthz HTTP/1.1\nHost: a\n\n', 400],
	['a bare CR in a value', get('X-A: b\rX-C: d\r\n'), 400],
	['a bell in a value', get('X-A: b\x07\r\n'), 400],
	['a DEL in a value', get('X-A: b\x7f\r\n'), 400],
	['two blanks before the address', 'GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n', 400],
	['two blanks behind the address', 'GET /healthz  HTTP/1.1\r\nHost: a\r\n\r\n', 0],
	['a tab in the first line', 'GET\t/healthz HTTP/1.1\r\nHost: a\r\n\r\n', 400],
	['a first line without a version', 'GET /healthz\r\nHost: a\r\n\r\n', 400],
	['HTTP/2.0', 'GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n', 505],
	['HTTP/1.2', 'GET /healthz HTTP/1.2\r\nHost: a\r\n\r\n', 505],
	['HTTP/0.9', 'GET /healthz HTTP/0.9\r\nHost: a\r\n\r\n', 505],
	['a version in small letters', 'GET /healthz http/1.1\r\nHost: a\r\n\r\n', 400],
	['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
	['no Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
	['two Hosts', 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
	['an empty Host', 'GET /healthz HTTP/1.1\r\nHost:\r\n\r\n', 400],
	['a Host with a path', 'GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n', 400],
	['a Host with a user', 'GET /healthz HTTP/1.1\r\nHost: u@a\r\n\r\n', 400],
	['an address in absolute form', get('', 'http://a/healthz'), 400],
	['an address of another scheme', get('', 'file:///etc/passwd'), 400],
	['an address in authority form', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
	['an address without a slash', get('', 'healthz'), 400],
	['a fragment in the address', get('', '/healthz#x'), 400],
	['raw bytes beyond ASCII in the address', get('', '/\xe4'), 400],
	['a method that is not known', 'FOO /healthz HTTP/1.1\r\nHost: a\r\n\r\n', 501],
	['a method in small letters', 'get /healthz HTTP/1.1\r\nHost: a\r\n\r\n', 501],
	['another expectation', post('Expect: cookies\r\nContent-Length: 1\r\n', 'x'), 417],
];
for (const [name, bytes, status] of refused) {
	test(`${name} is refused${status ? ` with ${status}` : ''}, and the connection ends`, async () => {
		const r = await s.raw(bytes);
		assert.deepEqual([...new Set(r.statuses)], status ? [status] : [], r.text);
		assert.ok(r.closed, 'the connection stayed open');
		assert.doesNotMatch(r.text, /healthz|\bok\n/);
	});
}

/** Broken bodies: the request is not handled, and nothing behind it is read as a request. */
const chunked = 'Transfer-Encoding: chunked\r\n';
const broken = [
	['a chunk size that is no number', post(chunked, 'zz\r\nab\r\n0\r\n\r\n' + smuggled)],
	['a chunk size below zero', post(chunked, '-1\r\na\r\n0\r\n\r\n' + smuggled)],
	['a chunk size past 64 bits', post(chunked, 'fffffffffffffffff\r\na\r\n0\r\n\r\n' + smuggled)],
	['a chunk longer than its size', post(chunked, '2\r\nabc\r\n0\r\n\r\n' + smuggled)],
	['a chunk size of 0x2', post(chunked, '0x2\r\nab\r\n0\r\n\r\n' + smuggled)],
];
for (const [name, bytes] of broken) {
	test(`${name} ends the connection`, async () => {
		const r = await s.raw(bytes);
		assert.ok(r.closed, 'the connection stayed open');
		assert.ok(r.statuses.length <= 1, r.text);
		assert.ok(r.statuses.every((x) => x >= 400), r.text);
	});
}

test('a TLS greeting is no request', async () => {
	const r = await s.raw(Buffer.from('16030100c8010000c40303' + 'ab'.repeat(100) + '0d0a0d0a', 'hex'), { first: 300 });
	assert.ok(r.closed || r.text === '');
	assert.doesNotMatch(r.text, / 200 /);
});

test('bytes at random are no request, and the server stands', async () => {
	let seed = 7;
	const rand = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff);
	for (let i = 0; i < 50; i++) {
		const bytes = Buffer.from(Array.from({ length: 200 }, () => rand() >> 16 & 0xff));
		const r = await s.raw(Buffer.concat([bytes, Buffer.from('\r\n\r\n')]), { first: 20 });
		assert.ok(!r.statuses.includes(200));
	}
	assert.equal((await s.fetch('/healthz')).status, 200);
});

test('a head that comes byte by byte is read', async () => {
	const r = await s.raw([...get('X-A: b\r\n')], { gap: 2 });
	assert.deepEqual(r.statuses, [200]);
});

test('empty lines before a request are passed over', async () => {
	assert.deepEqual((await s.raw('\r\n\r\n' + get())).statuses, [200]);
});

test('requests sent ahead are answered in order', async () => {
	const r = await s.raw(get() + get('', '/nope') + get('', '/readyz') + get('', '/healthz'));
	assert.deepEqual(r.statuses, [200, 404, 200, 200]);
});

test('a body that nobody wanted is read, and the next request is answered', async () => {
	const body = 'x'.repeat(1000);
	const r = await s.raw(post(`Content-Length: ${body.length}\r\n`, body) + get());
	assert.deepEqual(r.statuses, [404, 200]);
});

test('a chunked body is read whole, with extensions and trailers', async () => {
	const r = await s.raw(post(chunked, '3;a=b\r\nabc\r\n0\r\nX-Trailer: y\r\n\r\n') + get());
	assert.deepEqual(r.statuses, [404, 200]);
});

test('trailers cannot say how long a body is', async () => {
	const r = await s.raw(post(chunked, '0\r\nContent-Length: 500\r\n\r\n') + get());
	assert.deepEqual(r.statuses, [404, 200]);
});

test('a body on GET is read and thrown away', async () => {
	const r = await s.raw(get('Content-Length: 3\r\n') + 'abc' + get());
	assert.deepEqual(r.statuses.at(-1), 200);
	assert.equal(r.statuses.length, 2);
});

test('HEAD gets the head of GET and no body', async () => {
	const head = 'HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n';
	const r = await s.raw(head + get());
	assert.deepEqual(statusLines(r.text), [200, 200]);
	assert.equal(r.text.split('Content-Length: 3').length - 1, 2);
	assert.equal(r.text.split('ok\n').length - 1, 1);
	const gone = await s.raw('HEAD /nope HTTP/1.1\r\nHost: a\r\n\r\n');
	assert.match(gone.text, /^HTTP\/1\.1 404/);
	assert.ok(gone.text.endsWith('\r\n\r\n'));
});
const statusLines = (text) => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((m) => Number(m[1]));

test('HTTP/1.0 is answered, and the connection ends', async () => {
	const r = await s.raw('GET /healthz HTTP/1.0\r\n\r\n');
	assert.match(r.text, / 200 OK/);
	assert.ok(r.closed);
});

test('Connection: close is kept', async () => {
	const r = await s.raw(get('Connection: close\r\n') + get());
	assert.deepEqual(r.statuses, [200]);
	assert.ok(r.closed);
});

test('a half-closed connection gets its answer', async () => {
	// One that is made at once. libmicrohttpd reads on before it goes on with a request that waited
	// for a worker, and takes the end that it finds for that of the connection.
	for (let i = 0; i < 20; i++) assert.deepEqual((await s.raw(get('', '/healthz'), { half: true })).statuses, [200]);
});

test('100-continue is said before the body is sent, and not when it would be too large', async () => {
	const fine = await s.raw([post('Expect: 100-continue\r\nContent-Length: 3\r\n'), 'abc'], { gap: 100 });
	assert.ok(fine.text.startsWith('HTTP/1.1 404') || fine.text.startsWith('HTTP/1.1 100'));
	const large = await s.raw(post('Expect: 100-continue\r\nContent-Length: 900000000\r\n'));
	assert.doesNotMatch(large.text, /100 Continue/);
	assert.ok(large.statuses[0] >= 400);
});

test('a client that goes away in the middle of a head harms nobody', async () => {
	for (let i = 0; i < 20; i++) await s.raw('GET /healthz HTT', { first: 1 });
	assert.equal((await s.fetch('/healthz')).status, 200);
});

test('a client that goes away in the middle of a body harms nobody', async () => {
	for (let i = 0; i < 20; i++) await s.raw(post('Content-Length: 100\r\n', 'abc'), { first: 1 });
	assert.equal((await s.fetch('/healthz')).status, 200);
});

test('a client that goes away before its answer harms nobody', async () => {
	for (let i = 0; i < 50; i++) await s.raw(get('', '/readyz'), { first: 0 });
	assert.equal((await s.fetch('/healthz')).status, 200);
});
