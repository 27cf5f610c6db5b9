/*
 * t.ts - the tracker of web pages, served as /t.js.
 *
 * What it is:   page views (those of single-page applications too) and Segment's calls, sent in
 *               batches to the server that the script came from. The page's address and referrer go
 *               with every message; campaigns and click ids are read from them there.
 *
 *   <script async src="https://HOST/t.js" data-key="twk_..."></script>
 *
 *               data-auto="off"     no page views by itself
 *               data-honour="off"   track even those who ask not to be tracked
 * Promises:     under 2 KB compressed. One first-party id and nothing else is kept on the device;
 *               nothing at all, and nothing is sent, when the browser asks not to be tracked. What
 *               could not be sent is sent again under the same message id.
 * Calls:        trichter.track(event, properties), page(name, properties), identify(userId, traits),
 *               group(groupId, traits), alias(userId, previousId), reset(). Calls made before the
 *               script has come are done then, when `trichter` is an array of them.
 */
type Values = Record<string, unknown>;
type Message = Values & { messageId: string };
type Call = [name: string, ...args: unknown[]];
type Place = { url: string; path: string; title: string; referrer: string };

((w, d) => {
	const MESSAGES_MAX = 50; // of one request
	const WAITING_MAX = 500; // while there is no network
	const BEACON_BYTES_MAX = 60000;
	const script = d.currentScript as HTMLScriptElement;
	const data = script.dataset;
	const to = new URL('/v1/batch', script.src).href;
	const n = navigator as Navigator & { globalPrivacyControl?: boolean };
	const refuses = (n.doNotTrack === '1' || n.globalPrivacyControl) && data.honour !== 'off';

	/* ---- what is kept on the device: the id, in both places so that one may go ---- */
	const read = (name: string): string => {
		try {
			const kept = localStorage.getItem(name);
			if (kept) return kept;
		} catch {}
		return decodeURIComponent(d.cookie.match(`(?:^|; )${name}=([^;]*)`)?.[1] ?? '');
	};
	const keep = (name: string, text: string): void => {
		try {
			localStorage.setItem(name, text);
		} catch {}
		d.cookie = `${name}=${encodeURIComponent(text)};path=/;max-age=${text ? 34e6 : 0};SameSite=Lax`;
	};
	const fresh = (): string =>
		crypto.randomUUID?.() ??
		[...crypto.getRandomValues(new Uint8Array(16))].map((b) => (b + 256).toString(16).slice(1)).join('');
	const mine = (): string => {
		let id = read('trichter_id');
		if (!id) keep('trichter_id', (id = fresh()));
		return id;
	};

	/* ---- sending ---- */
	let waiting: Message[] = [];
	let timer = 0;
	let failures = 0;
	let busy = false;
	const body = (messages: Message[]): string =>
		JSON.stringify({ writeKey: data.key, sentAt: new Date(), batch: messages });
	const later = (ms: number): void => {
		timer ||= w.setTimeout(send, ms);
	};
	const send = async (): Promise<void> => {
		timer = 0;
		if (busy || !waiting[0]) return;
		const now = waiting.slice(0, MESSAGES_MAX);
		busy = true;
		let status = 0;
		try {
			status = (await fetch(to, { method: 'POST', body: body(now), keepalive: true, credentials: 'omit' })).status;
		} catch {}
		busy = false;
		if (status && status < 429) {
			waiting = waiting.filter((m) => !now.includes(m));
			failures = 0;
		} else failures++;
		if (waiting[0]) later(Math.min(1000 * 2 ** failures, 6e4));
	};
	/* The page goes: whatever is left, as a beacon; a message that went twice counts once. */
	const leave = (): void => {
		while (waiting[0]) {
			let count = waiting.length;
			while (count > 1 && body(waiting.slice(0, count)).length > BEACON_BYTES_MAX) count >>= 1;
			if (!n.sendBeacon(to, body(waiting.slice(0, count)))) return;
			waiting.splice(0, count);
		}
	};

	/* ---- messages ---- */
	let place: Place;
	const look = (): void => {
		const from = place?.url ?? d.referrer;
		place = { url: location.href, path: location.pathname, title: d.title, referrer: from };
	};
	const add = (type: string, more: Values): void => {
		waiting.push({
			type,
			messageId: fresh(),
			anonymousId: mine(),
			userId: read('trichter_user') || undefined,
			timestamp: new Date(),
			context: { page: { ...place, title: d.title }, locale: n.language },
			...more,
		});
		waiting.splice(0, waiting.length - WAITING_MAX);
		later(500);
	};
	type Calls = Record<string, (...args: never[]) => void>;
	const calls: Calls = {
		track: (event: string, properties?: Values) => add('track', { event, properties }),
		page: (name?: string | Values, properties?: Values) =>
			add('page', typeof name === 'object' ? { properties: name } : { name, properties }),
		identify: (userId: string | Values, traits?: Values) => {
			if (typeof userId === 'object') return add('identify', { traits: userId });
			keep('trichter_user', userId);
			add('identify', { traits });
		},
		group: (groupId: string, traits?: Values) => add('group', { groupId, traits }),
		alias: (userId: string, previousId?: string) => add('alias', { userId, previousId: previousId ?? mine() }),
		reset: () => {
			keep('trichter_user', '');
			keep('trichter_id', '');
		},
	};

	/* ---- now ---- */
	const holder = w as unknown as { trichter?: Call[] | Calls };
	const before = holder.trichter;
	for (const name in calls) {
		const call = calls[name]!;
		calls[name] = refuses ? () => {} : call;
	}
	calls.push = (([name, ...args]: Call) => calls[name]?.(...(args as never[]))) as never;
	holder.trichter = calls;
	if (refuses) return;
	look();
	if (data.auto !== 'off') {
		calls.page!();
		const look_again = (): void => {
			if (location.pathname + location.search === new URL(place.url).pathname + new URL(place.url).search) return;
			look();
			calls.page!();
		};
		/* The title follows the address a moment later. */
		const moved = (): void => void w.setTimeout(look_again);
		const push = history.pushState;
		history.pushState = function (...args) {
			push.apply(this, args);
			moved();
		};
		w.addEventListener('popstate', moved);
	}
	if (Array.isArray(before)) before.forEach((c) => calls.push!(...([c] as never[])));
	d.addEventListener('visibilitychange', () => d.visibilityState === 'hidden' && leave());
	w.addEventListener('pagehide', leave);
})(window, document);
