// lcp.mjs - how long until the largest part of a screen is painted, on a slow phone.
//
// The profile: a phone of 390 x 844, its processor four times slower than this one, slow 4G as
// Lighthouse simulates it (150 ms round trip, 1.6 Mbit/s down, 0.75 up), nothing in the cache.
// The sample company is served by the release build on this machine; each screen is opened `runs`
// times by somebody who is signed in; told are the median and the quickest, which differ where
// other programs share the processor, since throttling multiplies their share too.
//
//   node bench/lcp.mjs [RUNS [SCREEN...]]
import { openBrowser, openPage, phone } from '../tests/e2e/browser.mjs';
import { sampleServer, screens } from '../tests/e2e/walk.mjs';

const runs = Number(process.argv[2] ?? 5);
const asked = process.argv.slice(3);
const network = { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 0.75e6 / 8 };

const endings = [];
const during = { after: (f) => endings.push(f) };
const { server, client, email } = await sampleServer(during, { people: 20000 });
const browser = await openBrowser(during);

async function once(path) {
	const page = await openPage(browser, server.base, { size: phone });
	await server.signInBrowser(page.context(), email);
	await page.addInitScript(() => {
		globalThis.painted = 0;
		new PerformanceObserver((list) => {
			for (const e of list.getEntries())
				globalThis.painted = e.startTime;
		}).observe({ type: 'largest-contentful-paint', buffered: true });
	});
	const cdp = await page.context().newCDPSession(page);
	await cdp.send('Network.enable');
	await cdp.send('Network.setCacheDisabled', { cacheDisabled: false });
	await cdp.send('Network.emulateNetworkConditions', network);
	await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 });
	let bytes = 0;
	cdp.on('Network.loadingFinished', (e) => (bytes += e.encodedDataLength));
	await page.goto(path);
	await page.waitForTimeout(2500);
	const lcp_ms = await page.evaluate(() => globalThis.painted);
	await page.context().close();
	return { lcp_ms, bytes };
}
const median = (xs) => xs.sort((a, b) => a - b)[Math.floor(xs.length / 2)];

await once('/'); // the funnel is computed, the browser is warm
console.log('screen                    largest paint     quickest    loaded');
for (const screen of (await screens(client)).filter((s) => !s.open && !s.picture && s.name !== 'gallery')) {
	if (asked.length > 0 && !asked.includes(screen.name))
		continue;
	const all = [];
	for (let i = 0; i < runs; i++)
		all.push(await once(screen.path));
	const lcp = median(all.map((x) => x.lcp_ms));
	const best = Math.min(...all.map((x) => x.lcp_ms));
	const kb = median(all.map((x) => x.bytes)) / 1024;
	console.log(`${screen.name.padEnd(24)} ${String(Math.round(lcp)).padStart(11)} ms ${String(Math.round(best)).padStart(9)} ms ${String(Math.round(kb)).padStart(7)} KB`);
}
for (const f of endings.reverse())
	await f();
