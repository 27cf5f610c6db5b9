/*
 * resource.ts - what a component shows of the server.
 *
 *   const people = useResource<People>('/api/v1/people', { where, sort }, { live: true });
 *   people.data, people.error, people.loading, people.reload()
 *
 * When path or query change the old request is given up; old data stay visible until the new ones
 * are there, so that nothing jumps. `live` asks again when something happened in the journal.
 */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { onSeq } from '../app/live';
import { get, Problem, url, type Query } from './api';

export interface Resource<T> {
	data: T | null;
	error: Problem | null;
	loading: boolean;
	reload(): void;
	/* Gives the running request up; what was there stays. */
	stop(): void;
	/* Puts something in place at once, before the server is asked again. */
	put(data: T): void;
}

/* What was asked for before there was a component to show it; each answer is taken once. */
const early = new Map<string, unknown>();
export async function askEarly(address: string): Promise<void> {
	try {
		early.set(address, await get<unknown>(address));
	} catch {
		// the component asks again, and says what is wrong
	}
}
function takeEarly<T>(address: string | null): T | null {
	const answer = address === null ? undefined : (early.get(address) as T | undefined);
	if (address !== null)
		early.delete(address);
	return answer ?? null;
}

export function useResource<T>(path: string | null, query?: Query, o: { live?: boolean } = {}): Resource<T> {
	const address = path === null ? null : url(path, query);
	const [data, setData] = useState<T | null>(() => takeEarly<T>(address));
	const there = useRef(data !== null);
	const [error, setError] = useState<Problem | null>(null);
	const [loading, setLoading] = useState(address !== null && !there.current);
	const running = useRef<AbortController | null>(null);

	const load = useCallback(() => {
		running.current?.abort();
		if (address === null)
			return;
		const mine = new AbortController();
		running.current = mine;
		setLoading(true);
		get<T>(address, undefined, mine.signal).then(
			(d) => {
				if (mine.signal.aborted)
					return;
				setData(d);
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

	const stop = useCallback(() => {
		running.current?.abort();
		setLoading(false);
	}, []);
	useEffect(() => {
		if (!there.current)
			load();
		there.current = false;
		return () => running.current?.abort();
	}, [load]);
	useEffect(() => (o.live ? onSeq(load) : undefined), [load, o.live]);
	return useMemo(() => ({ data, error, loading, reload: load, stop, put: setData }), [data, error, loading, load, stop]);
}
