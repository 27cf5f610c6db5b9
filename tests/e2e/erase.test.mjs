// A person is erased: over HTTP, from the command line, and from every byte of the data directory.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Server } from './server.mjs';

/** Which files below `dir` hold one of the texts. */
function holding(dir, texts) {
	return readdirSync(dir).flatMap((name) => {
		const path = join(dir, name);
		const stat = statSync(path);
		if (stat.isDirectory()) return holding(path, texts);
		if (!stat.isFile()) return [];
		const bytes = readFileSync(path);
		return texts.filter((x) => bytes.includes(x)).map((x) => `${name}: ${x}`);
	});
}
const people = 'email,name,phone,company,stage\nzora.quandt@example.com,Zora Quandt,+49 431 5550199,Dachbau Nord,mql\nbert@example.com,Bert Brand,,Dachbau Nord,lead\n';
const hers = ['zora.quandt', 'Quandt', '5550199', 'zora-device'];

test('who is erased is nowhere any more, and the others are as they were', async (t) => {
	const s = await Server.start(t);
	const operations = await s.as('operations');
	const sales = await s.as('sales');
	s.trichter.ok('import', 'people', s.trichter.file('people.csv', people));
	const key = s.trichter.ok('key', 'add', 'site', '--write').trim();
	const sent = await s.nobody.post('/v1/batch', { writeKey: key, batch: [
		{ type: 'page', anonymousId: 'zora-device', messageId: 'zora-device-1', properties: { path: '/quandt', url: 'https://x.example/Quandt' } },
	] });
	assert.equal(sent.status, 200);
	const number = s.trichter.json('person', 'show', 'zora.quandt@example.com').person;
	assert.ok(holding(s.trichter.data, hers).length > 3);
	const backup = s.trichter.path('before.bak');
	s.trichter.ok('backup', backup);
	const before = s.trichter.json('funnel').steps.map((x) => x.count);

	assert.equal((await sales.post(`/api/v1/people/${number}/erase`)).status, 403);
	const done = await operations.post(`/api/v1/people/${number}/erase`);
	assert.equal(done.status, 200, done.text);
	assert.ok(done.json.touches >= 1 && done.json.ids >= 1, done.text);
	assert.equal((await operations.get(`/api/v1/people/${number}`)).status, 404);
	assert.equal((await operations.post(`/api/v1/people/${number}/erase`)).status, 404);
	assert.doesNotMatch((await operations.get('/api/v1/people?limit=50')).text, /quandt/i);
	assert.doesNotMatch((await operations.get('/api/v1/touches?limit=50')).text, /5550199/);
	const audit = (await (await s.as('administrator')).get('/api/v1/audit?limit=20')).text;
	assert.match(audit, /person_erased/);
	assert.doesNotMatch(audit, /quandt/i);
	const after = s.trichter.json('funnel').steps.map((x) => x.count);
	assert.equal(before[0] - after[0], 1, `${before} -> ${after}`);
	assert.equal(s.trichter.json('status').erasures_waiting, 1);

	// The other one from the command line, beside the server, and the device without a name.
	const device = s.trichter.json('person', 'show', 'zora-device').person;
	assert.equal(s.trichter.run('person', 'erase', String(device)).status, 2);
	s.trichter.ok('person', 'erase', String(device), '--yes');
	assert.equal(s.trichter.run('person', 'show', 'zora-device').status, 1);
	await s.stop();
	// A file that was imported two days ago: it would stay for a month, had nobody been erased since.
	const upload = join(s.trichter.data, 'uploads', '0'.repeat(31) + '1');
	mkdirSync(upload, { recursive: true });
	writeFileSync(join(upload, 'people.csv'), people);
	writeFileSync(join(upload, '.import'), '1');
	utimesSync(upload, Date.now() / 1000 - 172800, Date.now() / 1000 - 172800);
	await s.start();
	for (let i = 0; i < 600 && existsSync(upload); i++) await new Promise((r) => setTimeout(r, 50));
	assert.ok(!existsSync(upload));
	await s.stop();
	s.trichter.ok('person', 'erase', 'bert@example.com', '--yes', '--now');
	assert.deepEqual(holding(s.trichter.data, [...hers, 'bert@example.com', 'Bert Brand']), []);
	assert.equal(s.trichter.json('status').erasures_waiting, 0);
	assert.match(s.trichter.ok('verify'), /no difference/);

	// A backup from before still holds them; the list of erasures, which names nobody, takes them out.
	const list = s.trichter.path('erasures');
	writeFileSync(list, readFileSync(join(s.trichter.data, 'erasures')));
	assert.match(readFileSync(list, 'utf8'), /^(#.*\n)?(\d+( \d+)+\n)+$/);
	const old = s.trichter.path('old');
	s.trichter.ok('--data', old, 'restore', backup);
	assert.ok(holding(old, hers).length > 3);
	const clean = s.trichter.path('clean');
	s.trichter.ok('--data', clean, 'restore', backup, '--erasures', list);
	assert.deepEqual(holding(clean, [...hers, 'bert@example.com', 'Bert Brand']), []);
	assert.match(s.trichter.ok('--data', clean, 'verify'), /no difference/);
	const wrong = s.trichter.status(3, '--data', s.trichter.path('wrong'), 'restore', backup, '--erasures', backup);
	assert.match(wrong.err, /is no number/);
});
