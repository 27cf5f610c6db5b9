// auth_hostile.test.mjs - who may: forged requests, sessions, cookies.
// Each test is one probe, and its name stands in SECURITY.md.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fresh, other, session, shared } from './auth-probes.mjs';
import { Client, clientOf, password, Server } from './server.mjs';

describe('forged requests', () => {
	const b = shared();
	const change = (headers, body = { name: 'Ann' }) => b.admin.patch('/api/v1/account', body, headers);

	test('a change without the token is refused', async () => {
		assert.equal((await change({ 'X-CSRF-Token': null })).status, 403);
	});
	test('a change with a wrong token is refused', async () => {
		assert.equal((await change({ 'X-CSRF-Token': 'x'.repeat(43) })).status, 403);
		assert.equal((await change({ 'X-CSRF-Token': b.admin.csrf.slice(0, -1) })).status, 403);
		assert.equal((await change({ 'X-CSRF-Token': '' })).status, 403);
	});
	test('a change with the token of another session is refused', async () => {
		const again = await b.s.signIn(b.email);
		assert.notEqual(again.csrf, b.admin.csrf);
		assert.equal((await change({ 'X-CSRF-Token': again.csrf })).status, 403);
	});
	test('a token in the address is not taken', async () => {
		const r = await b.admin.patch(`/api/v1/account?csrf=${b.admin.csrf}&X-CSRF-Token=${b.admin.csrf}`, { name: 'Ann' }, { 'X-CSRF-Token': null });
		assert.equal(r.status, 403);
	});
	test('the right token from our own page is taken', async () => {
		assert.equal((await change({ Origin: b.s.base, 'Sec-Fetch-Site': 'same-origin' })).status, 204);
	});
	test('a request of another site is refused, with the token as well', async () => {
		assert.equal((await change({ Origin: 'https://evil.example' })).status, 403);
	});
	test('an origin that only begins like ours is refused', async () => {
		for (const o of [`${b.s.base}.evil.example`, `${b.s.base}0`, b.s.base.slice(0, -1), `http://evil.example/${b.s.base}`])
			assert.equal((await change({ Origin: o })).status, 403, o);
	});
	test('the origin null is refused', async () => {
		assert.equal((await change({ Origin: 'null' })).status, 403);
	});
	test('what the browser calls cross-site is refused', async () => {
		assert.equal((await change({ 'Sec-Fetch-Site': 'cross-site' })).status, 403);
	});
	test('a neighbour of the same site is refused', async () => {
		assert.equal((await change({ 'Sec-Fetch-Site': 'same-site' })).status, 403);
	});
	test('a form of another site signs nobody in', async () => {
		const r = await b.s.nobody.post('/api/v1/session', `email=${b.email}&password=${encodeURIComponent(password)}`, { 'Content-Type': 'application/x-www-form-urlencoded', Origin: 'https://evil.example' });
		assert.equal(r.status, 403);
		assert.deepEqual(r.cookies, []);
	});
	test('a form that holds JSON as plain text changes nothing', async () => {
		const body = JSON.stringify({ email: b.email, password });
		const r = await b.s.nobody.post('/api/v1/session', body, { 'Content-Type': 'text/plain' });
		assert.equal(r.status, 415);
		assert.deepEqual(r.cookies, []);
		assert.equal((await change({ 'Content-Type': 'text/plain' }, JSON.stringify({ name: 'Eve' }))).status, 415);
	});
	test('a sign-in that another site starts is refused', async () => {
		const r = await b.s.nobody.post('/api/v1/session', { email: b.email, password }, { 'Sec-Fetch-Site': 'cross-site' });
		assert.equal(r.status, 403);
	});
	test('the API allows no other site to read', async () => {
		for (const method of ['GET', 'OPTIONS', 'POST']) {
			const r = await b.admin.ask(method, '/api/v1/session', undefined, { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' });
			for (const [name] of r.headers) assert.ok(!name.startsWith('access-control'), `${method}: ${name}`);
		}
	});
	test('private answers are kept by nobody', async () => {
		for (const path of ['/api/v1/session', '/api/v1/users', '/api/v1/account/sessions', '/api/v1/none', '/api/v1/funnel'])
			assert.equal((await b.admin.get(path)).headers.get('cache-control'), 'no-store', path);
		assert.equal((await b.s.nobody.get('/api/v1/users')).headers.get('cache-control'), 'no-store');
	});
	test('no page and no answer stands in a frame of another site', async () => {
		for (const path of ['/', '/login', '/setup', '/in/x', '/settings/users', '/api/v1/session']) {
			const r = await b.admin.get(path);
			assert.match(r.headers.get('content-security-policy'), /frame-ancestors 'none'/, path);
			assert.equal(r.headers.get('x-content-type-options'), 'nosniff', path);
		}
		assert.equal((await b.admin.get('/login')).headers.get('x-frame-options'), 'DENY');
	});
	test('scripts that stand in a page do not run', async () => {
		const csp = (await b.admin.get('/login')).headers.get('content-security-policy');
		assert.doesNotMatch(csp, /unsafe-inline|unsafe-eval|\*/);
	});
	test('a page that is left tells the next site no address', async () => {
		assert.match((await b.admin.get('/in/some-token')).headers.get('referrer-policy'), /same-origin|no-referrer/);
	});
});

describe('sessions and cookies', () => {
	const b = shared();

	test('the cookie is out of reach of scripts and of other sites', async () => {
		const r = await b.s.nobody.post('/api/v1/session', { email: b.email, password });
		assert.equal(r.cookies.length, 1);
		const parts = r.cookies[0].split('; ').slice(1).sort();
		assert.deepEqual(parts, ['HttpOnly', 'Max-Age=2592000', 'Path=/', 'SameSite=Strict']);
		assert.match(r.cookies[0], /^trichter=[\w-]{43};/);
	});
	test('a session that was planted does not become the one of who signs in', async () => {
		const mine = await b.s.signIn(b.email);
		const r = await mine.post('/api/v1/session', { email: b.email, password });
		const next = clientOf(b.s.base, r);
		assert.notEqual(next.cookie, mine.cookie);
		assert.equal(await session(mine), 401);
		assert.equal(await session(next), 200);
	});
	test('a token that somebody made up is no session', async () => {
		for (const token of ['', 'x', 'A'.repeat(43), '../../etc/passwd', '%00', '"', "' or 1=1 --", 'ä'.repeat(20)]) {
			const c = new Client(b.s.base, { cookie: `trichter=${encodeURI(token)}` });
			assert.equal(await session(c), 401, token);
		}
	});
	test('a token with one letter changed is no session', async () => {
		const last = b.admin.cookie.at(-1) === 'A' ? 'B' : 'A';
		assert.equal(await session(new Client(b.s.base, { cookie: b.admin.cookie.slice(0, -1) + last })), 401);
		assert.equal(await session(new Client(b.s.base, { cookie: `${b.admin.cookie}x` })), 401);
	});
	test('two cookies of one name are none', async () => {
		const good = b.admin.cookie;
		assert.equal(await session(new Client(b.s.base, { cookie: `trichter=evil; ${good}` })), 401);
		assert.equal(await session(new Client(b.s.base, { cookie: `${good}; trichter=evil` })), 401);
		assert.equal(await session(new Client(b.s.base, { cookie: `a=b; ${good}; c=d` })), 200);
	});
	test('a cookie whose name only looks alike is not ours', async () => {
		const token = b.admin.cookie.split('=')[1];
		for (const name of ['Trichter', 'xtrichter', 'trichter2', '__Host-trichter', '__Secure-trichter'])
			assert.equal(await session(new Client(b.s.base, { cookie: `${name}=${token}` })), 401, name);
	});
	test('cookies without end are refused', async () => {
		const r = await b.s.nobody.get('/api/v1/session', { Cookie: `trichter=${'a'.repeat(12000)}` }).catch(() => ({ status: 431 }));
		assert.ok([400, 401, 431].includes(r.status), String(r.status));
		const many = Array.from({ length: 300 }, (_, i) => `c${i}=1`).join('; ');
		// closed without a word when the cookies alone fill the connection's memory
		const r2 = await b.s.nobody.get('/api/v1/session', { Cookie: many }).catch(() => ({ status: 431 }));
		assert.ok([401, 431].includes(r2.status), String(r2.status));
		assert.equal(await session(b.admin), 200);
	});
	test('signing out ends the session, not only the cookie', async () => {
		const c = await b.s.signIn(b.email);
		const r = await c.delete('/api/v1/session');
		assert.equal(r.status, 204);
		assert.match(r.cookies[0], /^trichter=; .*Max-Age=0/);
		assert.equal(await session(c), 401);
	});
	test('a new password ends every other session', async () => {
		const email = b.s.user('sales', fresh());
		const [one, two] = [await b.s.signIn(email), await b.s.signIn(email)];
		const r = await one.post('/api/v1/account/password', { old: password, new: other });
		assert.equal(r.status, 200);
		assert.equal(await session(two), 401);
		assert.equal(await session(one), 401);
		assert.equal(await session(clientOf(b.s.base, r)), 200);
		assert.equal((await b.s.nobody.post('/api/v1/session', { email, password })).status, 401);
	});
	test('a password set on the console ends all sessions', async () => {
		const email = b.s.user('sales', fresh());
		const c = await b.s.signIn(email);
		b.s.trichter.ok('user', 'password', email, '--password-stdin', { input: `${other}\n` });
		assert.equal(await session(c), 401);
		await b.s.signIn(email, { secret: other });
	});
	test('an open screen alone does not change the password', async () => {
		const email = b.s.user('sales', fresh());
		const c = await b.s.signIn(email);
		for (const old of [undefined, '', 'wrong password'])
			assert.equal((await c.post('/api/v1/account/password', { old, new: other })).status, 400);
		assert.equal(await session(c), 200);
	});
	test('sessions of others can be neither seen nor ended', async () => {
		const c = await b.s.signIn(b.s.user('sales', fresh()));
		const theirs = (await b.admin.get('/api/v1/account/sessions')).json.rows[0].session;
		const mine = (await c.get('/api/v1/account/sessions')).json.rows;
		assert.equal(mine.length, 1);
		assert.equal((await c.delete(`/api/v1/account/sessions/${theirs}`)).status, 404);
		assert.equal(await session(b.admin), 200);
	});
	test('a session that is ended in the list is dead', async () => {
		const email = b.s.user('sales', fresh());
		const [one, two] = [await b.s.signIn(email), await b.s.signIn(email)];
		const row = (await one.get('/api/v1/account/sessions')).json.rows.find((r) => !r.current);
		assert.equal((await one.delete(`/api/v1/account/sessions/${row.session}`)).status, 204);
		assert.equal(await session(two), 401);
		assert.equal(await session(one), 200);
	});
	test('the list of sessions tells a browser and a network, no more', async () => {
		const r = await b.s.nobody.post('/api/v1/session', { email: b.email, password }, { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0 <script>' });
		const row = (await clientOf(b.s.base, r).get('/api/v1/account/sessions')).json.rows.find((x) => x.current);
		assert.equal(row.device, 'Firefox, Linux');
		assert.equal(row.network, '127.0.0.0/24');
	});
	test('a user who is shut out is out at once', async () => {
		const email = b.s.user('sales', fresh());
		const c = await b.s.signIn(email);
		b.s.trichter.ok('user', 'disable', email);
		assert.equal(await session(c), 401);
		assert.equal((await c.get('/api/v1/funnel')).status, 401);
	});
	test('a role that is taken away is gone at once', async () => {
		const email = b.s.user('operations', fresh());
		const c = await b.s.signIn(email);
		assert.equal((await c.get('/api/v1/keys')).status, 200);
		b.s.trichter.ok('user', 'role', email, 'sales');
		assert.equal((await c.get('/api/v1/keys')).status, 403);
	});
	test('sessions are still there after a restart, and dead ones are not', async () => {
		const email = b.s.user('sales', fresh());
		const [lives, dies] = [await b.s.signIn(email), await b.s.signIn(email)];
		await dies.delete('/api/v1/session');
		await b.s.restart('SIGKILL');
		assert.equal(await session(lives), 200);
		assert.equal(await session(dies), 401);
		assert.equal((await lives.patch('/api/v1/account', { name: 'Bo' })).status, 204);
	});
	test('what lies on the disk opens no session', async () => {
		const token = b.admin.cookie.split('=')[1];
		for (const name of readdirSync(b.s.trichter.data)) {
			const path = join(b.s.trichter.data, name);
			let bytes = '';
			try {
				bytes = readFileSync(path, 'latin1');
			} catch {
				continue; // a socket or a folder
			}
			assert.ok(!bytes.includes(token), name);
			assert.ok(!bytes.includes(password), name);
		}
		const kept = JSON.parse(readFileSync(join(b.s.trichter.data, 'sessions'), 'utf8'));
		const c = new Client(b.s.base, { cookie: `trichter=${kept.sessions[0].hash}` });
		assert.equal(await session(c), 401);
	});
});

describe('behind TLS', () => {
	const b = shared({ env: { TRICHTER_TRUSTED_PROXIES: '127.0.0.1' } });
	const tls = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '203.0.113.9' };
	const signIn = () => b.s.nobody.post('/api/v1/session', { email: b.email, password }, tls);

	test('behind TLS the cookie is Secure and of this host alone', async () => {
		const r = await signIn();
		assert.match(r.cookies[0], /^__Host-trichter=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/);
		assert.match(r.headers.get('strict-transport-security') ?? '', /max-age=/);
	});
	test('behind TLS a cookie without the prefix is not looked at', async () => {
		const token = /=([\w-]{43});/.exec((await signIn()).cookies[0])[1];
		assert.equal((await b.s.nobody.get('/api/v1/session', { ...tls, Cookie: `__Host-trichter=${token}` })).status, 200);
		assert.equal((await b.s.nobody.get('/api/v1/session', { ...tls, Cookie: `trichter=${token}` })).status, 401);
	});
	test('where somebody signs in from is what the proxy says, shortened', async () => {
		const c = clientOf(b.s.base, await signIn());
		const row = (await c.get('/api/v1/account/sessions', tls)).json.rows.find((x) => x.current);
		assert.equal(row.network, '203.0.113.0/24');
	});
});

test('a header that is split over lines brings no cookie in', async (t) => {
	const s = await Server.start(t);
	const c = await s.as('sales');
	const answer = await new Promise((done) => {
		const socket = net.connect(s.port, '127.0.0.1', () =>
			socket.write(`GET /api/v1/session HTTP/1.1\r\nHost: x\r\nX-A: b\r\n Cookie: ${c.cookie}\r\nConnection: close\r\n\r\n`));
		let text = '';
		socket.on('data', (d) => (text += d));
		socket.on('close', () => done(text));
		socket.on('error', () => done(text));
	});
	assert.doesNotMatch(answer, /^HTTP\/1\.1 200/);
});
