// Two public data sets, read as they are, against the facts that are known of them.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Trichter, realData, root, rows } from './trichter.mjs';

const maps = join(root, 'examples/maps');
const olist = realData('olist');
const crm = realData('crm');
const leads = ['import', '--map', join(maps, 'olist-leads.yaml'), join(olist.path, 'olist_marketing_qualified_leads_dataset.csv')];
const deals = ['import', '--map', join(maps, 'olist-deals.yaml'), join(olist.path, 'olist_closed_deals_dataset.csv')];
const steps = ['--steps', 'stage:mql, stage:customer'];

// origin: MQLs, won
const origins = {
	organic_search: [2296, 271], paid_search: [1586, 195], social: [1350, 75], unknown: [1099, 179],
	direct_traffic: [499, 56], email: [493, 15], referral: [284, 24], other: [150, 4], display: [118, 6],
	other_publicities: [65, 3], null: [60, 14],
};
const groups = (c, ...more) => Object.fromEntries(c.json('funnel', ...steps, '--by', 'source', ...more).groups
	.map((g) => [g.value, g.steps.map((s) => s.count)]));

test('olist: 8,000 leads, 841 customers in order, 842 in any', { skip: olist.skip }, (t) => {
	const c = new Trichter(t);
	const first = c.json(...leads);
	assert.deepEqual([first.read, first.accepted, first.rejected, first.people_new], [8000, 8000, 0, 8000]);
	const second = c.json(...deals);
	assert.deepEqual([second.read, second.accepted, second.rejected, second.people_new, second.people_updated], [842, 842, 0, 0, 842]);
	assert.deepEqual(c.counts(...steps), [8000, 841]);
	assert.deepEqual(c.counts(...steps, '--order', 'any'), [8000, 842]);
	assert.deepEqual(groups(c), { ...origins, organic_search: [2296, 270] });
	assert.deepEqual(groups(c, '--order', 'any'), origins);
	assert.deepEqual(c.counts(...steps, '--window', '14d'), [8000, 411]);
	assert.deepEqual(c.counts(...steps, '--window', '30d'), [8000, 546]);
	const times = c.json('funnel', ...steps, '--order', 'any', '--times');
	assert.ok(Math.abs(times.steps[1].median_seconds / 86400 - 14.72) < 0.02, String(times.steps[1].median_seconds / 86400));
	assert.match(c.ok('funnel', ...steps), /1 person did the steps in another order/);

	// Again: nothing changes. Taken back: nothing is left.
	const people = c.ok('export', 'people');
	for (const args of [leads, deals]) assert.equal(c.json(...args).touches, 0);
	assert.equal(c.ok('export', 'people'), people);
	c.ok('import', '--undo', String(second.import));
	assert.deepEqual(c.counts(...steps, '--order', 'any'), [8000, 0]);
	assert.equal(c.json('people', 'stage = mql', '--count').count, 8000);
	c.ok('import', '--undo', String(first.import));
	assert.equal(c.run('people', '--count').status, 1);
	assert.equal(rows(c.ok('export', 'people')).length, 0);
	assert.match(c.ok('verify'), /no difference/);
});

test('crm: 8,800 deals, 4,238 won, 2,473 lost, 10,005,534 in value', { skip: crm.skip }, (t) => {
	const c = new Trichter(t);
	const read = {};
	for (const [map, file] of [['accounts', 'crm_accounts'], ['products', 'crm_products'],
		['teams', 'crm_sales_teams'], ['pipeline', 'crm_sales_pipeline']]) {
		read[map] = c.json('import', '--map', join(maps, `crm-${map}.yaml`), join(crm.path, `${file}.csv`));
		assert.equal(read[map].rejected, 0, map);
	}
	assert.equal(read.pipeline.read, 8800);
	assert.equal(read.pipeline.deals_new, 8800);
	const notes = read.pipeline.notes.join('\n');
	assert.match(notes, /1,?425/);
	assert.match(notes, /GTXPro.*GTX Pro/);
	const any = ['--count', 'deals', '--window', 'none'];
	assert.deepEqual(c.counts(...any, '--steps', 'deal_created, deal_won'), [8800, 4238]);
	assert.deepEqual(c.counts(...any, '--steps', 'deal_created, deal_lost'), [8800, 2473]);
	const csv = c.ok('export', 'deals').trim().split('\n');
	const amount = csv[0].split(',').indexOf('amount');
	let minor = 0n;
	for (const line of csv.slice(1)) {
		const m = /^(\d+)\.(\d\d) USD$/.exec(line.split(',')[amount]);
		if (m) minor += BigInt(m[1]) * 100n + BigInt(m[2]);
	}
	assert.equal(minor, 1000553400n);
	const report = c.json('report', 'pipeline');
	assert.deepEqual([report.deals, report.without_company], [8800, 1425]);
	const won = report.rows.find((r) => r.status === 'won');
	assert.deepEqual([won.deals, won.value_minor, won.currency], [4238, 1000553400, 'USD']);
	assert.equal(report.rows.find((r) => r.status === 'lost').deals, 2473);
	assert.match(c.ok('verify'), /no difference/);
});

test('the sample company is there at once and can be told again', (t) => {
	const c = new Trichter(t, { init: false });
	const d = new Trichter(t, { init: false });
	const args = ['demo', '--people', '2000', '--seed', '7', '--end', '2024-12-31'];
	const a = c.json(...args);
	const b = d.json(...args);
	assert.deepEqual(a, b);
	assert.ok(a.touches > 5000);
	assert.equal(c.ok('funnel', '--format', 'csv', '--by', 'first_source'), d.ok('funnel', '--format', 'csv', '--by', 'first_source'));
	assert.equal(c.run(...args).status, 3, 'no second story into the same directory');
	assert.match(c.ok('verify'), /no difference/);
});
