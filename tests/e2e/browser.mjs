// browser.mjs - real Chromium, as the tests of the screens use it.
//
// What it is:   one browser a test, with its own profile; pages in a language, a colour scheme and
//               a size; and what must never happen on any of them, collected: violations of the
//               content security policy, errors on the console, requests to another host.
// CHROMIUM      the browser (/usr/bin/chromium)
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const axe_source = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const desktop = { width: 1280, height: 800 };
export const phone = { width: 390, height: 844 };

/** Starts the browser; it ends with the test. */
export async function openBrowser(t) {
	const browser = await chromium.launch({
		executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
		args: [
			'--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
			'--disable-background-networking', '--disable-component-update', '--disable-sync',
		],
	});
	t?.after(() => browser.close());
	return browser;
}

const locales = { en: 'en-GB', de: 'de-DE' };

/**
 * A page of a browser profile of its own. `faults` collects what must not happen there; tests end
 * with `assert.deepEqual(page.faults, [])`. `allow` names console errors that a test provokes.
 */
export async function openPage(browser, base, { language = 'en', scheme = 'light', size = desktop, allow = [], reduced = true } = {}) {
	const context = await browser.newContext({
		baseURL: base,
		locale: locales[language],
		colorScheme: scheme,
		viewport: size,
		hasTouch: size.width < 600,
		reducedMotion: reduced ? 'reduce' : 'no-preference',
	});
	// What is waited for comes within milliseconds, or never; on a loaded machine, late.
	context.setDefaultTimeout(120_000);
	const page = await context.newPage();
	page.faults = [];
	const fault = (text) => allow.some((a) => text.includes(a)) || page.faults.push(text);
	page.on('console', (m) => m.type() === 'error' && fault(`console: ${m.text()}`));
	page.on('pageerror', (e) => fault(`script: ${e.message}`));
	page.on('request', (r) => {
		const to = new URL(r.url());
		if (to.protocol.startsWith('http') && to.origin !== new URL(base).origin)
			fault(`request to another host: ${r.url()}`);
	});
	await page.addInitScript(() => {
		document.addEventListener('securitypolicyviolation', (e) =>
			console.error(`policy: ${e.violatedDirective} refused ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`));
	});
	return page;
}

/** What axe finds that is serious or critical, one line each. */
export async function axe(page) {
	// Through the debugger's door: the content security policy stays in force.
	await page.evaluate(axe_source);
	const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
	return violations
		.filter((v) => v.impact === 'serious' || v.impact === 'critical')
		.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary?.split('\n')[1]?.trim()}`));
}

/** By how many pixels the page is wider than its window. */
export function sideways(page) {
	return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
