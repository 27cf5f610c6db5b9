/*
 * parameters.ts - the rules of counting (docs/funnel.md), in the order in which they are shown.
 *
 * A choice's first option is the default, and stands for "not given". What each means is said in
 * i18n: build.p.NAME, build.p.NAME.help, build.p.NAME.OPTION.
 */
export type Parameter = { name: string } & (
	| { kind: 'choice'; options: readonly string[] }
	| { kind: 'text'; placeholder?: string }
	| { kind: 'rule'; placeholder: string }
	| { kind: 'date' }
);

export const parameters: readonly Parameter[] = [
	{ name: 'count', kind: 'choice', options: ['people', 'companies', 'deals'] },
	{ name: 'order', kind: 'choice', options: ['ordered', 'any'] },
	{ name: 'window', kind: 'text' },
	{ name: 'view', kind: 'choice', options: ['cohort', 'period'] },
	{ name: 'tail', kind: 'choice', options: ['follow', 'clip'] },
	{ name: 'as_of', kind: 'date' },
];
