/*
 * parameters.ts - the rules of counting (docs/funnel.md), in the order in which they are shown.
 *
 * A choice's first option is the default. What each means is said in i18n: build.p.NAME,
 * build.p.NAME.help, build.p.NAME.OPTION.
 */
export type Parameter = { name: string } & (
	| { kind: 'choice'; options: readonly string[] }
	| { kind: 'text' }
	/* Any, in the order of steps, strictly later; or within so many milliseconds. */
	| { kind: 'ties'; options: readonly string[] }
	| { kind: 'exclude' }
	| { kind: 'properties'; max: number }
	| { kind: 'date' }
);

export const parameters: readonly Parameter[] = [
	{ name: 'profile', kind: 'choice', options: ['default', 'mixpanel', 'posthog', 'clickhouse', 'clickhouse_once', 'retentioneering', 'umami'] },
	{ name: 'count', kind: 'choice', options: ['people', 'totals', 'sessions', 'companies', 'deals'] },
	{ name: 'order', kind: 'choice', options: ['ordered', 'strict', 'strict_order', 'any', 'anchored'] },
	{ name: 'window', kind: 'text' },
	{ name: 'max_gap', kind: 'text' },
	{ name: 'min_gap', kind: 'text' },
	{ name: 'exclude', kind: 'exclude' },
	{ name: 'exclude_policy', kind: 'choice', options: ['end_attempt', 'drop_person', 'reset'] },
	{ name: 'hold', kind: 'properties', max: 3 },
	{ name: 'entry', kind: 'choice', options: ['any', 'first', 'each'] },
	{ name: 'reuse', kind: 'choice', options: ['once', 'multi'] },
	{ name: 'repeat', kind: 'choice', options: ['ignore', 'stop'] },
	{ name: 'ties', kind: 'ties', options: ['any', 'by_step', 'increase'] },
	{ name: 'view', kind: 'choice', options: ['cohort', 'period'] },
	{ name: 'tail', kind: 'choice', options: ['follow', 'clip'] },
	{ name: 'as_of', kind: 'date' },
];
