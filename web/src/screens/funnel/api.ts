/*
 * api.ts - what GET /api/v1/funnel answers, and what of the address it is asked with.
 */
import { t, tOr } from '../../i18n/i18n';
import type { Query } from '../../lib/api';
import type { Amount } from '../../lib/format';
import { periodOf } from '../../lib/period';
import { stepsRead } from '../../lib/steps';

export type ExitKind = 'disqualified' | 'recycled' | 'lost';
export type Outcome = 'reached' | 'dropped' | 'here' | 'here_all' | 'young' | `exit:${ExitKind}`;

export interface Exit {
	kind: ExitKind;
	count: number;
	reasons: { reason: string | null; count: number }[];
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
	here_all?: number | null;
	exits?: Exit[];
	money?: (Amount & { kind: 'cost_per_head' | 'value'; others: Amount[] }) | null;
	zone?: 'tofu' | 'mofu' | 'bofu' | null;
	side?: 'marketing' | 'sales' | 'both' | null;
}
export interface Group {
	value: string | null;
	/* Of each property of the breakdown. */
	values?: (string | null)[];
	other?: boolean;
	steps: Step[];
}
export interface TrendPoint {
	from: string;
	to: string;
	complete: boolean;
	steps: Step[];
}
export interface Bucket {
	from_seconds: number;
	to_seconds: number | null;
	count: number;
}
export interface VersusStep extends Step {
	difference: number | null;
	p_value: number | null;
}
/* What those who came to the end have more or less often than those who did not. */
export interface Correlation {
	/* A touch on the way, a property of the first step's touch, or a trait of theirs. */
	kind: 'touch' | 'property' | 'trait';
	name: string;
	value: string | null;
	converted_with: number;
	converted: number;
	dropped_with: number;
	dropped: number;
	odds_ratio: number | null;
	low: number | null;
	high: number | null;
}
export interface Rules {
	count: 'people' | 'companies' | 'deals' | 'totals' | 'sessions';
	window: string;
	order: string;
	view: string;
	tail: string;
	where: string | null;
	breakdown: string | null;
	[name: string]: unknown;
}
export interface Funnel {
	steps: Step[];
	groups: Group[];
	trend?: TrendPoint[];
	/* How many took so long from the step before; a class without end has none. */
	histogram?: { steps: { step: number; buckets: Bucket[] }[] };
	/* The same steps for others, beside these; `difference` is theirs less ours. */
	compare_where?: { where: string; steps: VersusStep[]; p_value: number | null };
	correlation?: Correlation[];
	rules: Rules;
	rules_text: { en: string; de: string };
	snapshot: number;
	sentence: {
		text: { en: string; de: string };
		first: string;
		first_step: number;
		first_count: number;
		last: string;
		last_step: number;
		last_count: number;
		leak: { step: number; from: string; to: string; lost: number } | null;
	};
}

/* The rules that somebody may change, under the server's names. */
export const rule_names = [
	'count', 'window', 'order', 'view', 'tail', 'where', 'steps', 'as_of', 'groups', 'profile', 'entry', 'reuse', 'ties', 'repeat',
	'max_gap', 'min_gap', 'exclude', 'exclude_policy', 'hold',
] as const;

export function funnelQuery(q: URLSearchParams): Query {
	const period = periodOf(q);
	const out: Query = { ...period };
	for (const name of ['by', 'of', ...rule_names])
		out[name] = q.get(name);
	if (period.from && period.to && q.get('compare') !== 'none')
		out['compare'] = 'previous';
	return out;
}

/* The base of the rates and of the scale: where the sentence begins, the lead. */
export function baseOf(f: Funnel): Step | undefined {
	return f.steps[f.sentence.first_step - 1] ?? f.steps[0];
}

/* A stage as the reader's language calls it, or as the company does; other steps as they were asked
 * for, without the signs that only the server needs. */
export function stageName(name: string): string {
	const mark = /^(first|optional|anchor):\s*/.exec(name);
	if (mark)
		return mark[1] === 'anchor' ? stageName(name.slice(mark[0].length)) : t(`funnel.mark.${mark[1] as 'first'}`, { step: stageName(name.slice(mark[0].length)) });
	if (name === '*')
		return t('funnel.anyTouch');
	if (name.startsWith('deal:'))
		return t('funnel.dealStep', { stage: name.slice(5) });
	if (!name.startsWith('['))
		return tOr(`stage.${name.replace(/^stage:/, '')}`, name.replace(/^stage:/, ''));
	const [step] = stepsRead(name);
	if (!step || step.names.length === 0)
		return name.slice(1, -1);
	const names = step.names.join(` ${t('funnel.or')} `);
	return step.where ? `${names}: ${step.where}` : names;
}
