/*
 * flow.tsx - from where people come, through which stages they go, and where they end.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { hrefWith, useQuery } from '../../app/router';
import { theme } from '../../app/theme';
import { Behind } from '../../components/behind';
import { Button } from '../../components/button';
import { Empty } from '../../components/empty';
import { ErrorLine } from '../../components/error';
import { Select } from '../../components/field';
import { Menu } from '../../components/menu';
import { Period } from '../../components/period';
import { Count } from '../../components/small';
import { Table } from '../../components/table';
import { language, t, type Key } from '../../i18n/i18n';
import type { Query } from '../../lib/api';
import { number, percent } from '../../lib/format';
import { useResource } from '../../lib/resource';
import { periodOf } from '../../lib/period';
import { saveCsv, savePng, saveSvg } from '../../lib/save';
import { useStore } from '../../lib/store';
import { layoutOf, type Flow, type Layout, type Link, type Ribbon } from './layout';
import { Picture, shareOf, wordsOf, type Colors } from './picture';

const table_px_max = 760;
const ways = ['source', 'channel', 'medium', 'campaign', 'landing_page', 'country'] as const;

function colorsNow(): Colors {
	const css = getComputedStyle(document.documentElement);
	const v = (name: string) => css.getPropertyValue(`--${name}`).trim();
	return { fg: v('fg'), bg: v('bg'), grey: v('grey'), line: v('line'), marketing: v('marketing'), sales: v('sales'), font: css.fontFamily };
}
function useColors(): Colors {
	const chosen = useStore(theme);
	const [colors, set] = useState(colorsNow);
	useEffect(() => {
		const look = () => set(colorsNow());
		look();
		const dark = matchMedia('(prefers-color-scheme: dark)');
		dark.addEventListener('change', look);
		return () => dark.removeEventListener('change', look);
	}, [chosen]);
	return colors;
}
/* The width of an element, kept right while it changes. */
function useWidth(): [{ current: HTMLDivElement | null }, number] {
	const self = useRef<HTMLDivElement>(null);
	const [width, set] = useState(0);
	useEffect(() => {
		const box = self.current;
		if (!box)
			return undefined;
		const seen = new ResizeObserver(() => set(Math.floor(box.clientWidth)));
		seen.observe(box);
		set(Math.floor(box.clientWidth));
		return () => seen.disconnect();
	}, []);
	return [self, width];
}

/* What a link opens, as one word in the address. */
function codeOf(l: Link): string {
	const p = l.people;
	return JSON.stringify([p.step, p.outcome, p.no_group ? null : (p.group ?? '')]);
}
function behindOf(code: string | null, layout: Layout | null): { query: Query; ribbon: Ribbon | undefined } | null {
	if (!code)
		return null;
	try {
		const [step, outcome, group] = JSON.parse(code) as [number, string, string | null];
		const query: Query = { step, outcome };
		if (group === null)
			query['no_group'] = '1';
		else if (group)
			query['group'] = group;
		return { query, ribbon: layout?.ribbons.find((r) => codeOf(r.link) === code) };
	} catch {
		return null;
	}
}

function Ways({ layout, href }: { layout: Layout; href: (l: Link) => string }) {
	return (
		<Table label={t('flow.table')} rows={layout.ribbons} id={(r) => r.key} arrows={false}
			columns={[
				{ key: 'way', title: t('flow.way'), cell: wordsOf, phone: 1, wide: true },
				{ key: 'people', title: t('flow.people'), number: true, phone: 1, cell: (r) => <Count n={r.link.count} href={href(r.link)} what={wordsOf(r)} /> },
				{ key: 'share', title: t('flow.share'), number: true, phone: 2, cell: (r) => percent(shareOf(r)) },
			]} />
	);
}

export default function FlowScreen() {
	const [query, set] = useQuery();
	const spoken = useStore(language);
	const colors = useColors();
	const [box, width] = useWidth();
	const svg = useRef<SVGSVGElement>(null);
	const by = query.get('by') ?? 'source';
	const asked: Query = { ...periodOf(query), by, where: query.get('where') };
	const flow = useResource<Flow>('/api/v1/flow', asked, { live: true });
	const narrow = width > 0 && width < table_px_max;
	const left = Math.min(190, Math.max(120, Math.round(width * 0.15)));
	const layout = useMemo(
		() => (flow.data ? layoutOf(flow.data, Math.max(width, table_px_max), { left, right: 132 }) : null),
		[flow.data, width, left],
	);
	const href = (l: Link) => hrefWith({ behind: codeOf(l) });
	const behind = behindOf(query.get('behind'), layout);
	const table = narrow || query.get('show') === 'table';
	const text = () => (svg.current ? new XMLSerializer().serializeToString(svg.current) : '');
	const rows = () => [[t('flow.way'), t('flow.people')], ...(layout?.ribbons ?? []).map((r) => [wordsOf(r), r.link.count])];
	const files = [
		...(table ? [] : [
			{ text: 'SVG', run: () => saveSvg('flow', text()) },
			{ text: 'PNG', run: () => void savePng('flow', text(), layout?.width ?? 0, layout?.height ?? 0, colors.bg) },
		]),
		{ text: 'CSV', run: () => saveCsv('flow', rows()) },
	];
	return (
		<div class="stack-wide">
			<h1>{t('nav.flow')}</h1>
			<div class="controls">
				<Period />
				<Select label={t('flow.by')} value={by} onValue={(v) => set({ by: v === 'source' ? null : v, behind: null })}
					options={[...ways.map((w) => ({ value: w as string, text: t(`funnel.by.${w}` as Key) })),
						...((ways as readonly string[]).includes(by) ? [] : [{ value: by, text: by }])]} />
			</div>
			{flow.error && <ErrorLine problem={flow.error} action={<Button onClick={flow.reload}>{t('app.retry')}</Button>} />}
			<div ref={box} class="flow-box" aria-busy={flow.loading}>
				{layout && !table && <Picture layout={layout} left={left} colors={colors} label={t('flow.label')} href={href} self={svg} />}
				{layout && <div class={table ? undefined : 'hidden'}><Ways layout={layout} href={href} /></div>}
			</div>
			{flow.data && !layout && <Empty text={t('flow.empty')} action={<a class="button main" href="/import">{t('flow.fill')}</a>} />}
			{layout && (
				<div class="line">
					{!narrow && <Button kind="quiet" aria-pressed={table} onClick={() => set({ show: table ? null : 'table' })}>{table ? t('c.chart') : t('c.table')}</Button>}
					<Menu label={t('c.export')} items={files} />
				</div>
			)}
			{flow.data && <p class="small grey">{t('flow.visitors', { n: flow.data.visitors, shown: number(flow.data.visitors) })} {flow.data.rules_text[spoken]}</p>}
			{behind && (
				<Behind title={behind.ribbon ? wordsOf(behind.ribbon) : t('flow.people')}
					query={{ ...asked, ...behind.query, groups: flow.data?.groups ?? 8 }}
					onClose={() => set({ behind: null }, { replace: true })} />
			)}
		</div>
	);
}
