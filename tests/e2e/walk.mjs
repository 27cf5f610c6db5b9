// walk.mjs - every screen there is, as web/src/app/routes.ts lists them, with data to be seen.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Server } from './server.mjs';
import { root, Trichter } from './trichter.mjs';

/** A server on the sample company with an administrator; `client` asks as they do. */
export async function sampleServer(t, { people = 3000, days = 365 } = {}) {
	const trichter = new Trichter(t, { init: false });
	trichter.ok('demo', '--people', String(people), '--days', String(days));
	const server = await Server.start(t, { trichter });
	const email = server.user('administrator');
	const client = await server.signIn(email);
	return { server, client, email };
}

const routes = readFileSync(join(root, 'web/src/app/routes.ts'), 'utf8');
const patterns = [...routes.matchAll(/pattern: '([^']+)'.*/g)].map((m) => ({ pattern: m[1], open: /open: true/.test(m[0]) }));

/** The path of each screen, {id} filled with somebody who has a history: [{ name, path, open }];
 * `picture`: only to be looked at, other tests go there. */
export async function screens(client) {
	const first = async (path, member) => {
		const r = await client.get(path);
		return r.json?.rows?.[0]?.[member];
	};
	const made = await client.post('/api/v1/funnels', {
		name: 'visit-to-mql', title: 'From visit to MQL', place: 1,
		query: { steps: 'page_viewed, form_submitted, stage:mql', period: '12mo', trend: 'month' },
	});
	if (made.status !== 201 && made.status !== 409) throw new Error(`a funnel: ${made.status} ${made.text}`);
	const customers = `/api/v1/people?where=${encodeURIComponent('stage = customer')}&limit=1`;
	const ids = {
		people: (await first(customers, 'person')) ?? 1,
		companies: (await first('/api/v1/companies?limit=1&sort=-touches', 'company')) ?? 1,
		deals: (await first('/api/v1/deals?limit=1', 'deal')) ?? 1,
		import: 1,
		funnels: 'visit-to-mql',
	};
	const out = patterns.map(({ pattern, open }) => {
		const path = pattern.replace(/\/(\w+)\/\{[^}]+\}/, (_, list) => `/${list}/${ids[list] ?? 1}`);
		const name = pattern === '/' ? 'home' : pattern.slice(1).replace(/\/\{(id|name)\}/, '-one').replace(/[/{}]+/g, '-').replace(/-$/, '');
		return { name, path, open };
	});
	const more = [
		{ name: 'home-period', path: '/?period=90d' },
		{ name: 'home-breakdown', path: '/?by=channel' },
		{ name: 'home-people', path: '/?step=3&show=exit:disqualified' },
		{ name: 'home-rules', path: '/?rules=1' },
	];
	const built = '/funnels/new?steps=page_viewed,stage:lead,stage:mql&period=12mo';
	const builder = [
		{ name: 'builder-breakdown', path: `${built}&by=source` },
		{ name: 'builder-times', path: `${built}&part=times`, picture: true },
		{ name: 'builder-groups', path: `${built}&part=versus&where=first_source+%3D+linkedin&compare_where=first_source+in+(capterra,+omr)` },
		{ name: 'builder-goes', path: '/funnels/new?steps=stage:lead,stage:mql,stage:sal&part=goes' },
		{ name: 'builder-rules', path: `${built}&order=strict&exclude=call_made`, picture: true },
	];
	return [...out, ...more, ...builder];
}

/** Waits until a screen shows what it has. */
export async function settle(page) {
	await page.waitForFunction(() => (document.querySelector('main')?.textContent ?? '').length > 10);
	await page.waitForFunction(() => !document.querySelector('[aria-busy=true]:not(button)'), null, { timeout: 60_000 }).catch(() => {});
	await page.evaluate(() => document.fonts.ready);
	await page.waitForTimeout(100);
}
