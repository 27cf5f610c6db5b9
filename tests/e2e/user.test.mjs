// user.test.mjs - trichter user and trichter key, with and without a server beside them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { password, Server } from './server.mjs';
import { Trichter } from './trichter.mjs';

const typed = { input: `${password}\n` };

test('users are made, listed and changed without a server', (t) => {
	const c = new Trichter(t);
	assert.match(c.ok('user', 'add', 'Ann@Example.com', '--name', 'Ann Miller', '--role', 'administrator', '--password-stdin', typed), /ann@example\.com is user 1: administrator/);
	c.ok('user', 'add', 'bo@example.com', '--no-password', '--language', 'de');
	c.ok('user', 'role', 'bo@example.com', 'marketing');
	c.ok('user', 'disable', 'bo@example.com');
	const { users } = c.json('user', 'list');
	assert.deepEqual(users.map((u) => [u.user, u.email, u.name, u.role, u.signs_in_with]), [
		[1, 'ann@example.com', 'Ann Miller', 'administrator', 'password'],
		[2, 'bo@example.com', 'bo', 'marketing', 'disabled'],
	]);
	c.ok('user', 'enable', 'bo@example.com');
	c.ok('user', 'totp-off', 'bo@example.com');
	assert.match(c.ok('user', 'link', 'bo@example.com'), /^\/in\/[\w-]{43}\n$/);
	assert.equal(c.json('user', 'sessions', 'bo@example.com').sessions.length, 0);
});

test('what cannot be is refused, with what would be right', (t) => {
	const c = new Trichter(t);
	c.ok('user', 'add', 'ann@example.com', '--role', 'administrator', '--password-stdin', typed);
	assert.match(c.status(2, 'user', 'add', 'bo@example.com', '--role', 'god', '--no-password').err, /administrator, operations, marketing, sales, read-only/);
	assert.match(c.status(2, 'user', 'add', 'nobody', '--no-password').err, /no e-mail address/);
	assert.match(c.status(2, 'user', 'add', 'bo@example.com', '--password-stdin', { input: 'short\n' }).err, /12 characters/);
	assert.match(c.status(2, 'user', 'add', 'bo@example.com', '--password-stdin', { input: '' }).err, /empty/);
	assert.match(c.status(3, 'user', 'add', 'ANN@example.com', '--no-password').err, /already/);
	assert.match(c.status(3, 'user', 'role', 'ann@example.com', 'sales').err, /last administrator/);
	assert.match(c.status(1, 'user', 'link', 'bo@example.com').err, /no user/);
	assert.match(c.status(2, 'user', 'link').err, /takes an e-mail address/);
	assert.match(c.status(2, 'user', 'fly').err, /no "user fly"/);
	assert.match(c.status(2, 'key', 'add', 'x').err, /--write or --secret/);
	assert.match(c.status(2, 'key', 'add', 'x', '--write', '--scope', 'read').err, /no scopes/);
	assert.match(c.status(2, 'key', 'add', 'x', '--secret').err, /at least one scope/);
	assert.match(c.status(2, 'key', 'add', 'x', '--secret', '--scope', 'fly').err, /read, work/);
	assert.match(c.status(1, 'key', 'revoke', '9').err, /no key 9/);
	assert.equal(c.json('user', 'list').users.length, 1);
});

test('a server beside the command knows at once', async (t) => {
	const s = await Server.start(t);
	const email = s.user('administrator', 'ann@example.com');
	const c = await s.signIn(email);
	assert.equal(s.trichter.json('user', 'sessions', email).sessions.length, 1);
	const key = s.key('read');
	assert.equal((await key.get('/api/v1/funnel')).status, 200);
	s.trichter.ok('key', 'revoke', '1');
	assert.equal((await key.get('/api/v1/funnel')).status, 401);
	s.trichter.ok('user', 'sessions', email, '--end');
	assert.equal((await c.get('/api/v1/session')).status, 401);
	// numbers are given once, whoever asks
	const [made] = await Promise.all([s.signIn(email).then((a) => a.post('/api/v1/users', { name: 'Bo', email: 'bo@example.com', role: 'sales' })),
		Promise.resolve(s.trichter.run('user', 'add', 'cy@example.com', '--no-password'))]);
	assert.equal(made.status, 201);
	const ids = s.trichter.json('user', 'list').users.map((u) => u.user);
	assert.equal(new Set(ids).size, ids.length);
});
