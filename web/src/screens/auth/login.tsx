/*
 * login.tsx - address and password; the code of the second factor when it is asked for.
 */
import { useState } from 'preact/hooks';
import { sessionBegin, type Session } from '../../app/session';
import { Button } from '../../components/button';
import { ErrorLine } from '../../components/error';
import { Field } from '../../components/field';
import { t } from '../../i18n/i18n';
import { post, type Problem } from '../../lib/api';
import { asProblem, OpenPage, signInText } from './open-page';

export default function Login() {
	const [email, setEmail] = useState('');
	const [password, setPassword] = useState('');
	const [code, setCode] = useState('');
	const [asked, setAsked] = useState(false);
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<Problem | null>(null);

	const send = async () => {
		setBusy(true);
		setProblem(null);
		try {
			sessionBegin(await post<Session>('/api/v1/session', { email, password, ...(asked ? { code } : {}) }));
			return; // the app goes where one came from
		} catch (e) {
			const p = asProblem(e);
			if (p.kind === 'code-needed')
				setAsked(true);
			else
				setProblem(p);
		}
		setBusy(false);
	};
	const back = () => {
		setAsked(false);
		setPassword('');
		setCode('');
		setProblem(null);
	};
	return (
		<OpenPage title={t('auth.signIn')}>
			<form class="stack" onSubmit={(e) => { e.preventDefault(); void send(); }}>
				<ErrorLine problem={problem} text={signInText(problem)} />
				{asked ? (
					<Field key="code" label={t('auth.code')} help={t('auth.codeHelp')} value={code} onValue={setCode}
						autocomplete="one-time-code" inputMode="text" autofocus />
				) : (
					<>
						<Field label={t('auth.email')} type="email" value={email} onValue={setEmail} autocomplete="username" autofocus />
						<Field label={t('auth.password')} type="password" value={password} onValue={setPassword} autocomplete="current-password" />
					</>
				)}
				<Button kind="main" submit busy={busy} disabled={asked ? !code : !email || !password}>{t('auth.signIn')}</Button>
			</form>
			{asked ? <Button kind="quiet" onClick={back}>{t('auth.otherUser')}</Button> : <p class="grey small">{t('auth.forgot')}</p>}
		</OpenPage>
	);
}
