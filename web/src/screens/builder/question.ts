/*
 * question.ts - what is asked, as the address holds it, or as it was saved.
 *
 * An address without parameters of a funnel shows the saved one; with the first change all of it
 * moves into the address, so that any state can be sent, and the saved one stays what it was.
 */
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { hrefWith, navigate, useQuery, type Patch } from '../../app/router';
import type { Query } from '../../lib/api';
import { dayPlus, periodOf } from '../../lib/period';
import { rule_names } from '../funnel/api';
import type { Saved } from './saved';

const names = ['period', 'from', 'to', 'compare', 'by', 'of', 'trend', 'compare_where', ...rule_names] as const;
const a_day = /^\d{4}-\d{2}-\d{2}$/;

/* A saved day `to` is not in the period any more; in the address it is the last one. */
function fromSaved(saved: Saved): URLSearchParams {
	const q = new URLSearchParams(saved.query);
	const to = q.get('to') ?? '';
	if (a_day.test(to))
		q.set('to', dayPlus(to, -1));
	if (q.get('compare') === 'previous')
		q.delete('compare');
	return q;
}
/* The other way round: what the API is to keep. */
export function toSaved(question: URLSearchParams): Query {
	const out: Query = Object.fromEntries(names.map((n) => [n, question.get(n)]));
	const dates = out['period'] ? {} : periodOf(question);
	return { ...out, from: dates.from, to: dates.to };
}
function only(q: URLSearchParams): URLSearchParams {
	return new URLSearchParams(names.flatMap((n) => (q.get(n) ? [[n, q.get(n) ?? '']] : [])));
}

export interface Question {
	q: URLSearchParams;
	/* Other than what was saved; or never saved. */
	changed: boolean;
	set: (patch: Patch, o?: { replace?: boolean }) => void;
	/* The address that shows this anywhere else. */
	href: string;
}
export function useQuestion(saved: Saved | null): Question {
	const [address] = useQuery();
	const kept = useMemo(() => (saved ? only(fromSaved(saved)) : null), [saved]);
	const own = only(address);
	const given = own.toString() !== '';
	const q = given || !kept ? own : kept;
	const text = q.toString();
	const set = useCallback((patch: Patch, o?: { replace?: boolean }) => {
		navigate(hrefWith({ ...Object.fromEntries(new URLSearchParams(text)), ...patch }), o);
	}, [text]);
	const changed = kept === null || (given && text !== kept.toString());
	const href = changed ? `${location.pathname}${text ? `?${text}` : ''}` : location.pathname;
	return { q, changed, set, href };
}

/* The value as it stands once it has not changed for a while. */
export function useLater<T>(value: T, ms: number): T {
	const [late, setLate] = useState(value);
	useEffect(() => {
		if (Object.is(late, value))
			return undefined;
		const timer = setTimeout(() => setLate(value), ms);
		return () => clearTimeout(timer);
	}, [value, ms]);
	return late;
}
