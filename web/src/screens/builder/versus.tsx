/*
 * versus.tsx - two groups beside each other, step by step, and whether the difference is more than
 * chance.
 */
import { useEffect, useState } from 'preact/hooks';
import { Button } from '../../components/button';
import { ErrorLine } from '../../components/error';
import { RuleField, useFields, type RuleEntity } from '../../components/rule-field';
import { t } from '../../i18n/i18n';
import type { Query } from '../../lib/api';
import { number, percent } from '../../lib/format';
import { useResource } from '../../lib/resource';
import { stageName, type Funnel } from '../funnel/api';
import { chanceNumber, chanceText } from './before';
import type { Question } from './question';
import { sure_below } from './stats';

function points(x: number | null): string {
	return x === null ? '–' : t('build.versus.points', { n: `${x > 0 ? '+' : x < 0 ? '−' : ''}${percent(Math.abs(x)).replace(/\s*%$/, '')}` });
}

function Beside({ f }: { f: Funnel }) {
	const other = f.compare_where;
	const last = f.steps[f.steps.length - 1];
	const last_other = other?.steps[other.steps.length - 1];
	if (!other || !last || !last_other)
		return null;
	const p = last_other.p_value;
	const more = p !== null && p < sure_below;
	const sum = t('build.versus.sum', { ours: percent(last.from_first), theirs: percent(last_other.from_first), step: stageName(last.name) });
	return (
		<>
			<p><strong>{sum}</strong> <span class={more ? '' : 'grey'}>{chanceText(p)}</span></p>
			<div class="across">
				<table class="table versus-table">
					<caption class="hidden">{t('build.part.versus')}</caption>
					<thead>
						<tr>
							<th scope="col">{t('build.step')}</th>
							<th scope="col" class="number">{t('build.versus.ours')}</th>
							<th scope="col" class="number">{t('build.fromFirst')}</th>
							<th scope="col" class="number">{t('build.versus.theirs')}</th>
							<th scope="col" class="number">{t('build.fromFirst')}</th>
							<th scope="col" class="number">{t('build.versus.difference')}</th>
							<th scope="col" class="number">{t('build.versus.p')}</th>
						</tr>
					</thead>
					<tbody>
						{f.steps.map((s, i) => {
							const o = other.steps[i];
							return (
								<tr key={s.step}>
									<td data-phone="1">{stageName(s.name)}</td>
									<td class="number" data-title={t('build.versus.ours')} data-phone="2">{number(s.count)}</td>
									<td class="number grey" data-phone="0">{percent(s.from_first)}</td>
									<td class="number" data-title={t('build.versus.theirs')} data-phone="2">{number(o?.count)}</td>
									<td class="number grey" data-phone="0">{percent(o?.from_first)}</td>
									<td class="number" data-phone="1">{i === 0 ? '' : points(o?.difference ?? null)}</td>
									<td class="number grey" data-phone="0">{i === 0 || o?.p_value === null || o?.p_value === undefined ? '' : chanceNumber(o.p_value)}</td>
								</tr>
							);
						})}
					</tbody>
				</table>
			</div>
		</>
	);
}

export function Versus({ asked, question, entity }: { asked: Query; question: Question; entity: RuleEntity }) {
	const { q, set } = question;
	const fields = useFields(entity);
	const rule = q.get('compare_where') ?? '';
	const where = q.get('where') ?? '';
	const [typed, setTyped] = useState(rule);
	useEffect(() => setTyped(rule), [rule]);
	const answer = useResource<Funnel>(rule ? '/api/v1/funnel' : null, { ...asked, by: null, of: null, compare: null, compare_where: rule }, { live: true });
	// who are compared with everybody are compared with themselves, too
	const apart = () => set({ where: `not (${rule})` });
	return (
		<div class="stack">
			<p class="grey">{where ? t('build.versus.whatWhere', { where }) : t('build.versus.what')}</p>
			<div class="builder-where">
				<RuleField label={t('build.versus.rule')} entity={entity} fields={fields} value={typed} onValue={setTyped} placeholder={'did(page_viewed where kind = "case_study")'}
					onGood={(good) => good !== rule && set({ compare_where: good }, { replace: true })} />
			</div>
			{rule && !where && <p class="small grey">{t('build.versus.overlap')} <Button kind="quiet" onClick={apart}>{t('build.versus.apart')}</Button></p>}
			<ErrorLine problem={answer.error} />
			{rule && answer.data && <Beside f={answer.data} />}
			{rule && !answer.data && answer.loading && <p class="grey">{t('build.counting')}</p>}
		</div>
	);
}
