/*
 * list.ts - a list that comes in pages: {"rows":[...],"next":CURSOR|null,"count":N?}.
 *
 *   const people = useList<Person>('/api/v1/people', { where, sort, count: 1 }, { live: true });
 *   <Table rows={people.rows} … />  <More list={people} />
 *
 * When something happened, as many rows as are shown are asked for again (up to a limit), so that
 * nobody loses their place.
 */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { onSeq } from '../app/live';
import { get, Problem, url, type Query } from './api';

export interface Page<T> {
	rows: T[];
	next: string | null;
	count?: number;
}
export interface List<T> {
	/* Null until the first page is there. */
	rows: T[] | null;
	count: number | null;
	/* Members of the answer beside the rows. */
	answer: Page<T> | null;
	error: Problem | null;
	loading: boolean;
	end: boolean;
	more(): void;
	reload(): void;
}
const page_rows = 100;
const again_rows_max = 500;

export function useList<T>(path: string | null, query?: Query, o: { live?: boolean } = {}): List<T> {
	const address = path === null ? null : url(path, query);
	const [answer, setAnswer] = useState<Page<T> | null>(null);
	const [error, setError] = useState<Problem | null>(null);
	const [loading, setLoading] = useState(address !== null);
	const running = useRef<AbortController | null>(null);
	const now = useRef<Page<T> | null>(null);
	now.current = answer;

	const ask = useCallback((limit: number, after: string | null) => {
		if (address === null)
			return;
		running.current?.abort();
		const mine = new AbortController();
		running.current = mine;
		setLoading(true);
		get<Page<T>>(address, { limit, after }, mine.signal).then(
			(p) => {
				if (mine.signal.aborted)
					return;
				const before = after ? (now.current?.rows ?? []) : [];
				setAnswer({ ...p, count: p.count ?? now.current?.count, rows: [...before, ...p.rows] });
				setError(null);
				setLoading(false);
			},
			(e: unknown) => {
				if (mine.signal.aborted)
					return;
				setError(e instanceof Problem ? e : new Problem(0, 'unexpected', String(e), null, {}));
				setLoading(false);
			},
		);
	}, [address]);

	useEffect(() => {
		ask(page_rows, null);
		return () => running.current?.abort();
	}, [ask]);
	const reload = useCallback(() => {
		const shown = now.current?.rows.length ?? 0;
		if (shown <= again_rows_max)
			ask(Math.max(page_rows, shown), null);
	}, [ask]);
	useEffect(() => (o.live ? onSeq(reload) : undefined), [reload, o.live]);
	const more = useCallback(() => {
		if (now.current?.next)
			ask(page_rows, now.current.next);
	}, [ask]);
	return useMemo(() => ({
		rows: answer?.rows ?? null,
		count: answer?.count ?? null,
		answer,
		error,
		loading,
		end: answer !== null && answer.next === null,
		more,
		reload,
	}), [answer, error, loading, more, reload]);
}
