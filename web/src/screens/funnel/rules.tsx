/*
 * rules.tsx - the rules by which the funnel counts, to be changed in the address and nowhere else.
 */
import { useState } from 'preact/hooks';
import { useQuery } from '../../app/router';
import { Button } from '../../components/button';
import { Drawer } from '../../components/drawer';
import { Field, Select } from '../../components/field';
import { RuleField, useFields, type RuleEntity } from '../../components/rule-field';
import { t, type Key } from '../../i18n/i18n';
import { rule_names, type Rules } from './api';

type Name = (typeof rule_names)[number];
const choices: { name: Name; label: Key; options: [string, Key][] }[] = [
	{ name: 'count', label: 'funnel.rule.count', options: [['', 'funnel.counted.people'], ['companies', 'funnel.counted.companies'], ['deals', 'funnel.counted.deals']] },
	{ name: 'order', label: 'funnel.rule.order', options: [['', 'funnel.rule.ordered'], ['any', 'funnel.rule.any']] },
	{ name: 'view', label: 'funnel.rule.view', options: [['', 'funnel.rule.cohort'], ['period', 'funnel.rule.period']] },
	{ name: 'tail', label: 'funnel.rule.tail', options: [['', 'funnel.rule.follow'], ['clip', 'funnel.rule.clip']] },
];
const entities: Record<Rules['count'], RuleEntity> = { people: 'person', companies: 'company', deals: 'deal', totals: 'person', sessions: 'person' };

export function RulesDrawer({ count }: { count: Rules['count'] }) {
	const [q, set] = useQuery();
	const [draft, setDraft] = useState(() => Object.fromEntries(rule_names.map((n) => [n, q.get(n) ?? ''])) as Record<Name, string>);
	const fields = useFields(entities[count]);
	const put = (name: Name) => (v: string) => setDraft({ ...draft, [name]: v });
	const close = () => set({ rules: null });
	const apply = () => set({ ...draft, rules: null });
	const standard = () => set({ ...Object.fromEntries(rule_names.map((n) => [n, null])), rules: null });
	return (
		<Drawer title={t('funnel.rulesTitle')} onClose={close}>
			<form class="stack" onSubmit={(e) => { e.preventDefault(); apply(); }}>
				<RuleField label={t('funnel.rule.where')} entity={entities[count]} fields={fields} value={draft.where} onValue={put('where')} onSubmit={apply} placeholder="country = DE" />
				{choices.map((c) => (
					<Select key={c.name} label={t(c.label)} value={draft[c.name]} onValue={put(c.name)} options={c.options.map(([value, text]) => ({ value, text: t(text) }))} />
				))}
				<Field label={t('funnel.rule.window')} help={t('funnel.rule.windowHelp')} value={draft.window} onValue={put('window')} placeholder={t('funnel.rule.windowNone')} />
				<Field label={t('funnel.rule.steps')} help={t('funnel.rule.stepsHelp')} value={draft.steps} onValue={put('steps')} placeholder={t('funnel.rule.stepsNone')} rows={2} />
				<Field label={t('funnel.rule.asOf')} help={t('funnel.rule.asOfHelp')} type="date" value={draft.as_of} onValue={put('as_of')} />
				<div class="line">
					<Button kind="main" submit>{t('funnel.apply')}</Button>
					<Button kind="quiet" onClick={standard}>{t('funnel.standard')}</Button>
				</div>
			</form>
		</Drawer>
	);
}
