/*
 * audit.tsx - who signed in and who changed what, newest first.
 */
import { useQuery } from '../../app/router';
import { Empty } from '../../components/empty';
import { Select } from '../../components/field';
import { More } from '../../components/more';
import { RelativeTime } from '../../components/small';
import { Table } from '../../components/table';
import { t, tOr, type Key } from '../../i18n/i18n';
import { useList } from '../../lib/list';
import { SettingsPage } from './page';

interface Who {
	id: string;
	name: string;
}
interface Entry {
	at: string;
	kind: string;
	what: string;
	by: Who | null;
	about?: Who | null;
	name?: string;
	detail?: string;
	network?: string;
	device?: string;
	changes?: { field: string | null; old: string; new: string }[];
}
const kinds = ['sign-ins', 'users', 'keys', 'settings', 'exports'];

function words(e: Entry): string {
	const about = e.about?.name ?? '';
	const detail = e.detail ? tOr(`audit.detail.${e.detail}`, e.detail) : '';
	const name = e.about?.name ?? e.name ?? '';
	if (e.what === 'sign_in_failed' && !e.about)
		return t('audit.sign_in_unknown');
	const key = e.what.startsWith('export') ? 'audit.export' : `audit.${e.what}`;
	const text = tOr(key, '');
	return text ? t(key as Key, { about, detail, name }) : `${e.what} ${name} ${detail}`;
}
/* "cli:root" is somebody at the server's own console. */
function who(by: Who | null): string {
	if (!by)
		return t('audit.nobody');
	return by.id.startsWith('cli') ? t('audit.console', { name: by.id.slice(4) || '–' }) : by.name;
}
function Changes({ of }: { of: Entry }) {
	const shown = (of.changes ?? []).filter((c) => c.field !== 'created');
	if (!shown.length)
		return null;
	return (
		<ul class="changes">
			{shown.map((c) => (
				<li key={c.field ?? ''}>
					{c.field && `${tOr(`audit.field.${c.field}`, c.field)}: `}{c.old && <del>{c.old}</del>}{c.old && ' → '}{c.new || '–'}
				</li>
			))}
		</ul>
	);
}

export default function Audit() {
	const [query, set] = useQuery();
	const kind = query.get('kind') ?? '';
	const list = useList<Entry>('/api/v1/audit', { kind });
	const rows = (list.rows ?? []).map((e, i) => ({ ...e, i }));
	return (
		<SettingsPage at="audit" actions={
			<Select quiet label={t('audit.kind')} value={kind} onValue={(v) => set({ kind: v })}
				options={[{ value: '', text: t('audit.all') }, ...kinds.map((k) => ({ value: k, text: t(`audit.${k}` as Key) }))]} />
		}>
			<div class="audit">
				{list.rows?.length === 0 ? <Empty text={t('audit.empty')} /> : (
					<Table label={t('set.audit')} rows={rows} id={(e) => e.i} columns={[
						{ key: 'who', title: t('audit.who'), cell: (e) => who(e.by), phone: 1 },
						{ key: 'what', title: t('audit.what'), cell: (e) => <>{words(e)}<Changes of={e} /></>, wide: true, phone: 2 },
						{ key: 'where', title: t('audit.where'), cell: (e) => <span class="grey">{[e.device, e.network].filter(Boolean).join(' · ')}</span> },
						{ key: 'when', title: t('audit.when'), cell: (e) => <RelativeTime at={e.at} />, phone: 1 },
					]} />
				)}
				<More list={list} />
			</div>
		</SettingsPage>
	);
}
