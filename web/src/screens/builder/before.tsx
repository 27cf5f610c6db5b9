/*
 * before.tsx - this period beside the one before, in one sentence that also says whether the
 * difference is more than chance.
 */
import { t } from '../../i18n/i18n';
import { number, percent } from '../../lib/format';
import type { Funnel } from '../funnel/api';
import { chance, sure_below } from './stats';

/* "< 0.001", "0.788" */
export function chanceNumber(p: number): string {
	return p < 0.001 ? `< ${number(0.001, 3)}` : number(p, 3);
}
export function chanceText(p: number | null): string {
	if (p === null)
		return t('build.chance.few');
	return t(p < sure_below ? 'build.chance.more' : 'build.chance.less', { p: p < 0.001 ? chanceNumber(p) : `= ${chanceNumber(p)}` });
}

export function Before({ f }: { f: Funnel }) {
	const first = f.steps[0];
	const last = f.steps[f.steps.length - 1];
	if (!first || !last || first === last || !first.previous || typeof last.previous !== 'number' || first.count === 0)
		return null;
	const now = last.count / first.count;
	const then = last.previous / first.previous;
	const p = chance(last.count, first.count, last.previous, first.previous);
	// about a handful nothing can be said
	return p === null ? null : <p>{t('build.before', { now: percent(now), then: percent(then) })} <span class="grey">{chanceText(p)}</span></p>;
}
