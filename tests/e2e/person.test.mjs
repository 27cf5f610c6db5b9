// Who is who: rows, one person's page, joining and separating by hand.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Trichter, rows } from './trichter.mjs';

function filled(t) {
	const c = new Trichter(t);
	const lines = ['email,first_name,country,score'];
	for (let i = 0; i < 30; i++)
		lines.push(`p${i}@example.com,P${i},${['DE', 'AT', 'CH'][i % 3]},${i * 10}`);
	c.ok('import', 'people', c.file('p.csv', `${lines.join('\n')}\n`));
	return c;
}

test('rules choose people; count, limit and cursor agree', (t) => {
	const c = filled(t);
	assert.equal(c.json('people', 'country = AT', '--count').count, 10);
	assert.equal(c.json('people', 'country = AT and score > 100', '--count').count, 6);
	assert.equal(c.run('people', 'country = FR', '--count').status, 1);
	const seen = [];
	let after = [];
	for (;;) {
		const page = c.json('people', 'country = AT', '--limit', '4', '--columns', 'email', ...after);
		seen.push(...page.rows.map((r) => r.email));
		if (page.next === null) break;
		after = ['--after', String(page.next)];
	}
	assert.equal(new Set(seen).size, 10);
	assert.equal(seen.length, 10);
});

test('rows are sorted both ways, who has no value comes last', (t) => {
	const c = filled(t);
	c.ok('import', 'people', c.file('q.csv', 'email\nnoscore@example.com\n'));
	const scores = (sort) => c.json('people', '--sort', sort, '--columns', 'score').rows.map((r) => r.score);
	assert.deepEqual(scores('score').slice(0, 3), [0, 10, 20]);
	assert.deepEqual(scores('score:desc').slice(0, 3), [290, 280, 270]);
	assert.equal(scores('score').at(-1), null);
	assert.equal(scores('score:desc').at(-1), null);
	const page = c.json('people', '--sort', 'score', '--columns', 'score', '--limit', '2', '--after', '2');
	assert.deepEqual([page.rows.map((r) => r.score), page.next], [[20, 30], 4]);
});

test('facets add up, csv has the columns asked for', (t) => {
	const c = filled(t);
	const f = c.json('people', 'score < 200', '--facets', 'country,city');
	assert.equal(f.count, 20);
	assert.equal(f.facets.country.reduce((n, x) => n + x.count, 0), 20);
	assert.deepEqual(f.facets.city, [{ value: null, count: 20 }]);
	const csv = rows(c.ok('people', 'score = 50', '--columns', 'email,country', '--format', 'csv'));
	assert.deepEqual(csv, [{ email: 'p5@example.com', country: 'CH' }]);
});

test('behaviour is asked of the journal', (t) => {
	const c = filled(t);
	c.ok('import', 'events', c.file('e.csv', 'at,name,email,message_id,path\n' +
		'2024-01-01T00:00:00Z,page_viewed,p1@example.com,a,/pricing\n2024-01-02T00:00:00Z,page_viewed,p1@example.com,b,/\n' +
		'2024-01-02T00:00:00Z,page_viewed,p2@example.com,c,/\n'));
	assert.equal(c.json('people', 'did("page_viewed")', '--count').count, 2);
	assert.equal(c.json('people', 'did("page_viewed") >= 2', '--count').count, 1);
	assert.equal(c.json('people', 'did("page_viewed" where path = "/pricing")', '--count').count, 1);
	assert.equal(c.json('people', 'not did("page_viewed")', '--count').count, 28);
});

test('a page shows ids, traits with their dates, and permissions', (t) => {
	const c = filled(t);
	c.ok('import', 'events', c.file('e.csv', 'at,name,email,message_id,channel,ground\n' +
		'2024-01-01T00:00:00Z,consent_given,p3@example.com,a,email,form\n'));
	const page = c.json('person', 'show', 'P3@Example.COM');
	assert.deepEqual(page.ids.map((i) => [i.kind, i.value]), [['email', 'p3@example.com']]);
	assert.equal(page.traits.find((x) => x.key === 'country').value, 'DE');
	assert.ok(page.traits.every((x) => x.touch > 0 && !Number.isNaN(Date.parse(x.at))));
	assert.equal(page.permissions.find((x) => x.key === 'consent.email').value, 'given');
	const text = c.ok('person', 'show', 'p3@example.com');
	assert.match(text, /consent\.email +given/);
	c.ok('person', 'export', 'p3@example.com', '--output', c.path('p3.json'));
	const all = JSON.parse(readFileSync(c.path('p3.json'), 'utf8'));
	assert.equal(all.journey.length, page.touches);
	assert.ok(all.journey.some((x) => x.name === 'consent_given'));
	assert.equal(c.run('person', 'show', 'nobody@example.com').status, 1);
});

test('two people are joined by hand and separated again, and both is told', (t) => {
	const c = filled(t);
	c.ok('person', 'merge', 'p1@example.com', 'p2@example.com', '--why', 'same person');
	assert.equal(c.json('people', '--count').count, 29);
	const one = c.json('person', 'show', 'p2@example.com');
	assert.deepEqual(one.ids.map((i) => i.value).sort(), ['p1@example.com', 'p2@example.com']);
	assert.equal(one.joins.length, 1);
	assert.match(one.joins[0].why, /hand/);
	assert.equal(c.run('person', 'merge', 'p1@example.com', 'p2@example.com').status, 3);
	c.ok('person', 'unmerge', 'p2@example.com', '--why', 'they are sisters');
	assert.equal(c.json('people', '--count').count, 30);
	assert.equal(c.json('person', 'show', 'p2@example.com').ids.length, 1);
	assert.equal(c.run('person', 'merge', 'p1@example.com', 'nobody@example.com').status, 1);
	assert.equal(c.run('person', 'merge', 'p1@example.com').status, 2);
	assert.match(c.ok('verify'), /no difference/);
});
