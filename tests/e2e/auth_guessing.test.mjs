// auth_guessing.test.mjs - who may: passwords, codes and links that are guessed.
// Each test is one probe, and its name stands in SECURITY.md.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fresh, session, shared, timed } from './auth-probes.mjs';
import { password, Server } from './server.mjs';
import { totp } from './totp.mjs';

describe('guessing', () => {
	const b = shared();
	const tried = (email, secret = 'wrong password 1') => b.s.nobody.post('/api/v1/session', { email, password: secret });

	test('an address that nobody has is answered as a wrong password is', async () => {
		const known = await tried(b.email);
		const unknown = await tried(fresh());
		assert.equal(known.status, 401);
		assert.equal(unknown.text, known.text);
		assert.deepEqual([...unknown.headers.keys()].sort(), [...known.headers.keys()].sort());
	});
	test('an address that nobody has takes as long', async () => {
		const known = [];
		const unknown = [];
		for (let i = 0; i < 9; i++) {
			const email = b.s.user('sales', fresh());
			known.push(await timed(() => tried(email)));
			unknown.push(await timed(() => tried(fresh())));
		}
		// The quickest of each: what else the machine does only adds.
		const ratio = Math.min(...known) / Math.min(...unknown);
		assert.ok(ratio > 0.5 && ratio < 2, `known/unknown = ${ratio.toFixed(2)}`);
		assert.ok(Math.min(...unknown) > 10, 'something is hashed');
	});
	test('a user who is shut out, or has no password, is answered alike', async () => {
		const out = b.s.user('sales', fresh());
		b.s.trichter.ok('user', 'disable', out);
		const none = fresh();
		b.s.trichter.ok('user', 'add', none, '--no-password');
		const want = (await tried(fresh())).text;
		assert.equal((await tried(out, password)).text, want);
		assert.equal((await tried(none, '')).status, 400);
		assert.equal((await tried(none, password)).text, want);
	});
	test('one-time links tell nothing about who has one', async () => {
		const r = await b.s.nobody.post('/api/v1/link', { token: 'x'.repeat(43) });
		assert.equal(r.status, 403);
		assert.doesNotMatch(r.text, /@/);
	});
	test('who asks for the session learns only whether there is any user', async () => {
		const r = await b.s.nobody.get('/api/v1/session');
		assert.deepEqual(Object.keys(r.json).sort(), ['detail', 'setup', 'status', 'title', 'type']);
		assert.equal(r.json.setup, false);
	});
});

describe('guessing many times', () => {
	test('wrong passwords have to wait, longer each time', async (t) => {
		const s = await Server.start(t);
		const email = s.user('sales', fresh());
		const attempt = (secret) => s.nobody.post('/api/v1/session', { email, password: secret });
		const waits = [];
		for (let free = 0; waits.length === 0 || waits.at(-1) < 4;) {
			const r = await attempt('wrong password 1');
			if (r.status === 401 && waits.length === 0) free++;
			if (r.status === 401) continue;
			assert.equal(r.status, 429);
			assert.ok(free >= 5);
			waits.push(Number(r.headers.get('retry-after')));
			assert.ok(waits.length < 10, String(waits));
			if (waits.at(-1) < 4) await new Promise((f) => setTimeout(f, waits.at(-1) * 1000 + 50));
		}
		assert.ok(waits[0] >= 1);
		assert.deepEqual(waits, waits.toSorted((x, y) => x - y));
		const right = await attempt(password);
		assert.equal(right.status, 429, 'the right one has to wait as well');
		assert.deepEqual(right.cookies, []);
	});
	/* Five cost nothing; then one has to wait. Three come at once then, since on a slow machine the
	   second for which the sixth has to wait may be over before it comes. */
	const throttled = async (attempt, refusal = 401) => {
		for (let i = 0; i < 5; i++) assert.equal((await attempt(i)).status, refusal);
		const late = (await Promise.all([5, 6, 7].map(attempt))).map((r) => r.status);
		assert.ok(late.filter((x) => x !== 429).length <= 1, String(late));
	};
	test('an address that nobody has has to wait as well', async (t) => {
		const s = await Server.start(t);
		await throttled(() => s.nobody.post('/api/v1/session', { email: 'nobody@example.com', password: 'wrong password 1' }));
	});
	test('a forged address of the client is no way around', async (t) => {
		const s = await Server.start(t, { env: { TRICHTER_TRUSTED_PROXIES: '192.0.2.1' } });
		await throttled((i) =>
			s.nobody.post('/api/v1/session', { email: 'a@example.com', password: 'wrong password 1' }, { 'X-Forwarded-For': `198.51.${i}.7`, Forwarded: `for=198.51.${i}.7`, 'X-Real-IP': `198.51.${i}.7` }));
	});
	test('another spelling of the address is no way around', async (t) => {
		const s = await Server.start(t);
		const spellings = ['a@example.com', 'A@example.com', ' a@example.com', 'a@EXAMPLE.com ', 'A@EXAMPLE.COM', 'a@Example.Com', 'A@Example.com', ' a@example.com '];
		await throttled((i) => s.nobody.post('/api/v1/session', { email: spellings[i], password: 'wrong password 1' }));
	});
	test('many passwords at once are no way around', async (t) => {
		const s = await Server.start(t);
		const email = s.user('sales', fresh());
		const began = Date.now();
		const all = await Promise.all(Array.from({ length: 30 }, (_, i) => s.nobody.post('/api/v1/session', { email, password: `wrong password ${i}` })));
		// Where hashing takes seconds, waits of 1, 2, 4 ... seconds are over meanwhile.
		const over = Math.floor(Math.log2((Date.now() - began) / 1000 + 1));
		assert.ok(all.filter((r) => r.status === 401).length <= 5 + over);
		assert.ok(all.every((r) => r.status === 401 || r.status === 429));
	});
	test('many sign-ins at once take neither the memory nor the rest of the server', async (t) => {
		const s = await Server.start(t);
		const reader = await s.as('read-only');
		const peak = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${s.child.pid}/status`, 'utf8'))[1]) / 1024;
		const start = peak();
		let answered = 0;
		const attempt = (i) => s.nobody.post('/api/v1/session', { email: `u${i}@example.com`, password: 'wrong password 1' });
		const flood = Promise.all(Array.from({ length: 55 }, async (_, i) => {
			const r = await attempt(i);
			answered++;
			return r;
		}));
		for (let i = 0; i < 5; i++) assert.equal(await session(reader), 200);
		const before = answered;
		const all = await flood;
		assert.ok(all.every((r) => [401, 429, 503].includes(r.status)), String(all.map((r) => r.status)));
		assert.ok(peak() - start < 3 * 64 + 60, `${Math.round(peak() - start)} MiB more at the peak`);
		// Not by the clock: how long hashing takes is the machine's affair, who waits behind it is ours.
		assert.ok(before < 40, `${before} of 55 were answered before a reader's five questions`);
		assert.equal(await session(reader), 200);
	});
	test('a password without end is refused, not cut and not hashed', async (t) => {
		const s = await Server.start(t);
		const email = s.user('sales', fresh());
		const c = await s.signIn(email);
		const long = 'a1b2c3d4 '.repeat(200);
		assert.equal((await c.post('/api/v1/account/password', { old: password, new: long })).status, 400);
		assert.equal((await s.nobody.post('/api/v1/session', { email, password: `${password}${'x'.repeat(5000)}` })).status, 400);
		assert.equal((await s.nobody.post('/api/v1/session', { email, password: 'x'.repeat(2_000_000) }).catch(() => ({ status: 413 }))).status, 413);
		assert.equal((await s.nobody.post('/api/v1/session', { email, password: password.slice(0, -1) })).status, 401);
		assert.equal((await s.nobody.post('/api/v1/session', { email, password: `${password}\u0000x` })).status, 400);
	});
	test('links cannot be guessed in bulk', async (t) => {
		const s = await Server.start(t);
		await throttled((i) => s.nobody.post('/api/v1/link', { token: `guess${i}` }), 403);
	});
});

describe('the second factor', () => {
	const b = shared();
	/* Somebody with a second factor, and a code that was not used. */
	const guarded = async () => {
		const email = b.s.user('sales', fresh());
		const c = await b.s.signIn(email);
		const { secret } = (await c.post('/api/v1/account/totp', { password })).json;
		const r = await c.post('/api/v1/account/totp/confirm', { code: totp(secret, Date.now() - 30000) });
		assert.equal(r.status, 200, r.text);
		return { email, c, secret, recovery: r.json.recovery };
	};
	const enter = (email, code) => b.s.nobody.post('/api/v1/session', { email, password, code });

	test('the password alone is not enough', async () => {
		const { email } = await guarded();
		const r = await enter(email);
		assert.equal(r.status, 401);
		assert.match(r.json.type, /:code-needed$/);
		assert.deepEqual(r.cookies, []);
	});
	test('that a code is needed is told only with the right password', async () => {
		const { email } = await guarded();
		const r = await b.s.nobody.post('/api/v1/session', { email, password: 'wrong password 1' });
		assert.doesNotMatch(r.json.type, /code-needed/);
	});
	test('a code is not taken twice', async () => {
		const { email, secret } = await guarded();
		const code = totp(secret);
		assert.equal((await enter(email, code)).status, 200);
		assert.equal((await enter(email, code)).status, 401);
	});
	test('the code that switched it on opens nothing', async () => {
		const email = b.s.user('sales', fresh());
		const c = await b.s.signIn(email);
		const { secret } = (await c.post('/api/v1/account/totp', { password })).json;
		const code = totp(secret);
		assert.equal((await c.post('/api/v1/account/totp/confirm', { code })).status, 200);
		assert.equal((await enter(email, code)).status, 401);
	});
	test('a code of two minutes ago, or in two minutes, is not taken', async () => {
		const { email, secret } = await guarded();
		assert.equal((await enter(email, totp(secret, Date.now() - 120000))).status, 401);
		assert.equal((await enter(email, totp(secret, Date.now() + 120000))).status, 401);
	});
	test('a telephone whose clock is half a minute fast gets in', async () => {
		const { email, secret } = await guarded();
		assert.equal((await enter(email, totp(secret, Date.now() + 30000))).status, 200);
	});
	test('codes cannot be tried one after another', async () => {
		const { email } = await guarded();
		const got = [];
		for (let i = 0; i < 8; i++) got.push((await enter(email, String(100000 + i))).status);
		assert.ok(got.includes(429), String(got));
	});
	test('a recovery code lets in once', async () => {
		const { email, recovery } = await guarded();
		assert.equal(recovery.length, 10);
		assert.equal((await enter(email, recovery[0])).status, 200);
		assert.equal((await enter(email, recovery[0])).status, 401);
		assert.equal((await enter(email, recovery[1])).status, 200);
	});
	test('a recovery code that two use at once lets one in', async () => {
		const { email, recovery } = await guarded();
		const all = await Promise.all([1, 2, 3].map(() => enter(email, recovery[5])));
		assert.equal(all.filter((r) => r.status === 200).length, 1);
	});
	test('an open screen alone switches it neither on nor off', async () => {
		const { c, email } = await guarded();
		assert.equal((await c.post('/api/v1/account/totp/off', { password: 'wrong password 1' })).status, 400);
		assert.equal((await c.post('/api/v1/account/totp/off', {})).status, 400);
		assert.equal((await c.post('/api/v1/account/totp', {})).status, 400);
		assert.match((await enter(email)).json.type, /code-needed/);
	});
	test('a secret that was offered in one session is not confirmed in another', async () => {
		const email = b.s.user('sales', fresh());
		const [one, two] = [await b.s.signIn(email), await b.s.signIn(email)];
		const { secret } = (await one.post('/api/v1/account/totp', { password })).json;
		assert.equal((await two.post('/api/v1/account/totp/confirm', { code: totp(secret) })).status, 409);
	});
	test('the secret is shown once and never again', async () => {
		const { c, secret } = await guarded();
		for (const path of ['/api/v1/session', '/api/v1/account/sessions'])
			assert.ok(!(await c.get(path)).text.includes(secret), path);
		assert.ok(!(await b.admin.get('/api/v1/audit?limit=500')).text.includes(secret));
		assert.ok(!b.s.trichter.ok('config', 'get').includes(secret));
	});
});

describe('the first run and links', () => {
	test('the token of the first run works once', async (t) => {
		const s = await Server.start(t);
		const body = { token: s.setupToken, name: 'Ann', email: 'ann@example.com', password };
		assert.ok(s.setupToken.length >= 43);
		assert.equal((await s.nobody.post('/api/v1/setup', { ...body, password: 'short' })).status, 400);
		const both = await Promise.all([s.nobody.post('/api/v1/setup', body), s.nobody.post('/api/v1/setup', { ...body, email: 'eve@example.com' })]);
		assert.equal(both.filter((r) => r.status === 200).length, 1);
		assert.equal((await s.nobody.post('/api/v1/setup', { ...body, email: 'bo@example.com' })).status, 403);
		await s.restart();
		assert.equal(s.setupToken, '');
	});
	test('a wrong token makes no administrator', async (t) => {
		const s = await Server.start(t);
		for (const token of ['x', s.setupToken.slice(0, -1), `${s.setupToken}x`, s.setupToken.toLowerCase()])
			assert.equal((await s.nobody.post('/api/v1/setup', { token, name: 'Eve', email: 'eve@example.com', password })).status, 403);
		assert.equal((await s.nobody.get('/api/v1/session')).json.setup, true);
	});
	test('a token of an earlier start is worth nothing', async (t) => {
		const s = await Server.start(t);
		const old = s.setupToken;
		await s.restart();
		assert.notEqual(s.setupToken, old);
		assert.equal((await s.nobody.post('/api/v1/setup', { token: old, name: 'Eve', email: 'eve@example.com', password })).status, 403);
	});
	test('once there is a user the first run is over', async (t) => {
		const s = await Server.start(t);
		const token = s.setupToken;
		s.user('sales', 'bo@example.com');
		assert.equal((await s.nobody.post('/api/v1/setup', { token, name: 'Eve', email: 'eve@example.com', password })).status, 403);
	});
	test('the token of the first run is in no log', async (t) => {
		const s = await Server.start(t);
		await s.nobody.post('/api/v1/setup', { token: s.setupToken, name: 'Ann', email: 'ann@example.com', password });
		await s.stop();
		assert.ok(!s.log.includes(s.setupToken));
		assert.ok(!s.log.includes('ann@example.com'));
	});
	test('looking at a link does not use it up; using it does', async (t) => {
		const s = await Server.start(t);
		const email = s.user('sales', 'bo@example.com');
		const path = s.trichter.ok('user', 'link', email).trim();
		for (const method of ['GET', 'HEAD', 'GET']) {
			const r = await s.nobody.ask(method, path);
			assert.equal(r.status, 200);
			assert.deepEqual(r.cookies, []);
		}
		const token = path.slice(4);
		const both = await Promise.all([1, 2].map(() => s.nobody.post('/api/v1/link', { token })));
		assert.deepEqual(both.map((r) => r.status).sort(), [200, 403]);
		await s.stop();
		assert.ok(!s.log.includes(token), 'the token stands in the log');
	});
	test('a newer link ends the older one', async (t) => {
		const s = await Server.start(t);
		const email = s.user('sales', 'bo@example.com');
		const [old, now] = [1, 2].map(() => s.trichter.ok('user', 'link', email).trim().slice(4));
		assert.equal((await s.nobody.post('/api/v1/link', { token: old })).status, 403);
		assert.equal((await s.nobody.post('/api/v1/link', { token: now })).status, 200);
	});
	test('a link of somebody who is shut out is dead', async (t) => {
		const s = await Server.start(t);
		s.user('administrator', 'ann@example.com');
		const email = s.user('sales', 'bo@example.com');
		const token = s.trichter.ok('user', 'link', email).trim().slice(4);
		s.trichter.ok('user', 'disable', email);
		assert.equal((await s.nobody.post('/api/v1/link', { token })).status, 403);
		assert.equal(s.trichter.run('user', 'link', email).status, 3);
	});
});
