/*
 * users.tsx - who may sign in: invite, change the role, shut out.
 */
import { useState } from 'preact/hooks';
import { useSession } from '../../app/session';
import { Button } from '../../components/button';
import { Dialog } from '../../components/dialog';
import { ErrorLine } from '../../components/error';
import { Checkbox, Field } from '../../components/field';
import { More } from '../../components/more';
import { CopyField, RelativeTime } from '../../components/small';
import { Table } from '../../components/table';
import { toast, toastError } from '../../components/toast';
import { t } from '../../i18n/i18n';
import { del, patch, post, Problem } from '../../lib/api';
import { dateTime } from '../../lib/format';
import { useList } from '../../lib/list';
import { SettingsPage } from './page';

const roles = ['administrator', 'operations', 'marketing', 'sales', 'read-only'] as const;
type Role = (typeof roles)[number];
interface User {
	user: number;
	name: string;
	email: string;
	role: Role;
	disabled: boolean;
	has_password: boolean;
	totp: boolean;
	created: string;
}
interface Link {
	path: string;
	expires: string;
}

function RoleChoice({ role, onRole }: { role: Role; onRole: (r: Role) => void }) {
	return (
		<fieldset>
			<legend>{t('users.role')}</legend>
			{roles.map((r) => <Checkbox key={r} radio="role" label={t(`role.${r}`)} help={t(`role.help.${r}`)} checked={r === role} onValue={() => onRole(r)} />)}
		</fieldset>
	);
}
function LinkShown({ link, name }: { link: Link; name: string }) {
	return (
		<div class="stack">
			<p>{t('users.linkHelp', { name, when: dateTime(link.expires) })}</p>
			<CopyField label={t('users.link')} value={location.origin + link.path} code />
		</div>
	);
}
function problemOf(e: unknown): Problem {
	return e instanceof Problem ? e : new Problem(0, 'unexpected', String(e), null, {});
}

function Invite({ onClose }: { onClose: (changed: boolean) => void }) {
	const [name, setName] = useState('');
	const [email, setEmail] = useState('');
	const [role, setRole] = useState<Role>('sales');
	const [link, setLink] = useState<Link | null>(null);
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<Problem | null>(null);
	const send = async () => {
		if (link || !name || !email)
			return;
		setBusy(true);
		setProblem(null);
		try {
			setLink((await post<{ link: Link }>('/api/v1/users', { name, email, role })).link);
		} catch (e) {
			setProblem(problemOf(e));
		}
		setBusy(false);
	};
	if (link)
		return <Dialog title={t('users.addTitle')} onClose={() => onClose(true)}><LinkShown link={link} name={name} /></Dialog>;
	return (
		<Dialog title={t('users.addTitle')} onClose={() => onClose(false)} onSubmit={() => void send()}
			actions={<Button kind="main" submit busy={busy} disabled={!name || !email}>{t('users.addButton')}</Button>}>
			<ErrorLine problem={problem} />
			<Field label={t('users.name')} value={name} onValue={setName} autofocus />
			<Field label={t('users.email')} type="email" value={email} onValue={setEmail} />
			<RoleChoice role={role} onRole={setRole} />
		</Dialog>
	);
}

function Change({ user, onClose }: { user: User; onClose: () => void }) {
	const me = useSession().user.id;
	const [role, setRole] = useState(user.role);
	const [link, setLink] = useState<Link | null>(null);
	const [busy, setBusy] = useState(false);
	const path = `/api/v1/users/${user.user}`;
	const act = async (work: () => Promise<unknown>, stay = false) => {
		setBusy(true);
		try {
			await work();
			if (!stay) {
				toast(t('users.done'));
				onClose();
			}
		} catch (e) {
			toastError(e);
		}
		setBusy(false);
	};
	return (
		<Dialog title={t('users.edit', { name: user.name })} onClose={onClose} onSubmit={() => void act(() => patch(path, { role }))}
			actions={<Button kind="main" submit busy={busy} disabled={role === user.role}>{t('c.save')}</Button>}>
			<p class="grey">{user.email}</p>
			<RoleChoice role={role} onRole={setRole} />
			{link && <LinkShown link={link} name={user.name} />}
			<div class="line">
				{!user.disabled && <Button onClick={() => void act(async () => setLink(await post<Link>(`${path}/link`)), true)}>{t('users.makeLink')}</Button>}
				<Button onClick={() => void act(() => del(`${path}/sessions`))}>{t('users.endSessions')}</Button>
				{user.totp && <Button onClick={() => void act(() => del(`${path}/totp`))}>{t('users.totpOff')}</Button>}
				{user.user !== me && (
					<Button kind={user.disabled ? 'plain' : 'danger'} onClick={() => void act(() => patch(path, { disabled: !user.disabled }))}>
						{t(user.disabled ? 'users.enable' : 'users.disable')}
					</Button>
				)}
			</div>
		</Dialog>
	);
}

export default function Users() {
	const list = useList<User>('/api/v1/users');
	const [inviting, setInviting] = useState(false);
	const [changing, setChanging] = useState<User | null>(null);
	const way = (u: User) => (u.disabled ? <span class="red">{t('users.disabled')}</span> :
		t(!u.has_password ? 'users.linkOnly' : u.totp ? 'users.passwordAndCode' : 'users.password'));
	return (
		<SettingsPage at="users" actions={<Button kind="main" onClick={() => setInviting(true)}>{t('users.add')}</Button>}>
			<Table label={t('set.users')} rows={list.rows ?? []} id={(u) => u.user} onOpen={setChanging} arrows={!inviting && !changing} columns={[
				{ key: 'name', title: t('users.name'), cell: (u) => u.name },
				{ key: 'email', title: t('users.email'), cell: (u) => u.email, wide: true, phone: 2 },
				{ key: 'role', title: t('users.role'), cell: (u) => t(`role.${u.role}`), phone: 1 },
				{ key: 'way', title: t('users.signsIn'), cell: way },
				{ key: 'since', title: t('users.since'), cell: (u) => <RelativeTime at={u.created} /> },
			]} />
			<More list={list} />
			{inviting && <Invite onClose={(changed) => { setInviting(false); if (changed) list.reload(); }} />}
			{changing && <Change user={changing} onClose={() => { setChanging(null); list.reload(); }} />}
		</SettingsPage>
	);
}
