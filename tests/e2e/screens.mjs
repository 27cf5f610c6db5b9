// screens.mjs - pictures of every screen, to be looked at.
//
//   node tests/e2e/screens.mjs              all screens: desktop and phone, light and dark, English
//                                           and German, into build/screens/
//   node tests/e2e/screens.mjs --docs       the ones that docs/design.md shows, into docs/screens/
//   node tests/e2e/screens.mjs home flow    only those
//
// Pictures of the documentation have 256 colours at most: flat drawings lose nothing by that.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { desktop, openBrowser, openPage, phone } from './browser.mjs';
import { paletted } from './png.mjs';
import { root } from './trichter.mjs';
import { sampleServer, screens, settle } from './walk.mjs';

const docs = process.argv.includes('--docs');
const asked = process.argv.slice(2).filter((a) => !a.startsWith('-'));
const out = join(root, docs ? 'docs/screens' : 'build/screens');
mkdirSync(out, { recursive: true });

const looks = [desktop, phone].flatMap((size) =>
	['light', 'dark'].flatMap((scheme) => ['en', 'de'].map((language) => ({ size, scheme, language }))),
);
const named = (l) => `${l.size === phone ? 'phone' : 'desktop'}-${l.scheme}-${l.language}`;
/* What the document shows: each screen in one look, the home in four. */
const shown = new Set([
	'home desktop-light-en', 'home-period desktop-dark-de', 'home phone-light-en', 'home-people desktop-light-en',
	'home-breakdown desktop-light-en', 'flow desktop-light-en', 'people desktop-light-en', 'people-one desktop-light-de',
	'people phone-dark-en', 'companies-one desktop-dark-en', 'deals desktop-light-en', 'import desktop-light-en',
	'funnels-one desktop-light-en', 'builder-breakdown desktop-dark-de', 'builder-groups desktop-light-en', 'builder-goes desktop-light-de', 'builder-times phone-light-de', 'funnels desktop-light-en',
	'settings-keys desktop-light-en', 'gallery desktop-light-en', 'login desktop-light-en',
]);

const endings = [];
const during = { after: (f) => endings.push(f) };
const { server, client, email } = await sampleServer(during, { people: 20000 });
for (const [title, query, place] of [
	['Sales accepts', { steps: 'stage:mql, stage:sal, stage:sql', period: 'quarter' }, 2],
	['Readers of case studies', { steps: '[name = "page_viewed" and (kind = "case_study")], stage:opportunity, stage:customer' }, null],
	['Demo to deal, portals only', { steps: 'demo_booked, deal:evaluation, deal:won', where: 'first_source in (capterra, omr)' }, null],
])
	await client.post('/api/v1/funnels', { title, query, place });
const browser = await openBrowser(during);
for (const screen of await screens(client)) {
	if (asked.length > 0 && !asked.includes(screen.name))
		continue;
	for (const look of looks) {
		if (docs && !shown.has(`${screen.name} ${named(look)}`))
			continue;
		const page = await openPage(browser, server.base, look);
		if (!screen.open)
			await server.signInBrowser(page.context(), email);
		await page.goto(screen.path);
		await settle(page);
		await page.locator('.later').scrollIntoViewIfNeeded({ timeout: 500 }).catch(() => {});
		await page.waitForTimeout(400);
		await page.evaluate(() => scrollTo(0, 0));
		// as tall as the content, up to two windows: lists go on for ever
		const tall = await page.evaluate(() => document.documentElement.scrollHeight);
		const clip = { x: 0, y: 0, width: look.size.width, height: Math.min(Math.max(tall, look.size.height), look.size.height * 1.6) };
		const drawer = await page.locator('.drawer').count();
		if (!drawer && look.size !== phone)
			await page.setViewportSize({ width: look.size.width, height: Math.round(clip.height) });
		const png = await page.screenshot();
		const file = join(out, `${screen.name}-${named(look)}.png`);
		writeFileSync(file, docs ? paletted(png) : png);
		console.log(`${screen.name} ${named(look)} ${Math.round(statSync(file).size / 1024)} KB`);
		await page.context().close();
	}
}
for (const f of endings.reverse())
	await f();
