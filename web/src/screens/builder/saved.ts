/*
 * saved.ts - funnels with a name: what the server keeps of them, and changing that.
 */
import { toast, toastError } from '../../components/toast';
import { t } from '../../i18n/i18n';
import { del, patch, post, type Query } from '../../lib/api';
import { createStore } from '../../lib/store';

export interface Saved {
	name: string;
	title: string;
	query: Record<string, string>;
	/* On the home, from 1. */
	place: number | null;
	changed_at: string;
	changed_by: { id: string; name: string };
	etag: string;
}
export interface SavedList {
	rows: Saved[];
}
const path = '/api/v1/funnels';
export const savedPath = (name: string) => `${path}/${encodeURIComponent(name)}`;
export const funnelHref = (f: Pick<Saved, 'name'>) => `/funnels/${encodeURIComponent(f.name)}`;

/* Moves with every change made here, so that lists ask again. */
export const savedVersion = createStore(0);
const moved = <T>(x: T): T => {
	savedVersion.set(savedVersion.get() + 1);
	return x;
};

function textsOf(query: Query): Record<string, string> {
	const out: Record<string, string> = {};
	for (const [k, v] of Object.entries(query))
		if (v !== null && v !== undefined && v !== '')
			out[k] = String(v);
	return out;
}
export function savedMake(title: string, query: Query): Promise<Saved> {
	return post<Saved>(path, { title, query: textsOf(query) }, { idempotencyKey: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` }).then(moved);
}
export function savedChange(f: Saved, change: { title?: string; query?: Query; place?: number | null }): Promise<Saved> {
	const body = change.query ? { ...change, query: textsOf(change.query) } : change;
	return patch<Saved>(savedPath(f.name), body, { ifMatch: `"${f.etag}"` }).then(moved);
}
/* Behind those that are pinned. */
export function placeNext(all: readonly Saved[]): number {
	return Math.min(1000, Math.max(0, ...all.map((f) => f.place ?? 0)) + 1);
}

/* Takes it away, and says so with the way back. */
export async function savedRemove(f: Saved, gone: () => void = () => {}) {
	try {
		await del(savedPath(f.name));
		moved(null);
		gone();
		toast(t('build.removed', { title: f.title }), {
			undo: async () => {
				await post(path, { name: f.name, title: f.title, query: f.query, ...(f.place ? { place: f.place } : {}) });
				moved(null);
			},
		});
	} catch (e) {
		toastError(e);
	}
}
