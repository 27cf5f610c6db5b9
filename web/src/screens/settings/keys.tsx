/*
 * keys.tsx - keys of web sites and programs: make one, paste it, watch the first event arrive.
 */
import { useEffect, useState } from 'preact/hooks';
import { onSeq } from '../../app/live';
import { useMay } from '../../app/session';
import { Button } from '../../components/button';
import { Dialog } from '../../components/dialog';
import { Empty } from '../../components/empty';
import { ErrorLine } from '../../components/error';
import { Checkbox, Field } from '../../components/field';
import { More } from '../../components/more';
import { CopyField, RelativeTime } from '../../components/small';
import { Table } from '../../components/table';
import { toastError } from '../../components/toast';
import { t, tOr } from '../../i18n/i18n';
import { del, post, Problem } from '../../lib/api';
import { useList } from '../../lib/list';
import { useResource } from '../../lib/resource';
import { SettingsPage } from './page';

type Kind = 'write' | 'secret';
const scopes = ['read', 'work', 'market', 'import', 'configure', 'administer', 'collect'] as const;
interface Key {
	key: number;
	name: string;
	kind: Kind;
	hint: string;
	scopes: string[];
	revoked: boolean;
	created: string;
	used: string | null;
}
interface NewKey extends Key {
	token: string;
}

/* ---------- a key that was just made ---------- */

function Snippets({ made }: { made: NewKey }) {
	const base = location.origin;
	const page = `<script async src="${base}/t.js"\n        data-key="${made.token}"></script>`;
	const node = [
		"import { Analytics } from '@segment/analytics-node';",
		'',
		'const analytics = new Analytics({',
		`  writeKey: '${made.token}',`,
		`  host: '${base}',`,
		'});',
		"analytics.track({ userId: '12', event: 'Demo booked' });",
	].join('\n');
	const send = [
		`curl ${base}/v1/track -u ${made.token}: \\`,
		"  -H 'Content-Type: application/json' \\",
		`  -d '{"userId":"12","event":"Demo booked"}'`,
	].join('\n');
	const read = `curl ${base}/api/v1/people?limit=1 \\\n  -H 'Authorization: Bearer ${made.token}'`;
	const sends = made.kind === 'write' || made.scopes.includes('collect');
	return (
		<div class="stack">
			{made.kind === 'write' && <CopyField label={`${t('keys.page')}: ${t('keys.pageHelp')}`} value={page} code />}
			{sends && <CopyField label={`${t('keys.node')}: ${t('keys.nodeHelp')}`} value={node} code />}
			{sends && <CopyField label={`${t('keys.curl')}: ${t('keys.curlHelp')}`} value={send} code />}
			{!sends && <CopyField label={`${t('keys.curl')}: ${t('keys.curlHelp')}`} value={read} code />}
		</div>
	);
}

interface Arrival {
	received_at: string;
	key: number;
	seq: number;
	outcome: string | null;
	reason: string | null;
	name: string | null;
	path: string | null;
}
const look_ms = 2000;

/* What arrives with this key, while one looks. */
function Arrivals({ of }: { of: NewKey }) {
	const status = useResource<{ latest: Arrival[] }>('/api/v1/collect/status');
	const { reload } = status;
	useEffect(() => {
		const end = onSeq(reload);
		const timer = setInterval(reload, look_ms);
		return () => {
			end();
			clearInterval(timer);
		};
	}, [reload]);
	const rows = (status.data?.latest ?? []).filter((a) => a.key === of.key).map((a, i) => ({ ...a, i }));
	if (rows.length === 0)
		return <p class="grey" role="status">{t('keys.waiting')}</p>;
	return (
		<div class="stack">
			<p role="status"><strong>{t('keys.arrived')}</strong></p>
			<Table label={t('keys.arrivals')} rows={rows} id={(a) => `${a.received_at} ${a.i}`} columns={[
				{ key: 'event', title: t('keys.event'), cell: (a) => a.name ?? '–' },
				{ key: 'path', title: t('keys.path'), cell: (a) => a.path ?? '', wide: true, phone: 2 },
				{ key: 'result', title: t('keys.result'), phone: 2, cell: (a) => (a.outcome === 'rejected' ?
					<span class="red">{t('keys.rejected')}{a.reason ? `: ${a.reason}` : ''}</span> : tOr(`keys.${a.outcome}`, a.outcome ?? '')) },
				{ key: 'at', title: t('keys.at'), cell: (a) => <RelativeTime at={a.received_at} />, phone: 1 },
			]} />
		</div>
	);
}

function Made({ made, onClose }: { made: NewKey; onClose: () => void }) {
	const sends = made.kind === 'write' || made.scopes.includes('collect');
	return (
		<section class="stack">
			<div class="line spread">
				<h2>{made.name}</h2>
				<Button kind="quiet" onClick={onClose}>{t('c.close')}</Button>
			</div>
			<p>{t('keys.once')}</p>
			<CopyField label={t('keys.token')} value={made.token} code />
			<Snippets made={made} />
			{sends && <Arrivals of={made} />}
		</section>
	);
}

/* ---------- making and revoking ---------- */

function Make({ onClose }: { onClose: (made: NewKey | null) => void }) {
	const administers = useMay('administer');
	const [kind, setKind] = useState<Kind>('write');
	const [name, setName] = useState('');
	const [chosen, setChosen] = useState<string[]>(['read']);
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<Problem | null>(null);
	const ready = name.trim() !== '' && (kind === 'write' || chosen.length > 0);
	const send = async () => {
		if (!ready)
			return;
		setBusy(true);
		setProblem(null);
		try {
			onClose(await post<NewKey>('/api/v1/keys', { kind, name, ...(kind === 'secret' ? { scopes: chosen } : {}) }));
			return;
		} catch (e) {
			setProblem(e instanceof Problem ? e : new Problem(0, 'unexpected', String(e), null, {}));
		}
		setBusy(false);
	};
	const tick = (s: string, on: boolean) => setChosen(on ? [...chosen, s] : chosen.filter((c) => c !== s));
	return (
		<Dialog title={t('keys.addTitle')} onClose={() => onClose(null)} onSubmit={() => void send()}
			actions={<Button kind="main" submit busy={busy} disabled={!ready}>{t('keys.addButton')}</Button>}>
			<ErrorLine problem={problem} />
			<Field label={t('keys.name')} help={t('keys.nameHelp')} value={name} onValue={setName} autofocus />
			{administers && (
				<fieldset>
					<legend>{t('keys.kind')}</legend>
					<Checkbox radio="kind" label={t('keys.write')} help={t('keys.writeHelp')} checked={kind === 'write'} onValue={() => setKind('write')} />
					<Checkbox radio="kind" label={t('keys.secret')} help={t('keys.secretHelp')} checked={kind === 'secret'} onValue={() => setKind('secret')} />
				</fieldset>
			)}
			{kind === 'secret' && (
				<fieldset>
					<legend>{t('keys.scopes')}</legend>
					{scopes.map((s) => <Checkbox key={s} label={t(`scope.${s}`)} checked={chosen.includes(s)} onValue={(on) => tick(s, on)} />)}
				</fieldset>
			)}
		</Dialog>
	);
}

function Revoke({ of, onClose }: { of: Key; onClose: () => void }) {
	const [busy, setBusy] = useState(false);
	const send = async () => {
		setBusy(true);
		try {
			await del(`/api/v1/keys/${of.key}`);
		} catch (e) {
			toastError(e);
		}
		onClose();
	};
	return (
		<Dialog title={t('keys.revokeTitle', { name: of.name })} onClose={onClose} onSubmit={() => void send()}
			actions={<Button kind="danger" submit busy={busy}>{t('keys.revoke')}</Button>}>
			<p>{t('keys.revokeHelp')}</p>
		</Dialog>
	);
}

/* ---------- the page ---------- */

export default function Keys() {
	const list = useList<Key>('/api/v1/keys');
	const administers = useMay('administer');
	const [making, setMaking] = useState(false);
	const [made, setMade] = useState<NewKey | null>(null);
	const [revoking, setRevoking] = useState<Key | null>(null);
	const add = <Button kind="main" onClick={() => setMaking(true)}>{t('keys.add')}</Button>;
	const empty = list.rows?.length === 0;
	const scope_words = (k: Key) => k.scopes.map((s) => s).join(', ');
	return (
		<SettingsPage at="keys" actions={empty && !made ? undefined : add}>
			{made && <Made made={made} onClose={() => setMade(null)} />}
			{empty && !made ? <Empty text={t('keys.empty')} action={add} /> : (
				<Table label={t('set.keys')} rows={list.rows ?? []} id={(k) => k.key} columns={[
					{ key: 'name', title: t('keys.name'), cell: (k) => k.name },
					{ key: 'kind', title: t('keys.kind'), cell: (k) => t(k.kind === 'secret' ? 'keys.secret' : 'keys.write'), phone: 2 },
					{ key: 'hint', title: t('keys.begins'), cell: (k) => <code>{k.hint}…</code>, phone: 2 },
					{ key: 'scopes', title: t('keys.scopes'), cell: (k) => <span class="grey">{scope_words(k)}</span>, wide: true },
					{ key: 'since', title: t('keys.since'), cell: (k) => <RelativeTime at={k.created} /> },
					{ key: 'used', title: t('keys.used'), cell: (k) => (k.used ? <RelativeTime at={k.used} /> : <span class="grey">{t('keys.unused')}</span>) },
					{ key: 'do', title: '', phone: 1, cell: (k) => (k.revoked ? <span class="red">{t('keys.revoked')}</span> :
						k.kind === 'write' || administers ? <Button kind="quiet" onClick={() => setRevoking(k)}>{t('keys.revoke')}</Button> : '') },
				]} />
			)}
			<More list={list} />
			{making && <Make onClose={(k) => { setMaking(false); if (k) { setMade(k); list.reload(); } }} />}
			{revoking && <Revoke of={revoking} onClose={() => { setRevoking(null); list.reload(); }} />}
		</SettingsPage>
	);
}
