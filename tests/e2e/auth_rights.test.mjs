// auth_rights.test.mjs - who may: keys, roles, the audit log.
// Each test is one probe, and its name stands in SECURITY.md.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fresh, json, other, session, shared, timed } from './auth-probes.mjs';
import { Client, password } from './server.mjs';

describe('keys', () => {
	const b = shared();
	const make = async (kind, ...scopes) => (await b.admin.post('/api/v1/keys', { kind, name: 'k', ...(scopes.length ? { scopes } : {}) })).json;
	const as = (key) => new Client(b.s.base, { key });

	test('a revoked secret key is dead at once', async () => {
		const k = await make('secret', 'read');
		assert.equal((await as(k.token).get('/api/v1/funnel')).status, 200);
		assert.equal((await b.admin.delete(`/api/v1/keys/${k.key}`)).status, 204);
		assert.equal((await as(k.token).get('/api/v1/funnel')).status, 401);
	});
	test('a write key reads nothing', async () => {
		const k = await make('write');
		assert.equal((await as(k.token).get('/api/v1/funnel')).status, 401);
		assert.equal((await as(k.token).get('/api/v1/people')).status, 401);
	});
	test('a key may what its scopes say, and no more', async () => {
		const k = as((await make('secret', 'read')).token);
		assert.equal((await k.get('/api/v1/users')).status, 403);
		assert.equal((await k.get('/api/v1/keys')).status, 403);
		assert.equal((await k.post('/api/v1/people', { email: 'x@example.com' })).status, 403);
	});
	test('a key has no account', async () => {
		const k = as((await make('secret', 'read', 'administer')).token);
		assert.equal((await k.get('/api/v1/account/sessions')).status, 403);
		assert.equal((await k.post('/api/v1/account/password', { new: other })).status, 403);
		assert.equal((await k.get('/api/v1/session')).status, 401);
	});
	test('a key makes no key that may more than itself', async () => {
		const k = as((await make('secret', 'configure', 'administer')).token);
		assert.equal((await k.post('/api/v1/keys', { kind: 'secret', name: 'x', scopes: ['import'] })).status, 403);
		assert.equal((await k.post('/api/v1/keys', { kind: 'secret', name: 'x', scopes: ['collect'] })).status, 403);
		assert.equal((await k.post('/api/v1/keys', { kind: 'secret', name: 'x', scopes: ['configure'] })).status, 201);
	});
	test('who may configure makes write keys, not secret ones', async () => {
		const c = await b.s.signIn(b.s.user('operations', fresh()));
		assert.equal((await c.post('/api/v1/keys', { kind: 'write', name: 'x' })).status, 201);
		assert.equal((await c.post('/api/v1/keys', { kind: 'secret', name: 'x', scopes: ['read'] })).status, 403);
		const secret = await make('secret', 'read');
		assert.equal((await c.delete(`/api/v1/keys/${secret.key}`)).status, 403);
	});
	test('a wrong key beside a good cookie is refused', async () => {
		assert.equal((await b.admin.get('/api/v1/funnel', { Authorization: 'Bearer tsk_wrong' })).status, 401);
		assert.equal((await b.admin.get('/api/v1/funnel', { Authorization: 'Basic !!!' })).status, 401);
		assert.equal((await b.admin.get('/api/v1/funnel', { Authorization: '' })).status, 401);
	});
	test('headers that are no credentials are refused', async () => {
		for (const a of ['Bearer', 'Bearer ', 'Basic ', `Basic ${'A'.repeat(4000)}`, 'Digest x', 'bearer x', `Bearer ${'x'.repeat(8000)}`, 'Basic Og==']) {
			const r = await b.s.nobody.get('/api/v1/funnel', { Authorization: a });
			assert.equal(r.status, 401, a.slice(0, 20));
		}
	});
	test('a secret key as user of Basic is taken', async () => {
		const k = await make('secret', 'read');
		const r = await b.s.nobody.get('/api/v1/funnel', { Authorization: `Basic ${btoa(`${k.token}:`)}` });
		assert.equal(r.status, 200);
	});
	test('a key in the address is not taken', async () => {
		const k = await make('secret', 'read');
		assert.equal((await b.s.nobody.get(`/api/v1/funnel?key=${k.token}&access_token=${k.token}`)).status, 401);
	});
	test('a key is shown once', async () => {
		const k = await make('secret', 'read');
		for (const text of [(await b.admin.get('/api/v1/keys')).text, (await b.admin.get('/api/v1/audit?limit=500')).text,
			b.s.trichter.ok('key', 'list'), b.s.trichter.ok('config', 'get'), b.s.log])
			assert.ok(!text.includes(k.token));
	});
	test('no answer holds a hash', async () => {
		for (const path of ['/api/v1/users', '/api/v1/users/1', '/api/v1/keys', '/api/v1/audit?limit=500', '/api/v1/session', '/api/v1/settings'])
			assert.doesNotMatch((await b.admin.get(path)).text, /argon2|"hash"|"password":"|"totp":"/, path);
		for (const args of [['config', 'get'], ['config', 'get', '--format', 'json'], ['user', 'list', '--format', 'json'], ['key', 'list', '--format', 'csv']])
			assert.doesNotMatch(b.s.trichter.ok(...args), /argon2|hash/, args.join(' '));
		for (const name of ['secret.user.1', 'user.1', 'secret.key.1'])
			assert.doesNotMatch(b.s.trichter.run('config', 'get', name).out, /argon2|hash/, name);
	});
	test('how long a key takes says nothing about its letters', async () => {
		const k = (await make('secret', 'read')).token;
		const turn = (at) => k.slice(0, at) + (k[at] === 'A' ? 'B' : 'A') + k.slice(at + 1);
		const early = [];
		const late = [];
		const ask = (key) => timed(() => as(key).get('/api/v1/funnel'));
		for (let i = 0; i < 20; i++) await ask(turn(10));
		for (let i = 0; i < 200; i++) {
			early.push(await ask(turn(4)));
			late.push(await ask(turn(46)));
		}
		// The quicker ones of each: what else the machine does only adds.
		const quick = (spans) => spans.sort((x, y) => x - y)[20];
		const ratio = quick(early) / quick(late);
		assert.ok(ratio > 0.7 && ratio < 1.43, `first letter / last letter = ${ratio.toFixed(2)}`);
	});
});

describe('more than one may', () => {
	const b = shared();

	test('nobody raises their own role', async () => {
		for (const role of ['read-only', 'sales', 'marketing', 'operations']) {
			const email = b.s.user(role, fresh());
			const c = await b.s.signIn(email);
			await c.patch('/api/v1/account', { name: 'Me', role: 'administrator' });
			const me = (await c.get('/api/v1/session')).json.user;
			assert.equal(me.role, role);
			assert.equal((await c.patch(`/api/v1/users/${me.id}`, { role: 'administrator' })).status, 403);
		}
	});
	test('the last administrator can be neither demoted nor shut out', async () => {
		const me = (await b.admin.get('/api/v1/session')).json.user.id;
		assert.equal((await b.admin.patch(`/api/v1/users/${me}`, { role: 'sales' })).status, 409);
		assert.equal((await b.admin.patch(`/api/v1/users/${me}`, { disabled: true })).status, 409);
		assert.equal(b.s.trichter.run('user', 'disable', b.email).status, 3);
	});
	test('of two administrators who demote each other one stays', async () => {
		const second = await b.s.signIn(b.s.user('administrator', fresh()));
		const [one, two] = await Promise.all([b.admin, second].map((c) => c.get('/api/v1/session').then((r) => r.json.user.id)));
		const all = await Promise.all([b.admin.patch(`/api/v1/users/${two}`, { role: 'sales' }), second.patch(`/api/v1/users/${one}`, { role: 'sales' })]);
		assert.ok(all.filter((r) => r.status === 200).length <= 1, String(all.map((r) => r.status)));
		b.s.trichter.ok('user', 'role', b.email, 'administrator');
	});
	test('a role that does not exist is refused', async () => {
		for (const role of ['god', 'Administrator', '', 'administrator ', 0, null, ['administrator'], {}])
			assert.ok((await b.admin.post('/api/v1/users', { name: 'X', email: fresh(), role })).status >= 400, String(role));
	});
	test('an administrator reads nobody’s password and sets nobody’s', async () => {
		const r = await b.admin.post('/api/v1/users', { name: 'Bo', email: fresh(), role: 'sales', password: other });
		assert.equal(r.status, 201);
		assert.equal((await b.s.nobody.post('/api/v1/session', { email: r.json.user.email, password: other })).status, 401);
		assert.equal((await b.admin.patch(`/api/v1/users/${r.json.user.user}`, { password: other })).status, 200);
		assert.equal((await b.s.nobody.post('/api/v1/session', { email: r.json.user.email, password: other })).status, 401);
	});
	test('numbers of users that make no sense are not found', async () => {
		for (const id of ['0', '-1', '99999', '1e3', '1;drop', '18446744073709551616', '%00', '1%2F2'])
			assert.ok([400, 404].includes((await b.admin.get(`/api/v1/users/${id}`)).status), id);
	});
	test('script in a name is text everywhere', async () => {
		const name = '<script>alert(1)</script>"\'&';
		const r = await b.admin.post('/api/v1/users', { name, email: fresh(), role: 'sales' });
		assert.equal(r.status, 201);
		assert.equal(r.headers.get('content-type'), 'application/json');
		assert.equal((await b.admin.get(`/api/v1/users/${r.json.user.user}`)).json.name, name);
		assert.ok((await b.admin.get('/api/v1/audit')).json.rows.some((x) => x.changes?.some((c) => c.new === name)));
	});
	test('a formula in a name is defused in CSV', async () => {
		b.s.trichter.ok('user', 'add', fresh(), '--name', '=HYPERLINK("http://evil.example")', '--no-password');
		assert.doesNotMatch(b.s.trichter.ok('user', 'list', '--format', 'csv'), /(^|,|")=HYPERLINK/m);
	});
	test('line breaks in names and addresses are refused', async () => {
		for (const [name, email] of [['A\r\nSet-Cookie: x=y', fresh()], ['A', 'a@b.c\r\nBcc: d@e.f'], ['A\u0000B', fresh()], ['A\u001b[31m', fresh()]]) {
			const r = await b.admin.post('/api/v1/users', { name, email, role: 'sales' });
			assert.equal(r.status, 400, JSON.stringify(name));
		}
		assert.equal((await b.admin.post('/api/v1/keys', { kind: 'write', name: 'a\nb' })).status, 400);
	});
	test('bodies of the wrong shape are refused by name of the field', async () => {
		for (const body of [[], 'x', 12, null, { email: 1 }, { email: {} }, { email: ['a'] }, { email: 'a@b.c', password: {} }]) {
			const r = await b.s.nobody.post('/api/v1/session', JSON.stringify(body), json);
			assert.equal(r.status, 400, JSON.stringify(body));
		}
		assert.equal((await b.s.nobody.post('/api/v1/session', '{'.repeat(1000), json)).status, 400);
	});
	test('what asks for too much is refused before it is read', async () => {
		for (const path of ['/api/v1/session', '/api/v1/setup', '/api/v1/link']) {
			const r = await b.s.nobody.post(path, JSON.stringify({ email: 'x'.repeat(100_000) }), json).catch(() => ({ status: 413 }));
			assert.equal(r.status, 413, path);
		}
	});
});

describe('the audit log', () => {
	const b = shared();

	test('it has who, what, when, and from which network, and no address typed by nobody', async () => {
		await b.s.nobody.post('/api/v1/session', { email: 'typed-by-mistake@example.com', password: 'wrong password 1' });
		await b.s.nobody.post('/api/v1/session', { email: b.email, password: 'wrong password 1' });
		const r = await b.admin.get('/api/v1/audit?kind=sign-ins');
		const [known, unknown] = r.json.rows;
		assert.equal(known.what, 'sign_in_failed');
		assert.equal(known.about.id, 'user:1');
		assert.equal(known.network, '127.0.0.0/24');
		assert.equal(unknown.about, undefined);
		assert.ok(!r.text.includes('typed-by-mistake'));
	});
	test('changes are there with what was before, secrets left out', async () => {
		const email = fresh();
		const id = (await b.admin.post('/api/v1/users', { name: 'Bo', email, role: 'sales' })).json.user.user;
		await b.admin.patch(`/api/v1/users/${id}`, { role: 'marketing' });
		b.s.trichter.ok('user', 'password', email, '--password-stdin', { input: `${other}\n` });
		const rows = (await b.admin.get('/api/v1/audit?kind=users')).json.rows;
		assert.equal(rows[0].what, 'secret_changed');
		assert.match(rows[0].by.id, /^cli/);
		assert.deepEqual(rows[0].changes, []);
		assert.deepEqual(rows[1].changes, [{ field: 'role', old: 'sales', new: 'marketing' }]);
		assert.equal(rows[1].by.id, 'user:1');
	});
	test('who takes a list out is in it, with how many rows', async () => {
		const c = await b.s.signIn(b.s.user('marketing', fresh()));
		assert.equal((await c.get('/api/v1/people.csv')).status, 200);
		const row = (await b.admin.get('/api/v1/audit?kind=exports')).json.rows[0];
		assert.equal(row.what, 'exported');
		assert.match(row.detail, /^people.*\.csv, \d+$/);
		assert.equal(row.by.name, 'The marketing');
	});
	test('nobody changes or removes a line', async () => {
		for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
			assert.equal((await b.admin.ask(method, '/api/v1/audit', {})).status, 405, method);
	});
	test('all of it is read page by page, nothing twice', async () => {
		const seen = [];
		for (let after = ''; ; ) {
			const r = (await b.admin.get(`/api/v1/audit?limit=3${after}`)).json;
			seen.push(...r.rows.map((x) => JSON.stringify(x)));
			if (!r.next) break;
			after = `&after=${r.next}`;
		}
		assert.ok(seen.length > 6);
		assert.equal(new Set(seen).size, seen.length);
		const at = seen.map((x) => JSON.parse(x).at);
		assert.deepEqual(at, [...at].sort().reverse());
	});
	test('cursors that make no sense are refused', async () => {
		for (const after of ['x', '1', '.', '1.2.3', '-1.5', '99999999999999999999.1', "1' or 1=1"])
			assert.ok([200, 400].includes((await b.admin.get(`/api/v1/audit?after=${encodeURIComponent(after)}`)).status), after);
		assert.equal((await b.admin.get('/api/v1/audit?after=x')).status, 400);
		assert.equal((await b.admin.get('/api/v1/audit?limit=0')).status, 400);
	});
});
