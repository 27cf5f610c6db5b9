/*
 * setup.tsx - the first run: the token that the console shows makes the first administrator.
 *
 * The token stands behind the # and so never reaches a log; it leaves the address bar at once.
 */
import { useEffect, useState } from 'preact/hooks';
import { session, sessionBegin, type Session } from '../../app/session';
import { Button, ButtonLink } from '../../components/button';
import { ErrorLine } from '../../components/error';
import { Field } from '../../components/field';
import { language, t } from '../../i18n/i18n';
import { post, type Problem } from '../../lib/api';
import { useStore } from '../../lib/store';
import { asProblem, OpenPage } from './open-page';

let kept = '';

export default function Setup() {
	const spoken = useStore(language);
	const state = useStore(session);
	const [token, setToken] = useState(kept);
	const [name, setName] = useState('');
	const [email, setEmail] = useState('');
	const [password, setPassword] = useState('');
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<Problem | null>(null);
	useEffect(() => {
		const take = () => {
			if (location.hash.length < 2)
				return;
			kept = decodeURIComponent(location.hash.slice(1));
			setToken(kept);
			history.replaceState(null, '', location.pathname);
		};
		take();
		window.addEventListener('hashchange', take);
		return () => window.removeEventListener('hashchange', take);
	}, []);

	if (state.state === 'out' && !state.setup)
		return <OpenPage title={t('auth.setup')}><p>{t('auth.setupDone')}</p><ButtonLink href="/login">{t('auth.toLogin')}</ButtonLink></OpenPage>;
	if (!token)
		return <OpenPage title={t('auth.setup')}><p>{t('auth.setupNoToken', { path: `${location.origin}/setup#` })}</p></OpenPage>;

	const send = async () => {
		setBusy(true);
		setProblem(null);
		try {
			sessionBegin(await post<Session>('/api/v1/setup', { token, name, email, password, language: spoken }));
			kept = '';
		} catch (e) {
			setProblem(asProblem(e));
			setBusy(false);
		}
	};
	const of = (field: string) => (problem?.field === field ? problem.message.replace(/^\w+: /, '') : null);
	return (
		<OpenPage title={t('auth.setup')}>
			<p class="grey">{t('auth.setupLead')}</p>
			<form class="stack" onSubmit={(e) => { e.preventDefault(); void send(); }}>
				{problem && !problem.field && <ErrorLine problem={problem} />}
				<Field label={t('auth.name')} value={name} onValue={setName} error={of('name')} autocomplete="name" autofocus />
				<Field label={t('auth.email')} type="email" value={email} onValue={setEmail} error={of('email')} autocomplete="username" />
				<Field label={t('auth.password')} type="password" value={password} onValue={setPassword} error={of('password')}
					help={t('auth.passwordHelp')} autocomplete="new-password" />
				<Button kind="main" submit busy={busy} disabled={!name || !email || !password}>{t('auth.setupButton')}</Button>
			</form>
		</OpenPage>
	);
}
