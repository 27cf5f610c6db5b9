/*
 * settings-save.ts - a document that is read with its ETag, edited, and sent back with If-Match.
 *
 *   const d = useDocument<Settings>('/api/v1/settings');
 *   d.data, d.etag, d.save('PATCH', { privacy: { dnt: false } })
 */
import { useCallback, useEffect, useState } from 'preact/hooks';
import { Problem, request } from '../../lib/api';

export interface Document<T> {
	data: T | null;
	busy: boolean;
	problem: Problem | null;
	/* Resolves true when it was taken; then `data` is what holds now. */
	save(method: 'PATCH' | 'PUT', body: unknown): Promise<boolean>;
	reload(): void;
	/* What is wrong with this field, without its name in front. */
	error(field: string): string | null;
	/* The problem, when none of these fields shows it. */
	rest(...fields: string[]): Problem | null;
}

export function useDocument<T extends { etag: string }>(path: string): Document<T> {
	const [data, setData] = useState<T | null>(null);
	const [problem, setProblem] = useState<Problem | null>(null);
	const [busy, setBusy] = useState(false);
	const note = (e: unknown) => setProblem(e instanceof Problem ? e : new Problem(0, 'unexpected', String(e), null, {}));
	const reload = useCallback(() => {
		request<T>('GET', path).then((a) => {
			setData(a.data);
			setProblem(null);
		}, note);
	}, [path]);
	useEffect(reload, [reload]);
	const save = async (method: 'PATCH' | 'PUT', body: unknown) => {
		setBusy(true);
		setProblem(null);
		try {
			setData((await request<T>(method, path, { body, ifMatch: data?.etag })).data);
			setBusy(false);
			return true;
		} catch (e) {
			note(e);
			setBusy(false);
			return false;
		}
	};
	return {
		data,
		busy,
		problem,
		save,
		reload,
		error: (field) => (problem?.field === field ? problem.message.replace(/^\w+: /, '') : null),
		rest: (...fields) => (problem && !fields.includes(problem.field ?? '') ? problem : null),
	};
}

export interface Word {
	key: string;
	en: string;
	de: string;
}
export interface Settings {
	workspace: { name: string; currency: string; domains: string[]; zone: string };
	privacy: { dnt: boolean; gpc: boolean; retention: number | null; retention_note: string };
	reasons: { disqualify: Word[]; loss: Word[] };
	etag: string;
}
