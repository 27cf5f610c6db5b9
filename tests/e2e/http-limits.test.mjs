// Paths, methods, sizes and times: named probes of what is too much, too slow, or elsewhere.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Serving } from './serving.mjs';

let s;
const cleanup = [];
before(async () => {
	s = await Serving.start({ after: (f) => cleanup.push(f) });
});
after(async () => {
	for (const f of cleanup.reverse()) await f();
});
const head = (method, target, lines = '') => `${method} ${target} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;

/** Paths that climb, hide something or mean two things. */
const paths = [
	['dots that climb', '/../etc/passwd', 400],
	['dots that climb from below', '/api/../healthz', 400],
	['one dot', '/./healthz', 400],
	['encoded dots', '/%2e%2e/etc/passwd', 400],
	['half-encoded dots', '/.%2e/etc/passwd', 400],
	['dots and an encoded slash', '/..%2fetc/passwd', 400],
	['an encoded slash', '/api%2fv1/funnel', 400],
	['an encoded slash in capitals', '/api%2Fv1/funnel', 400],
	['a backslash', '/..\\etc\\passwd', 400],
	['an encoded backslash', '/..%5cetc%5cpasswd', 400],
	['an empty segment', '//healthz', 400],
	['an empty segment inside', '/api//v1/funnel', 400],
	['an encoded NUL', '/healthz%00', 400],
	['an encoded line end', '/healthz%0d%0aX-A:%20b', 400],
	['a lone percent sign', '/healthz%', 400],
	['a percent sign and one digit', '/healthz%2', 400],
	['a percent sign and no digits', '/healthz%zz', 400],
	['an overlong slash', '/..%c0%af..%c0%afetc/passwd', 400],
	['an overlong dot', '/%c0%ae%c0%ae/etc/passwd', 400],
	['a surrogate', '/%ed%a0%80', 400],
	['a byte that is no UTF-8', '/%ff', 400],
	['dots encoded twice', '/%252e%252e/etc/passwd', 404],
	['a slash behind a known path', '/healthz/', 404],
	['a semicolon with a parameter', '/healthz;jsessionid=1', 404],
	['a known path in capitals', '/HEALTHZ', 404],
	['a file of the data directory', '/trichter.yaml', 404],
	['a file of the server', '/ledger.db', 404],
	['a dot file', '/.git/config', 404],
];
for (const [name, path, status] of paths) {
	test(`a path with ${name} is answered with ${status}`, async () => {
		const r = await s.raw(head('GET', path));
		assert.deepEqual(r.statuses, [status], r.text);
		assert.doesNotMatch(r.text, /root:|SQLite|zone:/);
	});
}
test('a path that means nothing is not written back', async () => {
	const r = await s.raw(head('GET', '/api/v1/%3Cscript%3Ealert(1)%3C/script%3E'));
	assert.doesNotMatch(r.text, /script/i);
});
/** Queries. */
const queries = [
	['a percent sign without digits', '?a=%', 400],
	['an encoded NUL', '?a=%00', 400],
	['bytes that are no UTF-8', '?a=%ff%fe', 400],
	['an overlong encoding', '?a=%c0%ae', 400],
	['a bad encoding in a name', '?%zz=1', 400],
	['hundreds of parameters', '?' + 'a=1&'.repeat(300), 400],
	['nothing but separators', '?&&&===&', 200],
	['an encoded line end', '?a=%0d%0aX-A:%20b', 200],
];
for (const [name, query, status] of queries) {
	test(`a query with ${name} is answered with ${status}`, async () => {
		const r = await s.raw(head('GET', '/healthz' + query));
		assert.deepEqual(r.statuses, [status], r.text);
		assert.doesNotMatch(r.text, /\r\nX-A:/);
	});
}
test('an encoded letter is the letter', async () => {
	assert.deepEqual((await s.raw(head('GET', '/%68ealthz'))).statuses, [200]);
});

/** Methods. */
for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE']) {
	test(`${method} where only GET is gets 405 with Allow`, async () => {
		const r = await s.raw(head(method, '/healthz'));
		assert.deepEqual(r.statuses, [405]);
		assert.match(r.text, /\r\nAllow: GET, HEAD\r\n/);
	});
}
test('OPTIONS names the methods and needs nobody signed in', async () => {
	const r = await s.raw(head('OPTIONS', '/api/v1/funnel'));
	assert.deepEqual(r.statuses, [204]);
	assert.match(r.text, /\r\nAllow: GET, HEAD/);
});
test('OPTIONS * and GET * have nothing', async () => {
	assert.deepEqual((await s.raw(head('OPTIONS', '*'))).statuses, [404]);
	assert.deepEqual((await s.raw(head('GET', '*'))).statuses, [404]);
});
test('TRACE does not send headers back', async () => {
	const r = await s.raw(head('TRACE', '/healthz', 'X-Secret: tsk_secret\r\n'));
	assert.doesNotMatch(r.text, /tsk_secret/);
});
test('a method as long as a book is refused', async () => {
	const r = await s.raw(head('A'.repeat(5000), '/healthz'));
	assert.deepEqual(r.statuses, [501]);
});

/** Sizes of the head. */
const heads = [
	['a hundred headers', head('GET', '/healthz', 'X-A: b\r\n'.repeat(100)), 431],
	['ten thousand headers', head('GET', '/healthz', 'X-A: b\r\n'.repeat(10000)), 431],
	['a header of 17 KiB', head('GET', '/healthz', `X-A: ${'b'.repeat(17 * 1024)}\r\n`), 431],
	['a header of a megabyte', head('GET', '/healthz', `X-A: ${'b'.repeat(1 << 20)}\r\n`), 431],
	['a name of 17 KiB', head('GET', '/healthz', `${'b'.repeat(17 * 1024)}: c\r\n`), 431],
	['cookies of 9 KiB', head('GET', '/healthz', `Cookie: a=${'b'.repeat(9 * 1024)}\r\n`), 431],
	['many cookies of 9 KiB together', head('GET', '/healthz', `Cookie: a=${'b'.repeat(300)}\r\n`.repeat(30)), 431],
	['an address of 9 KiB', head('GET', '/' + 'a'.repeat(9 * 1024)), 414],
	['a query of 9 KiB', head('GET', '/healthz?' + 'a'.repeat(9 * 1024)), 414],
];
for (const [name, bytes, status] of heads) {
	test(`${name} is refused with ${status}`, async () => {
		const r = await s.raw(bytes);
		assert.ok(r.closed);
		// The rest of a large head may still be on its way when the connection ends.
		if (r.text !== '' || bytes.length < 1 << 18) assert.deepEqual([...new Set(r.statuses)], [status], r.text);
	});
}
test('an address of a megabyte ends the connection', async () => {
	const r = await s.raw(head('GET', '/' + 'a'.repeat(1 << 20)));
	assert.ok(r.closed);
	assert.ok(!r.statuses.includes(200));
});
test('sixty headers of a browser with extensions are taken', async () => {
	const r = await s.raw(head('GET', '/healthz', 'X-Abc: defghijklmnopqrstuvwxyz\r\n'.repeat(60)));
	assert.deepEqual(r.statuses, [200]);
});
test('a query of 60 parameters and empty ones is taken', async () => {
	const r = await s.raw(head('GET', '/healthz?' + 'a=b&&c&=d&'.repeat(60)));
	assert.deepEqual(r.statuses, [200]);
});

/** Sizes of bodies. The limit is looked at before anybody is asked who they are. */
const target = '/api/v1/people/1/actions';
test('a body over the limit, declared, is answered with 413', async () => {
	const body = 'x'.repeat(2 << 20);
	const r = await s.raw(head('POST', target, `Content-Length: ${body.length}\r\n`) + body);
	assert.deepEqual(r.statuses, [413]);
});
test('a body of a gigabyte, declared, is answered before it is sent', async () => {
	const r = await s.raw(head('POST', target, 'Content-Length: 1073741824\r\n'));
	assert.deepEqual(r.statuses, [413]);
	assert.ok(r.closed);
});
test('a body over the limit, in chunks, is answered with 413', async () => {
	const chunk = `10000\r\n${'x'.repeat(65536)}\r\n`;
	const r = await s.raw(head('POST', target, 'Transfer-Encoding: chunked\r\n') + chunk.repeat(32) + '0\r\n\r\n');
	assert.deepEqual(r.statuses, [413]);
});
test('a body without end, in chunks, ends the connection', async () => {
	const chunk = `10000\r\n${'x'.repeat(65536)}\r\n`;
	const r = await s.raw(head('POST', target, 'Transfer-Encoding: chunked\r\n') + chunk.repeat(320), { quiet: 2000 });
	assert.ok(r.closed);
	assert.ok(r.statuses.every((x) => x === 413));
});
test('after 413 the connection goes on with the next request', async () => {
	const body = 'x'.repeat(2 << 20);
	const r = await s.raw(head('POST', target, `Content-Length: ${body.length}\r\n`) + body + head('GET', '/healthz'));
	assert.deepEqual(r.statuses, [413, 200]);
});

/** Answers. */
test('every answer has the headers of safety', async () => {
	for (const path of ['/healthz', '/nope', '/api/v1/funnel', '/%']) {
		const r = await s.fetch(path);
		assert.equal(r.headers.get('x-content-type-options'), 'nosniff', path);
		assert.match(r.headers.get('content-security-policy'), /frame-ancestors 'none'/, path);
		assert.ok(r.headers.get('referrer-policy'), path);
		assert.equal(r.headers.get('cross-origin-resource-policy'), 'same-origin', path);
		assert.equal(r.headers.get('server'), null, path);
		await r.arrayBuffer();
	}
});
test('errors are problem documents with a number to ask about, and nothing of the inside', async () => {
	const r = await s.fetch('/api/v1/nope');
	assert.equal(r.headers.get('content-type'), 'application/problem+json');
	assert.match(r.headers.get('x-request-id'), /^\d+$/);
	const p = await r.json();
	assert.equal(p.status, 404);
	assert.doesNotMatch(JSON.stringify(p), /\.c:|src\/|sqlite|\/tmp|data\//i);
});
test('HSTS only behind TLS, and only a trusted proxy can say so', async () => {
	const plain = await s.fetch('/healthz');
	assert.equal(plain.headers.get('strict-transport-security'), null);
	const tls = await s.fetch('/healthz', { headers: { 'X-Forwarded-Proto': 'https' } });
	assert.match(tls.headers.get('strict-transport-security'), /max-age=/);
});
test('HSTS is not said on the word of a stranger', async (t) => {
	const other = await Serving.start(t, { env: { TRICHTER_TRUSTED_PROXIES: '203.0.113.7' } });
	const r = await other.fetch('/healthz', { headers: { 'X-Forwarded-Proto': 'https' } });
	assert.equal(r.headers.get('strict-transport-security'), null);
});
test('metrics are not for those who come through a proxy', async () => {
	assert.equal((await s.fetch('/metrics')).status, 200);
	for (const name of ['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP']) {
		const r = await s.fetch('/metrics', { headers: { [name]: '203.0.113.9' } });
		assert.equal(r.status, 401, name);
		await r.arrayBuffer();
	}
});
test('the access log names routes, never paths, queries or addresses', async () => {
	await (await s.fetch('/api/v1/people/4711?secret=abc', { headers: { 'X-Forwarded-For': '203.0.113.9' } })).arrayBuffer();
	for (let i = 0; i < 600 && !/event=request.*people/.test(s.log); i++) await new Promise((r) => setTimeout(r, 50));
	assert.match(s.log, /event=request.*people/);
	assert.doesNotMatch(s.log, /4711|secret|203\.0\.113|127\.0\.0\.1/);
});

/** Times; all at once, since each waits. */
describe('slow clients', { concurrency: true }, () => {
	const drip = (first, piece, every, most) =>
		new Promise((done) => {
			const began = Date.now();
			let text = '';
			const socket = net.connect(s.port, '127.0.0.1');
			const timer = setInterval(() => socket.write(piece), every);
			const give_up = setTimeout(() => finish(false), most);
			const finish = (closed) => {
				clearInterval(timer);
				clearTimeout(give_up);
				socket.destroy();
				done({ closed, text, ms: Date.now() - began });
			};
			socket.on('data', (d) => (text += d));
			socket.on('error', () => finish(true));
			socket.on('close', () => finish(true));
			if (first) socket.write(first);
		});
	test('a head that comes a byte a second is cut off with 408', async () => {
		const r = await drip('GET /healthz HTTP/1.1\r\nHost: a\r\n', 'X-A: b\r\n', 1000, 20000);
		assert.ok(r.closed && r.ms < 15000, `${r.ms} ms`);
		assert.match(r.text, /^HTTP\/1\.1 408/);
	});
	test('a first line that comes a byte a second is cut off', async () => {
		const r = await drip('GET /', 'a', 1000, 20000);
		assert.ok(r.closed && r.ms < 15000, `${r.ms} ms`);
	});
	test('a connection that says nothing is closed', async () => {
		const r = await drip('', '', 60000, 20000);
		assert.ok(r.closed && r.ms < 15000, `${r.ms} ms`);
	});
	test('a body that comes a byte a second is cut off with 408', async () => {
		const r = await drip(head('POST', target, 'Content-Length: 1000\r\n'), 'x', 1000, 35000);
		assert.ok(r.closed && r.ms < 30000, `${r.ms} ms`);
		assert.match(r.text, /^HTTP\/1\.1 408/);
	});
	test('chunks that come a byte a second are cut off', async () => {
		const r = await drip(head('POST', target, 'Transfer-Encoding: chunked\r\n'), '1\r\nx\r\n', 1000, 35000);
		assert.ok(r.closed && r.ms < 30000, `${r.ms} ms`);
	});
	test('others are answered at once meanwhile', async () => {
		await new Promise((r) => setTimeout(r, 2000));
		const began = Date.now();
		assert.equal((await s.fetch('/readyz')).status, 200);
		assert.ok(Date.now() - began < 5000);
	});
});
