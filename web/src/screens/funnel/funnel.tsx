/*
 * funnel.tsx - the home: the one funnel, from visitor to customer.
 *
 * First the truth in one sentence, then the stages; every number opens the people behind it. The
 * address holds the period, the rules, the breakdown and what is open.
 */
import type { ComponentChildren } from 'preact';
import { hrefWith, useQuery } from '../../app/router';
import { useMay } from '../../app/session';
import { Button, ButtonLink } from '../../components/button';
import { ErrorLine } from '../../components/error';
import { language, t } from '../../i18n/i18n';
import { number } from '../../lib/format';
import { useResource } from '../../lib/resource';
import { funnelQuery, type Funnel, type Rules } from './api';
import { BehindNumber } from './behind';
import { Controls } from './controls';
import { Later, Near } from './later';
import { Multiples } from './multiples';
import { behind, Legend, Picture } from './picture';
import { RulesDrawer } from './rules';

/* The text with some of its parts as links, in the order in which they stand there. */
function linked(text: string, links: [string, string][]): ComponentChildren[] {
	const out: ComponentChildren[] = [];
	let rest = text;
	for (const [part, href] of links) {
		const at = part ? rest.indexOf(part) : -1;
		if (at < 0)
			continue;
		out.push(rest.slice(0, at), <a key={href} href={href}>{part}</a>);
		rest = rest.slice(at + part.length);
	}
	return [...out, rest];
}

function Sentence({ f }: { f: Funnel }) {
	const s = f.sentence;
	const text = s.text[language.get()];
	const leak = text.match(/(between|zwischen) .*?(?= verloren|\.?$)/)?.[0] ?? '';
	const links: [string, string][] = [
		[number(s.first_count), behind(s.first_step, 'reached')],
		[number(s.last_count), behind(s.last_step, 'reached')],
	];
	if (s.leak)
		links.push([leak, behind(s.leak.step, 'dropped')]);
	return <h1 class="sentence">{linked(text, links)}</h1>;
}

function Begin() {
	const imports = useMay('import');
	return (
		<div class="begin stack">
			<h1>{t('funnel.begin')}</h1>
			<p class="grey">{t('funnel.beginWhat')}</p>
			<dl>
				<div><dt>{imports ? <ButtonLink kind="main" href="/import">{t('funnel.beginImport')}</ButtonLink> : t('funnel.beginImport')}</dt><dd>{t('funnel.beginImportWhat')}</dd></div>
				<div><dt><ButtonLink href="/settings/sources">{t('funnel.beginSite')}</ButtonLink></dt><dd>{t('funnel.beginSiteWhat')}</dd></div>
				<div><dt>{t('funnel.beginSample')}</dt><dd>{t('funnel.beginSampleWhat')} <code>trichter demo --data ./sample</code></dd></div>
			</dl>
		</div>
	);
}

export default function FunnelScreen() {
	const [q] = useQuery();
	const asked = funnelQuery(q);
	const funnel = useResource<Funnel>('/api/v1/funnel', asked, { live: true });
	const f = funnel.data;
	const failed = <ErrorLine problem={funnel.error} action={<Button onClick={funnel.reload}>{t('app.retry')}</Button>} />;
	if (!f)
		return funnel.error && (
			<div class="stack">
				{failed}
				<p class="line"><a href={hrefWith({ rules: 1 })}>{t('funnel.changeRules')}</a><a href="/">{t('funnel.standard')}</a></p>
				{q.get('rules') && <RulesDrawer count={(q.get('count') ?? 'people') as Rules['count']} />}
			</div>
		);
	const empty = f.steps.every((s) => s.count === 0);
	if (empty && !q.toString())
		return <Begin />;
	return (
		<div class="home" aria-busy={funnel.loading}>
			{empty ? <h1 class="sentence">{t('funnel.emptyPeriod')}</h1> : <Sentence f={f} />}
			{failed}
			<Controls />
			{f.rules.breakdown ? <Multiples f={f} /> : <Picture f={f} />}
			<div class="rules">
				{!f.rules.breakdown && <Legend f={f} />}
				<p class="grey small">{f.rules_text[language.get()]} <a href={hrefWith({ rules: 1, step: null, show: null })}>{t('funnel.changeRules')}</a> <a href="/reconcile">{t('nav.reconcile')}</a></p>
			</div>
			<Near load={() => import('./pinned')} props={{}} />
			<Later f={f} asked={asked} question={q} />
			{q.get('rules') && <RulesDrawer count={f.rules.count} />}
			{q.get('step') && <BehindNumber count={f.rules.count} asked={asked} />}
		</div>
	);
}
