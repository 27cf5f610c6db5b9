// Files in, said what of, and back out again.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Trichter, rows } from './trichter.mjs';

const people = `email,first_name,last_name,country,source,lifecycle_stage,lifecycle_stage_at
anna@example.com,Anna,Arnold,DE,google,mql,2024-01-05
ben@example.com,Ben,Berg,AT,partner,mql,2024-01-06
cleo@example.com,Cleo,Caspar,CH,google,lead,2024-01-07
`;

test('an import says what it did, in the form that scripts rely on', (t) => {
	const c = new Trichter(t);
	const r = c.json('import', 'people', c.file('people.csv', people));
	for (const key of ['import', 'read', 'accepted', 'duplicate', 'rejected', 'touches', 'people_new', 'people_updated'])
		assert.equal(typeof r[key], 'number', key);
	assert.deepEqual([r.read, r.accepted, r.duplicate, r.rejected, r.people_new, r.people_updated], [3, 3, 0, 0, 3, 0]);
	assert.deepEqual(c.counts('--steps', 'stage:mql'), [2]);
	assert.match(c.ok('import', 'people', c.file('more.csv', people.replace('cleo', 'dora'))), /3 rows read/);
});

test('the same file again changes nothing', (t) => {
	const c = new Trichter(t);
	const file = c.file('people.csv', people);
	c.ok('import', 'people', file);
	const before = c.ok('export', 'people');
	const r = c.json('import', 'people', file);
	assert.deepEqual([r.accepted, r.duplicate, r.touches], [0, 3, 0]);
	assert.equal(c.ok('export', 'people'), before);
	assert.equal(c.json('people', '--count').count, 3);
});

test('a dry run tells the same and stores nothing', (t) => {
	const c = new Trichter(t);
	const file = c.file('people.csv', people);
	const dry = c.json('import', 'people', file, '--dry-run');
	assert.equal(c.json('status').touches, 0);
	assert.equal(c.run('people', '--count').status, 1);
	const wet = c.json('import', 'people', file);
	for (const key of ['read', 'accepted', 'rejected', 'touches', 'people_new'])
		assert.equal(dry[key], wet[key], key);
	assert.match(c.ok('import', 'people', file, '--dry-run'), /nothing is stored/);
});

test('an import taken back leaves no trace, and what it overwrote returns', (t) => {
	const c = new Trichter(t);
	c.ok('import', 'people', c.file('people.csv', people));
	const before = c.ok('export', 'people');
	const changed = people.replace(',DE,', ',FR,').replace('cleo@example.com', 'emil@example.com');
	const r = c.json('import', 'people', c.file('changed.csv', changed));
	assert.equal(c.json('people', 'country = FR', '--count').count, 1);
	assert.match(c.ok('import', '--undo', String(r.import)), /taken back/);
	assert.equal(c.ok('export', 'people'), before);
	assert.equal(c.run('people', 'country = FR', '--count').status, 1);
	assert.equal(c.run('journey', 'emil@example.com').status, 1);
	assert.equal(c.run('import', '--undo', String(r.import)).status, 3);
	assert.equal(c.run('import', '--undo', '999').status, 1);
	assert.match(c.ok('verify'), /no difference/);
});

test('rows that cannot be used come back with their reason, the others are read', (t) => {
	const c = new Trichter(t);
	const file = c.file('people.csv', `${people}not an address,Otto,Ost,DE,google,mql,2024-13-77\n,,,,,,\n`);
	const r = c.json('import', 'people', file, '--rejects', c.path('bad.csv'));
	assert.equal(r.read, r.accepted + r.rejected + r.skipped + r.duplicate);
	assert.equal(r.accepted, 3);
	assert.ok(r.rejected >= 1);
	const bad = readFileSync(c.path('bad.csv'), 'utf8');
	assert.match(bad, /Otto/);
	assert.ok(bad.split('\n')[0].startsWith('reason') || /reason/.test(bad.split('\n')[0]), bad);
});

test('what a duplicate does is chosen', (t) => {
	for (const [how, country, city] of [['update', 'FR', 'Paris'], ['fill', 'DE', 'Paris'], ['skip', 'DE', null]]) {
		const c = new Trichter(t);
		c.ok('import', 'people', c.file('a.csv', 'email,country\nanna@example.com,DE\n'));
		c.ok('import', 'people', c.file('b.csv', 'email,country,city\nanna@example.com,FR,Paris\n'), '--on-duplicate', how);
		const anna = c.json('people', '--columns', 'country,city').rows[0];
		assert.deepEqual([anna.country, anna.city], [country, city], how);
	}
});

test('a visitor from a campaign who buys is one journey with its first source', (t) => {
	const c = new Trichter(t);
	c.ok('import', 'events', c.file('visits.csv',
		`at,name,anonymous_id,user_id,email,message_id,source,medium,campaign,path
2024-02-01T10:00:00Z,page_viewed,dev-1,,,m1,google,cpc,spring,/pricing
2024-02-01T10:05:00Z,page_viewed,dev-1,,,m2,,,,/demo
2024-02-03T09:00:00Z,form_submitted,dev-1,,anna@example.com,m3,newsletter,email,,/demo
`));
	c.ok('import', 'people', c.file('stages.csv',
		`email,lifecycle_stage,lifecycle_stage_at
anna@example.com,mql,2024-02-04
anna@example.com,customer,2024-03-01
`));
	assert.equal(c.json('people', '--count').count, 1);
	const journey = c.json('journey', 'anna@example.com');
	const names = journey.touches.map((x) => x.name);
	assert.ok(names.includes('page_viewed') && names.includes('form_submitted') && names.includes('stage_entered'), names.join());
	assert.equal(journey.touches[0].campaign, 'spring');
	assert.equal(journey.touches[0].channel, 'Paid Search');
	const times = journey.touches.map((x) => x.at);
	assert.deepEqual(times, [...times].sort());
	const [anna] = c.json('people', 'stage = customer', '--columns', 'first_source,latest_source,first_channel').rows;
	assert.deepEqual(anna, { first_source: 'google', latest_source: 'newsletter', first_channel: 'Paid Search' });
	assert.equal(c.json('journey', 'dev-1').person, journey.person);
	assert.match(c.ok('journey', 'anna@example.com'), /-> customer/);
	const groups = c.json('funnel', '--steps', 'page_viewed, stage:customer', '--by', 'source').groups;
	assert.deepEqual(groups.map((g) => [g.value, g.steps[1].count]), [['google', 1]]);
});

test('Segment messages are read from JSON lines', (t) => {
	const c = new Trichter(t);
	const lines = [
		{ type: 'page', messageId: 'a', anonymousId: 'dev-9', timestamp: '2024-01-01T00:00:00Z',
			properties: { path: '/' }, context: { campaign: { source: 'bing', medium: 'cpc', name: 'x' } } },
		{ type: 'identify', messageId: 'b', anonymousId: 'dev-9', userId: 'u9', timestamp: '2024-01-02T00:00:00Z',
			traits: { email: 'nina@example.com', country: 'DE' } },
		{ type: 'track', messageId: 'c', userId: 'u9', event: 'Order Completed', timestamp: '2024-01-03T00:00:00Z',
			properties: { total: 12.5 } },
	];
	const r = c.json('import', 'events', c.file('events.jsonl', lines.map((l) => JSON.stringify(l)).join('\n')));
	assert.deepEqual([r.read, r.accepted, r.rejected], [3, 3, 0]);
	assert.deepEqual(c.counts('--steps', 'page_viewed, Order Completed', '--window', 'none'), [1, 1]);
	assert.equal(c.json('people', 'country = DE', '--columns', 'email').rows[0].email, 'nina@example.com');
});

test('columns are named by hand, dates by their pattern', (t) => {
	const c = new Trichter(t);
	const file = c.file('odd.csv', 'Adresse;Seit\nanna@example.com;05.01.2024\n');
	c.ok('import', 'people', file, '--map', 'email=Adresse', '--map', 'created_at=Seit', '--date-format', '%d.%m.%Y');
	assert.equal(c.json('people', '--columns', 'email').rows[0].email, 'anna@example.com');
});

test('what is exported can be imported again', (t) => {
	const c = new Trichter(t);
	c.ok('import', 'people', c.file('people.csv', people));
	for (const format of ['csv', 'json']) {
		const out = c.path(`out.${format}`);
		c.ok('export', 'people', '--format', format, '--output', out);
		const d = new Trichter(t);
		const r = d.json('import', 'people', out);
		assert.deepEqual([r.read, r.rejected], [3, 0], format);
		assert.deepEqual(d.json('people', '--columns', 'email,first_name,country,stage', '--sort', 'email').rows,
			c.json('people', '--columns', 'email,first_name,country,stage', '--sort', 'email').rows, format);
	}
	assert.equal(rows(c.ok('export', 'people')).length, 3);
});

test('several files come in one after the other', (t) => {
	const c = new Trichter(t);
	const a = c.file('a.csv', 'email\na@example.com\n');
	const b = c.file('b.csv', 'email\nb@example.com\n');
	const r = JSON.parse(c.ok('import', 'people', a, b, '--format', 'json'));
	assert.deepEqual(r.imports.map((x) => x.people_new), [1, 1]);
	assert.equal(c.run('import', 'people', a, c.path('missing.csv')).status, 3);
	assert.ok(!existsSync(`${a}.rejects.csv`));
});

test('kinds that are not built, and words that are no kind, are refused', (t) => {
	const c = new Trichter(t);
	const file = c.file('x.csv', 'email\na@example.com\n');
	assert.match(c.status(2, 'import', 'prospects', file).err, /cannot be imported yet/);
	assert.match(c.run('import', 'persons', file).err, /no such file, and no such kind/);
	assert.match(c.status(2, 'import', 'people').err, /which file/);
	assert.match(c.status(2, 'import', '--undo', 'x').err, /whole number/);
});
