/*
 * list.tsx - the funnels that have a name, those on the home first; and how to get one.
 */
import { useMay } from '../../app/session';
import { Button, ButtonLink } from '../../components/button';
import { ErrorLine } from '../../components/error';
import { Menu } from '../../components/menu';
import { RelativeTime } from '../../components/small';
import { Table } from '../../components/table';
import { toast, toastError } from '../../components/toast';
import { t } from '../../i18n/i18n';
import { useResource } from '../../lib/resource';
import { useStore } from '../../lib/store';
import { useEffect } from 'preact/hooks';
import { useNames } from './names';
import { funnelHref, placeNext, savedChange, savedRemove, savedVersion, type Saved, type SavedList } from './saved';
import { Starts, stepsWords } from './starts';

/* What one may do with a row; places change in pairs, so that two funnels swap. */
function Deeds({ f, rows, reload }: { f: Saved; rows: Saved[]; reload: () => void }) {
	const pinned = rows.filter((r) => r.place !== null);
	const at = pinned.indexOf(f);
	const attempt = (deed: () => Promise<unknown>) => void deed().catch((e) => { toastError(e); reload(); });
	const swap = (other: Saved | undefined) => attempt(async () => {
		if (!other)
			return;
		// places that somebody made equal are told apart first
		const [low, high] = [Math.min(f.place ?? 1, other.place ?? 1), Math.max(f.place ?? 1, other.place ?? 1)];
		const up = pinned.indexOf(other) < at;
		const second = high === low ? high + 1 : high;
		await savedChange(f, { place: up ? low : second });
		await savedChange(other, { place: up ? second : low });
	});
	const pin = () => attempt(async () => {
		const next = await savedChange(f, { place: f.place ? null : placeNext(rows) });
		toast(t(next.place ? 'build.pinned' : 'build.unpinned'));
	});
	return (
		<Menu label={t('build.more')} items={[
			{ text: t(f.place ? 'build.unpin' : 'build.pin'), run: pin },
			...(at > 0 ? [{ text: t('build.up'), run: () => swap(pinned[at - 1]) }] : []),
			...(at >= 0 && at < pinned.length - 1 ? [{ text: t('build.down'), run: () => swap(pinned[at + 1]) }] : []),
			{ text: t('build.remove'), run: () => void savedRemove(f) },
		]} />
	);
}

function Rows({ rows, reload }: { rows: Saved[]; reload: () => void }) {
	const may = useMay('work');
	const pinned = rows.filter((r) => r.place);
	return (
		<div class="saved-table">
			<Table label={t('build.list')} rows={rows} id={(f) => f.name} href={funnelHref} columns={[
				{ key: 'title', title: t('build.name'), cell: (f) => f.title, phone: 1 },
				{ key: 'steps', title: t('build.steps'), cell: (f) => stepsWords(f.query['steps'] ?? '') || t('nav.funnel'), wide: true, phone: 2 },
				{ key: 'place', title: t('build.onHome'), cell: (f) => (f.place ? t('build.place', { n: pinned.indexOf(f) + 1 }) : '') },
				{ key: 'changed', title: t('build.changed'), cell: (f) => <><RelativeTime at={f.changed_at} quiet /> · {f.changed_by.name}</> },
				...(may ? [{ key: 'more', title: '', cell: (f: Saved) => <Deeds f={f} rows={rows} reload={reload} />, phone: 1 as const, number: true }] : []),
			]} />
		</div>
	);
}

export default function FunnelsScreen() {
	const list = useResource<SavedList>('/api/v1/funnels', undefined, { live: true });
	const names = useNames();
	const version = useStore(savedVersion);
	useEffect(() => {
		if (version > 0)
			list.reload();
	}, [version]);
	const rows = list.data?.rows ?? null;
	return (
		<div class="stack-wide">
			<header class="builder-head">
				<h1>{t('build.list')}</h1>
				<ButtonLink kind="main" href="/funnels/new">{t('build.new')}</ButtonLink>
			</header>
			<ErrorLine problem={list.error} action={<Button onClick={list.reload}>{t('app.retry')}</Button>} />
			{rows && rows.length > 0 && <Rows rows={rows} reload={list.reload} />}
			{rows && rows.length === 0 && <Starts names={names} path="/funnels/new" />}
		</div>
	);
}
