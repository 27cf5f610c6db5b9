/*
 * router.ts - the address bar holds the whole state.
 *
 * What it is:   the current path and query as a store. A plain <a href> inside the page goes
 *               through here, so links need no component of their own, open in tabs, and can be
 *               copied.
 */
import { useCallback } from 'preact/hooks';
import { createStore, useStore } from '../lib/store';

export interface Place {
	path: string;
	query: URLSearchParams;
}

function here(): Place {
	return { path: location.pathname, query: new URLSearchParams(location.search) };
}
export const place = createStore<Place>(here());

/* Changes that shall ask first (a form with unsaved text) register here; false stays. */
const guards = new Set<() => boolean>();
export function guardLeaving(may_leave: () => boolean): () => void {
	guards.add(may_leave);
	return () => void guards.delete(may_leave);
}

let moved = false;
export function navigate(href: string, o: { replace?: boolean } = {}) {
	const to = new URL(href, location.href);
	const other = to.pathname !== location.pathname;
	if (other && [...guards].some((may_leave) => !may_leave()))
		return;
	moved = moved || !o.replace;
	history[o.replace ? 'replaceState' : 'pushState'](null, '', to);
	place.set(here());
	if (other)
		window.scrollTo(0, 0);
}

/* To where one came from; to `otherwise` when this page was the first. */
export function goBack(otherwise: string) {
	if (moved)
		history.back();
	else
		navigate(otherwise);
}

/* Server pages are not screens: exports, sign-in links, documents. */
const outside = /^\/(api|v1|in|assets|metrics|healthz|readyz|t\.js|t\.gif)(\/|$)/;
function clicked(e: MouseEvent) {
	if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey)
		return;
	const link = (e.target as Element | null)?.closest('a');
	if (!link || !link.href || link.target || link.hasAttribute('download'))
		return;
	const to = new URL(link.href, location.href);
	if (to.origin !== location.origin || outside.test(to.pathname))
		return;
	if (to.hash && to.pathname === location.pathname && to.search === location.search)
		return;
	e.preventDefault();
	navigate(to.href);
}
export function routerStart() {
	document.addEventListener('click', clicked);
	window.addEventListener('popstate', () => place.set(here()));
}

export function usePlace(): Place {
	return useStore(place);
}

export type Patch = Record<string, string | number | boolean | null | undefined>;
/* The address of this screen with some parameters changed; null and "" take one away. */
export function hrefWith(patch: Patch, from: Place = place.get()): string {
	const q = new URLSearchParams(from.query);
	for (const [k, v] of Object.entries(patch))
		if (v === null || v === undefined || v === '' || v === false)
			q.delete(k);
		else
			q.set(k, String(v));
	const text = q.toString();
	return from.path + (text ? `?${text}` : '');
}
/* [the parameters, a function that changes some of them in place]. */
export function useQuery(): [URLSearchParams, (patch: Patch, o?: { replace?: boolean }) => void] {
	const p = usePlace();
	const set = useCallback((patch: Patch, o?: { replace?: boolean }) => navigate(hrefWith(patch), o), []);
	return [p.query, set];
}

/* "/people/{id}" against "/people/12" → { id: "12" }, or null. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
	const want = pattern.split('/');
	const have = path.replace(/(.)\/$/, '$1').split('/');
	if (want.length !== have.length)
		return null;
	const found: Record<string, string> = {};
	for (let i = 0; i < want.length; i++) {
		const w = want[i] ?? '';
		const h = have[i] ?? '';
		if (w.startsWith('{'))
			found[w.slice(1, -1)] = decodeURIComponent(h);
		else if (w !== h)
			return null;
	}
	return found;
}
