// auth_matrix.test.mjs - every role and every scope on every route of the table.
//
// What it is:   generated from the program's own description: what a route needs is its x-may. Each
//               is asked as nobody, as each role, and with a key of each scope; who may must get
//               past the door, who may not must be told 401 or 403, and nothing in between.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client, Server } from './server.mjs';

/* Said here once more, on purpose: a slip in the program's table shows as a difference. */
const roles = {
	administrator: ['signed_in', 'read', 'work', 'market', 'import', 'configure', 'administer'],
	operations: ['signed_in', 'read', 'work', 'market', 'import', 'configure'],
	marketing: ['signed_in', 'read', 'work', 'market', 'import'],
	sales: ['signed_in', 'read', 'work'],
	'read-only': ['signed_in', 'read'],
};
const scopes = ['read', 'work', 'market', 'import', 'configure', 'administer', 'collect'];
const word = (may) => may.replaceAll('-', '_');

/* These would end what the test stands on, or never answer. */
const ends = new Set(['DELETE /api/v1/session', 'DELETE /api/v1/account/sessions', 'GET /api/v1/live']);

describe('the table of who may', () => {
	const end = [];
	let s;
	let operations;
	before(async () => {
		s = await Server.start({ after: (f) => end.push(f) });
		const d = JSON.parse(s.trichter.ok('help', '--openapi'));
		operations = Object.entries(d.paths).flatMap(([path, item]) =>
			Object.entries(item)
				.filter(([, o]) => o.operationId)
				.map(([method, o]) => ({ method: method.toUpperCase(), path, may: word(o['x-may']), body: !!o.requestBody, name: `${method.toUpperCase()} ${path}` })));
	});
	after(async () => {
		for (const f of end.reverse()) await f();
	});

	/* Past the door? A number that nobody has, and a body that says nothing, stop what lies behind. */
	async function door(client, o) {
		const path = o.path.replace(/\{[^}]+\}/g, '987654321');
		if (o.name === 'GET /api/v1/live') {
			const stop = new AbortController();
			const headers = client.key ? { Authorization: `Bearer ${client.key}` } : { Cookie: client.cookie };
			const r = await fetch(client.base + path, { headers, signal: stop.signal });
			stop.abort();
			return r.status;
		}
		return (await client.ask(o.method, path, o.body ? { nothing: true } : undefined)).status;
	}
	async function compare(client, may, refusal) {
		const wrong = [];
		for (const o of operations) {
			if (!o.path.startsWith('/api/') || (ends.has(o.name) && o.method === 'DELETE')) continue;
			const status = await door(client, o);
			const open = o.may === 'anyone' || may.includes(o.may);
			const refused = status === 401 || status === 403;
			// what anyone may ask for still asks for its own proof: a password, a token
			if (o.may === 'anyone' ? status >= 500 : open === refused || status >= 500) wrong.push(`${o.name} needs ${o.may}: ${status}`);
			if (!open && status !== refusal) wrong.push(`${o.name}: ${status}, not ${refusal}`);
		}
		assert.deepEqual(wrong, []);
	}

	test('every route of the API says what it needs', () => {
		const known = new Set(['anyone', ...roles.administrator, ...scopes]);
		assert.ok(operations.length > 40);
		for (const o of operations) assert.ok(known.has(o.may), `${o.name}: ${o.may}`);
	});
	test('what anyone may is little, and changes nothing but by its own proof', () => {
		const open = operations.filter((o) => o.may === 'anyone' && o.path.startsWith('/api/')).map((o) => o.name).sort();
		assert.deepEqual(open, ['GET /api/v1/openapi.json', 'GET /api/v1/session', 'POST /api/v1/link', 'POST /api/v1/session', 'POST /api/v1/setup']);
	});
	test('nobody gets past any door', async () => {
		await compare(s.nobody, [], 401);
	});
	for (const [role, may] of Object.entries(roles))
		test(`${role} may exactly what the table says`, async () => {
			await compare(await s.as(role), may, 403);
		});
	for (const scope of scopes)
		test(`a key that may ${scope} may nothing else`, async () => {
			await compare(s.key(scope), [scope], 403);
		});
	test('a cookie alone changes nothing on any route', async () => {
		const c = await s.signIn('administrator@example.com');
		const wrong = [];
		for (const o of operations) {
			if (!o.path.startsWith('/api/') || o.method === 'GET' || o.may === 'anyone') continue;
			const status = await door(new Client(s.base, { cookie: c.cookie }), o);
			if (status !== 403) wrong.push(`${o.name}: ${status}`);
		}
		assert.deepEqual(wrong, []);
	});
});
