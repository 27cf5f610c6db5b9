/*
 * multiples.tsx - a breakdown: at most six funnels on one scale, and all of them in a table.
 */
import { Count } from '../../components/small';
import { t, tOr } from '../../i18n/i18n';
import { number, percent } from '../../lib/format';
import { baseOf, stageName, type Funnel, type Group } from './api';
import { Bar } from './bar';
import { behind } from './picture';
import { baseCount, scaleOf, type Scale } from './scale';

const shown_max = 6;

export function groupName(g: Pick<Group, 'value' | 'values' | 'other'>): string {
	if (g.other)
		return t('funnel.groupRest');
	const values = g.values && g.values.length > 1 ? g.values : [g.value];
	return values.map((v) => (v === null || v === '' ? t('funnel.groupNone') : v)).join(' · ');
}
const key = (g: Group) => (g.other ? 'other' : `group:${JSON.stringify(g.values ?? g.value)}`);

function Multiple({ f, g, scale }: { f: Funnel; g: Group; scale: Scale }) {
	return (
		<section class="multiple">
			<h3>{groupName(g)}</h3>
			<table class="funnel small-funnel">
				<caption class="hidden">{groupName(g)}</caption>
				<tbody>
					{g.steps.map((s, i) => (
						<tr key={s.step} class="step">
							<th scope="row" class="name">{stageName(s.name)}</th>
							<td class="room"><Bar step={{ ...s, side: f.steps[i]?.side }} scale={scale} /></td>
							<td class="number"><Count n={s.count} href={behind(s.step, 'reached', { group: g.value })} what={`${groupName(g)}, ${stageName(s.name)}`} /></td>
							<td class="number rate"><span class={s.from_previous === null ? 'grey' : 'strong'}>{percent(s.from_previous)}</span></td>
						</tr>
					))}
				</tbody>
			</table>
		</section>
	);
}

function AllGroups({ f, groups }: { f: Funnel; groups: Group[] }) {
	const at = f.sentence.first_step - 1;
	return (
		<div class="across">
			<table class="table">
				<caption class="hidden">{t('funnel.groups')}</caption>
				<thead>
					<tr>
						<th scope="col">{(f.rules.breakdown ?? '').split(',').map((b) => tOr(`funnel.by.${b.trim()}`, b)).join(' · ')}</th>
						{f.steps.map((s) => <th key={s.step} scope="col" class="number">{stageName(s.name)}</th>)}
						<th scope="col" class="number">{t('funnel.rate')}</th>
					</tr>
				</thead>
				<tbody>
					{groups.map((g) => {
						const first = g.steps[at]?.count ?? 0;
						const last = g.steps[f.sentence.last_step - 1]?.count ?? 0;
						return (
							<tr key={key(g)}>
								<td data-phone="1">{groupName(g)}</td>
								{g.steps.map((s) => (
									<td key={s.step} class="number" data-title={stageName(s.name)} data-phone={s.step === at + 1 || s.step === f.sentence.last_step ? 2 : 0}>
										{g.other ? number(s.count) : <Count n={s.count} href={behind(s.step, 'reached', { group: g.value })} what={`${groupName(g)}, ${stageName(s.name)}`} />}
									</td>
								))}
								<td class="number strong" data-phone="1">{percent(first > 0 ? last / first : null)}</td>
							</tr>
						);
					})}
				</tbody>
			</table>
		</div>
	);
}

export function Multiples({ f }: { f: Funnel }) {
	const at = (baseOf(f)?.step ?? 1) - 1;
	const size = (g: Group) => g.steps[at]?.count ?? 0;
	const groups = [...f.groups].sort((a, b) => size(b) - size(a));
	const first = groups.filter((g) => !g.other && size(g) > 0).slice(0, shown_max);
	const counts = (g: Group) => g.steps.map((s) => s.count);
	const sided = f.steps.every((s) => s.side);
	const scale = scaleOf(first.flatMap(counts), Math.max(0, ...first.map((g) => (sided ? size(g) : baseCount(counts(g))))));
	return (
		<div class="stack-wide">
			<div class="multiples">{first.map((g) => <Multiple key={key(g)} f={f} g={g} scale={scale} />)}</div>
			{groups.length > first.length && <AllGroups f={f} groups={groups} />}
		</div>
	);
}
