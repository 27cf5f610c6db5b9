/*
 * account.tsx - oneself: name and language, password, second factor, from where one is signed in.
 */
import { useState } from 'preact/hooks';
import { session, sessionBegin, useSession, type Session } from '../../app/session';
import { Button } from '../../components/button';
import { ErrorLine } from '../../components/error';
import { Field, Select } from '../../components/field';
import { CopyField, RelativeTime } from '../../components/small';
import { Table } from '../../components/table';
import { toast, toastError } from '../../components/toast';
import { languageChoose, t, tOr, type Language } from '../../i18n/i18n';
import { del, get, patch, post, Problem } from '../../lib/api';
import { useResource } from '../../lib/resource';
import { SettingsPage } from './page';
import { Qr } from './qr';

async function sessionAgain() {
	sessionBegin(await get<Session>('/api/v1/session'));
}

function asProblem(e: unknown): Problem {
	return e instanceof Problem ? e : new Problem(0, 'unexpected', String(e), null, {});
}
/* A form's way to the server: busy while it is under way, and what went wrong with which field. */
function useSend() {
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<Problem | null>(null);
	const send = async (work: () => Promise<void>) => {
		setBusy(true);
		setProblem(null);
		try {
			await work();
		} catch (e) {
			setProblem(asProblem(e));
		}
		setBusy(false);
	};
	return {
		busy,
		send,
		error: (field: string) => (problem?.field === field ? problem.message.replace(/^\w+: /, '') : null),
		rest: (...fields: string[]) => (problem && !fields.includes(problem.field ?? '') ? problem : null),
	};
}

function You() {
	const { user } = useSession();
	const [name, setName] = useState(user.name);
	const [language, setLanguage] = useState<string>(user.language ?? '');
	const f = useSend();
	const save = () => f.send(async () => {
		await patch('/api/v1/account', { name, language: language || null });
		await sessionAgain();
		if (language)
			await languageChoose(language as Language);
		toast(t('set.saved'));
	});
	return (
		<section>
			<h2>{t('account.you')}</h2>
			<form class="form stack" onSubmit={(e) => { e.preventDefault(); void save(); }}>
				<p class="grey">{t('account.role', { email: user.email, role: tOr(`role.${user.role}`, user.role) })}</p>
				<ErrorLine problem={f.rest('name')} />
				<Field label={t('account.name')} value={name} onValue={setName} error={f.error('name')} autocomplete="name" />
				<Select label={t('account.language')} value={language} onValue={setLanguage}
					options={[{ value: '', text: t('account.browser') }, { value: 'en', text: 'English' }, { value: 'de', text: 'Deutsch' }]} />
				<Button submit busy={f.busy} disabled={!name.trim()}>{t('c.save')}</Button>
			</form>
		</section>
	);
}

function Password() {
	const { user } = useSession();
	const [old, setOld] = useState('');
	const [fresh, setFresh] = useState('');
	const f = useSend();
	const save = () => f.send(async () => {
		sessionBegin(await post<Session>('/api/v1/account/password', { old, new: fresh }));
		setOld('');
		setFresh('');
		toast(t('account.changed'));
	});
	return (
		<section>
			<h2>{t('account.password')}</h2>
			<form class="form stack" onSubmit={(e) => { e.preventDefault(); void save(); }}>
				<ErrorLine problem={f.rest('old', 'password')} />
				{/* for password managers, which want to know whose it is */}
				<input class="hidden" type="text" name="username" autocomplete="username" value={user.email} readOnly tabIndex={-1} aria-hidden="true" />
				{user.has_password ? (
					<Field label={t('account.old')} type="password" value={old} onValue={setOld} error={f.error('old')} autocomplete="current-password" />
				) : <p class="grey">{t('account.passwordNone')}</p>}
				<Field label={t('account.new')} type="password" value={fresh} onValue={setFresh} error={f.error('password')}
					help={t('auth.passwordHelp')} autocomplete="new-password" />
				<Button submit busy={f.busy} disabled={!fresh || (user.has_password && !old)}>{t('account.change')}</Button>
			</form>
		</section>
	);
}

interface Offer {
	secret: string;
	uri: string;
}
function Recovery({ codes }: { codes: string[] }) {
	return (
		<div class="stack">
			<h3>{t('account.recovery')}</h3>
			<p>{t('account.recoveryHelp')}</p>
			<ul class="codes code">{codes.map((c) => <li key={c}>{c}</li>)}</ul>
			<CopyField label={t('account.recovery')} value={codes.join('\n')} code />
		</div>
	);
}
function Totp() {
	const { user } = useSession();
	const [password, setPassword] = useState('');
	const [code, setCode] = useState('');
	const [offer, setOffer] = useState<Offer | null>(null);
	const [codes, setCodes] = useState<string[] | null>(null);
	const f = useSend();
	const begin = () => f.send(async () => {
		setOffer(await post<Offer>('/api/v1/account/totp', { password }));
		setPassword('');
	});
	const confirm = () => f.send(async () => {
		setCodes((await post<{ recovery: string[] }>('/api/v1/account/totp/confirm', { code })).recovery);
		setOffer(null);
		setCode('');
		await sessionAgain();
		toast(t('account.totpIsOn'));
	});
	const end = () => f.send(async () => {
		await post('/api/v1/account/totp/off', { password });
		setPassword('');
		setCodes(null);
		await sessionAgain();
		toast(t('account.totpIsOff'));
	});
	if (!user.has_password)
		return null;
	return (
		<section>
			<h2>{t('account.totp')}</h2>
			{codes && <Recovery codes={codes} />}
			{offer ? (
				<form class="form stack" onSubmit={(e) => { e.preventDefault(); void confirm(); }}>
					<p>{t('account.totpScan')}</p>
					<Qr text={offer.uri} label={t('account.totpPicture')} />
					<CopyField label={t('account.totpManual')} value={offer.secret.replace(/(.{4})(?=.)/g, '$1 ')} code />
					<ErrorLine problem={f.rest('code')} />
					<Field label={t('auth.code')} value={code} onValue={setCode} error={f.error('code')} autocomplete="one-time-code" inputMode="numeric" autofocus />
					<Button submit kind="main" busy={f.busy} disabled={!code}>{t('account.totpConfirm')}</Button>
				</form>
			) : (
				<form class="form stack" onSubmit={(e) => { e.preventDefault(); void (user.totp ? end() : begin()); }}>
					<p class="grey">{t(user.totp ? 'account.totpOn' : 'account.totpOff')}</p>
					<ErrorLine problem={f.rest('password')} />
					<Field label={t('account.old')} type="password" value={password} onValue={setPassword} error={f.error('password')} autocomplete="current-password" />
					<Button submit kind={user.totp ? 'danger' : 'plain'} busy={f.busy} disabled={!password}>{t(user.totp ? 'account.totpEnd' : 'account.totpBegin')}</Button>
				</form>
			)}
		</section>
	);
}

interface Row {
	session: number;
	device: string;
	network: string;
	since: string;
	seen: string;
	current: boolean;
}
function Sessions() {
	const rows = useResource<{ rows: Row[] }>('/api/v1/account/sessions');
	const end = async (path: string) => {
		try {
			await del(path);
			toast(t('account.ended'));
		} catch (e) {
			toastError(e);
		}
		rows.reload();
	};
	const all = rows.data?.rows ?? [];
	return (
		<section>
			<h2>{t('account.sessions')}</h2>
			<ErrorLine problem={rows.error} />
			<Table label={t('account.sessions')} rows={all} id={(r) => r.session} columns={[
				{ key: 'device', title: t('account.device'), cell: (r) => <>{r.device}{r.current && <span class="grey"> · {t('account.current')}</span>}</>, wide: true },
				{ key: 'network', title: t('account.network'), cell: (r) => r.network, phone: 2 },
				{ key: 'since', title: t('account.since'), cell: (r) => <RelativeTime at={r.since} /> },
				{ key: 'seen', title: t('account.seen'), cell: (r) => <RelativeTime at={r.seen} />, phone: 2 },
				{ key: 'end', title: '', cell: (r) => (r.current ? '' : <Button kind="quiet" onClick={() => void end(`/api/v1/account/sessions/${r.session}`)}>{t('account.end')}</Button>), phone: 1 },
			]} />
			{all.length > 1 && <p class="settings-foot"><Button onClick={() => void end('/api/v1/account/sessions')}>{t('account.endOthers')}</Button></p>}
		</section>
	);
}

export default function Account() {
	const s = session.get();
	return <SettingsPage at="account" key={s.state}><You /><Password /><Totp /><Sessions /></SettingsPage>;
}
