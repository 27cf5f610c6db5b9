/*
 * names.ts - what there is to choose from: touches with their counts, stages, deals' stages, and
 * what touches and people can be broken down or filtered by.
 */
import { useMemo } from 'preact/hooks';
import type { ComboOption } from '../../components/combo';
import { useFields, type RuleEntity, type RuleFieldInfo } from '../../components/rule-field';
import { t, tOr } from '../../i18n/i18n';
import { number } from '../../lib/format';
import { useResource } from '../../lib/resource';
import { stageName } from '../funnel/api';
import { isComplete, stepsText, type Step } from '../../lib/steps';

export interface Names {
	touches: { name: string; count: number }[];
	deal_stages: string[];
	loading: boolean;
}
export function useNames(): Names {
	const touches = useResource<{ rows: { name: string; count: number }[] }>('/api/v1/touch-names');
	const deals = useResource<{ rows: { stage: string | null }[] }>('/api/v1/deals/stages');
	return {
		touches: touches.data?.rows ?? [],
		deal_stages: (deals.data?.rows ?? []).flatMap((r) => (r.stage ? [r.stage] : [])),
		loading: touches.loading,
	};
}

/* Properties that the newest touches have, with the values seen; the touches' own fields first. */
const own_fields = ['name', 'source', 'channel', 'campaign', 'medium', 'content', 'term', 'referrer'];
const sampled = 200;
const values_max = 20;
interface Sample {
	rows: { name: string; source?: unknown; properties?: Record<string, unknown> }[];
}
export function useTouchFields(names: Names): RuleFieldInfo[] {
	const sample = useResource<Sample>('/api/v1/touches', { limit: sampled });
	return useMemo(() => {
		const seen = new Map<string, Set<string>>();
		for (const row of sample.data?.rows ?? [])
			for (const [key, value] of Object.entries(row.properties ?? {})) {
				const values = seen.get(key) ?? new Set<string>();
				if (typeof value === 'string' && value.length <= 60 && values.size < values_max)
					values.add(value);
				seen.set(key, values);
			}
		const properties = [...seen].filter(([key]) => !own_fields.includes(key))
			.map(([name, values]) => ({ name, type: 'any', values: [...values] }));
		return [
			...own_fields.map((name) => ({ name, type: 'text', values: name === 'name' ? names.touches.slice(0, values_max).map((x) => x.name) : [] })),
			...properties,
		];
	}, [sample.data, names.touches]);
}

export const touchOptions = (names: Names): ComboOption[] => names.touches.map((n) => ({ value: n.name, note: number(n.count) }));

/* By what one breaks down: from the touch, or from the person (company, deal) as they are now. */
const of_touch = ['source', 'channel', 'campaign', 'medium', 'landing_page'];
const never = ['name', 'email', 'number', 'full_name', 'first_name', 'last_name', 'phone', 'mobile', 'user_id', 'anonymous_id', 'first_seen', 'last_seen', 'stage_since', 'touches', 'time_in_stage'];
export interface Breakdown extends ComboOption {
	of?: 'person';
}
export function useBreakdowns(entity: RuleEntity, touch_fields: RuleFieldInfo[]): Breakdown[] {
	const fields = useFields(entity);
	return useMemo(() => {
		const label = (name: string) => tOr(`funnel.by.${name}`, name);
		const touch = [...of_touch, ...touch_fields.map((f) => f.name).filter((n) => !own_fields.includes(n))]
			.map((value) => ({ value, text: label(value), note: t('build.ofTouch') }));
		const person = fields.filter((f) => !never.includes(f.name) && !touch.some((x) => x.value === f.name))
			.map((f) => ({ value: f.name, text: label(f.name), note: t(`build.of.${entity}`), of: 'person' as const }));
		return [...touch, ...person];
	}, [fields, touch_fields, entity]);
}

/* A step in words: "page_viewed or cta_clicked", "MQL". */
export function stepName(s: Step): string {
	return isComplete(s) ? stageName(stepsText([s])) : '';
}
