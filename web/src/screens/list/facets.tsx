/*
 * facets.tsx - how many of those who fit have which value; each can be asked for or left out.
 *
 * What it is:   the server's counts for a few telling fields, under the rule that is in force. A
 *               choice is written into the rule, where it can be read and changed.
 */
import type { RuleEntity, RuleFieldInfo } from '../../components/rule-field';
import { fieldWritten, quoted } from '../../components/rule-complete';
import { t } from '../../i18n/i18n';
import { number } from '../../lib/format';
import { useResource } from '../../lib/resource';
import { cap, look } from '../person/say';
import { fieldName, wordOf } from '../person/words';
import { stageName } from './stage';

const TELLING: Record<RuleEntity, string[]> = {
	person: ['stage', 'first_channel', 'country', 'company.industry', 'owner'],
	company: ['industry', 'country', 'owner'],
	deal: ['stage', 'pipeline', 'owner', 'loss_reason'],
};
const VALUES_MAX = 10;

interface Facet {
	value: unknown;
	count: number;
}

function ruleFor(field: string, value: unknown): string {
	if (value === null || value === undefined) return `${fieldWritten(field)} is unknown`;
	return `${fieldWritten(field)} = ${typeof value === 'string' ? quoted(value) : String(value)}`;
}

/* A rule with one more condition; an `or` keeps its own brackets. */
export function withRule(where: string, more: string): string {
	if (!where.trim()) return more;
	return `${/\bor\b/i.test(where) ? `(${where})` : where} and ${more}`;
}

function nameOf(entity: RuleEntity, field: string, value: unknown): string {
	const none = value === null || value === undefined;
	if (entity === 'person' && field === 'stage') return stageName(none ? null : String(value));
	return none ? t('list.facets.unknown') : wordOf(look, String(value));
}

interface FacetsProps {
	entity: RuleEntity;
	path: string;
	fields: readonly RuleFieldInfo[];
	/* What is asked of the server, and what of it can be changed. */
	rule: string;
	where: string;
	onWhere: (where: string) => void;
}
export function Facets({ entity, path, fields, rule, where, onWhere }: FacetsProps) {
	const there = TELLING[entity].filter((f) => fields.some((x) => x.name === f));
	const asked = there.length ? `/api/v1${path}/facets` : null;
	const answer = useResource<{ facets: Record<string, Facet[]> }>(asked, { where: rule, fields: there.join(','), values: VALUES_MAX });
	const facets = answer.data?.facets ?? {};
	return (
		<div class="facets" role="group" aria-label={t('list.facets')} aria-busy={answer.loading}>
			{there.filter((f) => facets[f]?.length).map((f) => (
				<section key={f}>
					<h3>{cap(fieldName(look, f))}</h3>
					<ul>
						{facets[f]?.map((x) => {
							const what = nameOf(entity, f, x.value);
							const one = ruleFor(f, x.value);
							return (
								<li key={String(x.value)}>
									<button type="button" class="link" aria-label={t('list.facets.only', { what })} onClick={() => onWhere(withRule(where, one))}>{what}</button>
									<span class="number">{number(x.count)}</span>
									<button type="button" class="link grey" aria-label={t('list.facets.without', { what })} onClick={() => onWhere(withRule(where, `not (${one})`))}>−</button>
								</li>
							);
						})}
					</ul>
				</section>
			))}
		</div>
	);
}
