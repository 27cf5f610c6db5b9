/*
 * link.tsx - a one-time link: one button, so that a program that only looks at the address does not
 * use it up.
 */
import { useState } from 'preact/hooks';
import { navigate } from '../../app/router';
import type { ScreenProps } from '../../app/routes';
import { sessionBegin, type Session } from '../../app/session';
import { Button, ButtonLink } from '../../components/button';
import { ErrorLine } from '../../components/error';
import { t } from '../../i18n/i18n';
import { post, type Problem } from '../../lib/api';
import { asProblem, OpenPage, signInText } from './open-page';

export default function Link({ params }: ScreenProps) {
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<Problem | null>(null);
	const send = async () => {
		setBusy(true);
		setProblem(null);
		try {
			const s = await post<Session>('/api/v1/link', { token: params['token'] });
			sessionBegin(s);
			navigate('/', { replace: true });
		} catch (e) {
			setProblem(asProblem(e));
			setBusy(false);
		}
	};
	const dead = problem?.status === 403;
	return (
		<OpenPage title={t('auth.link')}>
			{dead ? (
				<>
					<ErrorLine text={t('auth.linkDead')} />
					<ButtonLink href="/login">{t('auth.toLogin')}</ButtonLink>
				</>
			) : (
				<>
					<ErrorLine problem={problem} text={signInText(problem)} />
					<p>{t('auth.linkLead')}</p>
					<Button kind="main" busy={busy} onClick={() => void send()}>{t('auth.linkButton')}</Button>
				</>
			)}
		</OpenPage>
	);
}
