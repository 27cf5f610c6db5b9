/*
 * one.tsx - one person (company, deal): the touches that were chosen for the steps, and why it
 * went no further.
 */
import { hrefWith, useQuery } from '../../app/router';
import { Combo, type ComboOption } from '../../components/combo';
import { ErrorLine } from '../../components/error';
import type { RuleEntity } from '../../components/rule-field';
import { language, t } from '../../i18n/i18n';
import type { Query } from '../../lib/api';
import { dateTime, duration } from '../../lib/format';
import { useResource } from '../../lib/resource';
import { stageName, type Funnel } from '../funnel/api';
import { useState } from 'preact/hooks';
import { useLater } from './question';

interface Explained {
	person?: number;
	company?: number;
	deal?: number;
	level: number;
	steps: number;
	chain: { step: number; step_name: string; at?: string; name?: string; seq?: number; passed_over: boolean }[];
	why_stopped: string | null;
	why_stopped_de?: string | null;
}
interface Found {
	people: { person: number; name: string | null; email?: string | null }[];
	companies: { company: number; name: string | null; domain?: string | null }[];
	deals: { deal: number; name: string | null }[];
}
const pages: Record<RuleEntity, string> = { person: '/people', company: '/companies', deal: '/deals' };

function found_options(found: Found | null, entity: RuleEntity): ComboOption[] {
	if (!found)
		return [];
	if (entity === 'company')
		return found.companies.map((c) => ({ value: String(c.company), text: c.name ?? c.domain ?? `${c.company}`, note: c.domain ?? undefined }));
	if (entity === 'deal')
		return found.deals.map((d) => ({ value: String(d.deal), text: d.name ?? `${d.deal}` }));
	return found.people.map((p) => ({ value: String(p.person), text: p.name || p.email || `${p.person}`, note: p.email ?? undefined }));
}

function Chain({ x, f, href }: { x: Explained; f: Funnel; href: string }) {
	const seconds = (i: number) => {
		const a = x.chain[i - 1]?.at;
		const b = x.chain[i]?.at;
		return a && b ? (new Date(b).getTime() - new Date(a).getTime()) / 1000 : null;
	};
	return (
		<div class="stack">
			<p><strong>{t('build.one.level', { level: x.level, steps: x.steps })}</strong> <a href={href}>{t('build.one.journey')}</a></p>
			<ol class="chain">
				{f.steps.map((s, i) => {
					const c = x.chain.find((y) => y.step === s.step);
					return (
						<li key={s.step} data-reached={!!c}>
							<span class="chain-step">{s.step}. {stageName(s.name)}</span>
							<span class="grey">
								{c?.passed_over ? t('build.one.passed') : c?.at ? dateTime(c.at) : t('build.one.not')}
								{c && i > 0 && seconds(i) !== null && <> · {t('build.one.after', { time: duration(seconds(i)) })}</>}
							</span>
						</li>
					);
				})}
			</ol>
			{x.why_stopped && <p>{language.get() === 'de' ? (x.why_stopped_de ?? x.why_stopped) : x.why_stopped}</p>}
		</div>
	);
}

export function One({ f, asked, entity }: { f: Funnel; asked: Query; entity: RuleEntity }) {
	const [address, set] = useQuery();
	const [typed, setTyped] = useState('');
	const who = address.get('who') ?? '';
	const want = useLater(typed.trim(), 200);
	const found = useResource<Found>(want ? '/api/v1/search' : null, { q: want, limit: 12 });
	const { by: _by, of: _of, compare: _compare, ...rules } = asked;
	const answer = useResource<Explained>(who ? '/api/v1/funnel/explain' : null, { ...rules, person: who });
	const x = answer.data;
	return (
		<div class="stack">
			<div class="builder-where">
				<Combo label={t(`build.one.find.${entity}`)} options={found_options(found.data, entity)} onText={setTyped} onPick={(v) => set({ who: v })} placeholder={t('build.one.placeholder')} />
			</div>
			{!who && <p class="grey">{t('build.one.what')}</p>}
			<ErrorLine problem={answer.error} action={<a href={hrefWith({ who: null })}>{t('c.close')}</a>} />
			{who && x && !answer.error && <Chain x={x} f={f} href={`${pages[entity]}/${who}`} />}
		</div>
	);
}
