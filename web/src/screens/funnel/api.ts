/*
 * api.ts - what GET /api/v1/funnel answers, and the parameters that it takes from the address.
 */
import type { Query } from '../../lib/api';
import type { Amount } from '../../lib/format';

export type Outcome = 'reached' | 'dropped' | 'here' | `exit:${string}`;

export interface Exit {
	kind: 'disqualified' | 'recycled' | 'lost';
	count: number;
	reasons: { reason: string; count: number }[];
}
export interface Step {
	step: number;
	name: string;
	count: number;
	from_previous: number | null;
	from_first: number | null;
	median_seconds: number | null;
	p90_seconds: number | null;
	skipped?: number;
	previous?: number | null;
	young?: number;
	here_now?: number | null;
	exits?: Exit[];
	money?: (Amount & { kind: 'cost_per_head' | 'value' }) | null;
	zone?: 'tofu' | 'mofu' | 'bofu';
	side?: 'marketing' | 'sales' | 'both';
}
export interface Group {
	value: string | null;
	steps: Step[];
}
export interface TrendPoint {
	from: string;
	to: string;
	complete: boolean;
	steps: Step[];
}
export interface Funnel {
	steps: Step[];
	groups: Group[];
	trend?: TrendPoint[];
	rules: Record<string, unknown>;
	rules_text?: { en: string; de: string };
	snapshot: number;
	sentence?: {
		first: string;
		last: string;
		first_count: number;
		last_count: number;
		leak: { from: string; to: string; lost: number } | null;
	};
}

/* The parameters of the address that the server understands, with their names there. */
export const asked = [
	'from', 'to', 'compare', 'by', 'of', 'where', 'steps', 'window', 'order', 'count', 'view', 'trend', 'as_of',
] as const;

export function funnelQuery(q: URLSearchParams): Query {
	const out: Query = {};
	for (const name of asked)
		out[name] = q.get(name);
	return out;
}
