/*
 * journeys.ts - the touches of several people at once, kept up to date.
 *
 * What it is:   each journey is read page by page and asked for again when something happened;
 *               what was read before stays on the screen meanwhile.
 * Limits:       TOUCHES_MAX of each person; who has more is read in the export.
 */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { onSeq } from '../../app/live';
import { get, Problem } from '../../lib/api';
import type { Edge, Journey } from './api';
import { withUndone, type Touch } from './fold';

export const TOUCHES_MAX = 5000;
const PAGE = 500;

export interface Read {
	touches: Touch[];
	edges: Edge[];
}

async function read(path: string, signal: AbortSignal): Promise<Read> {
	const touches: Touch[] = [];
	let edges: Edge[] = [];
	let undone: Touch[] = [];
	let after: string | null = null;
	do {
		const page: Journey = await get<Journey>(path, { limit: PAGE, after }, signal);
		touches.push(...page.rows);
		if (page.edges?.length) edges = page.edges;
		undone = [...undone, ...(page.undone ?? [])];
		after = page.next;
	} while (after !== null && touches.length < TOUCHES_MAX);
	return { touches: withUndone(touches, undone), edges };
}

export interface Journeys {
	lanes: { who: number; touches: Touch[] }[];
	edges: Edge[];
	error: Problem | null;
	loading: boolean;
	reload: () => void;
}

/* `paths`: who each journey belongs to and where it is read; the first is whose page this is. */
export function useJourneys(paths: readonly { who: number; path: string }[], live = true): Journeys {
	const [known, setKnown] = useState<ReadonlyMap<string, Read>>(new Map());
	const [error, setError] = useState<Problem | null>(null);
	const [loading, setLoading] = useState(true);
	const running = useRef<AbortController | null>(null);
	const asked = paths.map((p) => p.path).join(' ');
	const reload = useCallback(() => {
		running.current?.abort();
		const mine = new AbortController();
		running.current = mine;
		setLoading(true);
		const all = asked.split(' ').filter(Boolean);
		Promise.all(all.map((path) => read(path, mine.signal))).then(
			(answers) => {
				if (mine.signal.aborted) return;
				setKnown((old) => new Map([...old, ...all.map((path, i) => [path, answers[i]!] as const)]));
				setError(null);
				setLoading(false);
			},
			(e: unknown) => {
				if (mine.signal.aborted) return;
				setError(e instanceof Problem ? e : new Problem(0, 'unexpected', String(e), null, {}));
				setLoading(false);
			},
		);
	}, [asked]);
	useEffect(() => {
		reload();
		return () => running.current?.abort();
	}, [reload]);
	useEffect(() => (live ? onSeq(reload) : undefined), [reload, live]);
	return useMemo(() => {
		const lanes = paths.flatMap(({ who, path }) => {
			const r = known.get(path);
			return r ? [{ who, touches: r.touches }] : [];
		});
		return { lanes, edges: known.get(paths[0]?.path ?? '')?.edges ?? [], error, loading, reload };
	}, [known, error, loading, reload, asked]);
}
