/*
 * starts.tsx - nothing is asked yet: what a funnel is, and some to begin with, made of what this
 * company really has.
 */
import { workspace } from '../../app/session';
import { hrefWith } from '../../app/router';
import { t } from '../../i18n/i18n';
import { stageName } from '../funnel/api';
import { stepsText, stepNew, stepsRead } from '../../lib/steps';
import { stepName, type Names } from './names';

/* Touches that people do, most frequent first, in the order in which they usually come. */
const usual = ['page_viewed', 'content_viewed', 'content_downloaded', 'form_submitted', 'demo_booked', 'demo_held', 'meeting_held'];

export function startsOf(names: Names): string[] {
	const there = usual.filter((n) => names.touches.some((x) => x.name === n));
	const stages = (workspace()?.stages ?? []).filter((s) => s !== 'visitor');
	const deals = names.deal_stages.filter((s) => s !== 'lost');
	const made = [
		there.length > 1 ? stepsText(there.slice(0, 4).map((n) => stepNew('touch', [n]))) : '',
		there[0] && stages.length > 0 ? stepsText([stepNew('touch', [there[0]]), ...stages.slice(0, 2).map((s) => stepNew('stage', [s]))]) : '',
		stages.length > 2 ? stepsText(stages.slice(-4).map((s) => stepNew('stage', [s]))) : '',
		deals.length > 1 ? stepsText(deals.slice(0, 4).map((s) => stepNew('deal', [s]))) : '',
	];
	return [...new Set(made.filter((x) => x !== ''))];
}

/* "page_viewed → Lead → MQL" */
export function stepsWords(text: string): string {
	return stepsRead(text).map(stepName).join(' → ');
}

export function Starts({ names, path }: { names: Names; path?: string }) {
	const starts = startsOf(names);
	return (
		<div class="starts stack">
			<p class="starts-what">{t('build.startsWhat', { stage: stageName('customer') })}</p>
			{starts.length > 0 && (
				<>
					<h2>{t('build.starts')}</h2>
					<ul>
						{starts.map((s) => <li key={s}><a href={path ? `${path}?${new URLSearchParams({ steps: s }).toString()}` : hrefWith({ steps: s })}>{stepsWords(s)}</a></li>)}
					</ul>
				</>
			)}
			{!names.loading && names.touches.length === 0 && <p>{t('build.noTouches')} <a href="/import">{t('nav.import')}</a></p>}
		</div>
	);
}
