/*
 * SettingsPage: the settings that one may see, each at an address of its own, and the chosen one.
 */
import type { ComponentChildren } from 'preact';
import { routes } from '../../app/routes';
import { useSession, type May } from '../../app/session';
import { Tabs } from '../../components/small';
import { t, type Key } from '../../i18n/i18n';

const pages: { key: string; title: Key; may?: May }[] = [
	{ key: 'account', title: 'set.account' },
	{ key: 'workspace', title: 'set.workspace', may: 'configure' },
	{ key: 'stages', title: 'set.stages', may: 'configure' },
	{ key: 'sources', title: 'set.sources' },
	{ key: 'keys', title: 'set.keys', may: 'configure' },
	{ key: 'users', title: 'set.users', may: 'administer' },
	{ key: 'privacy', title: 'set.privacy', may: 'configure' },
	{ key: 'audit', title: 'set.audit', may: 'administer' },
];

export function SettingsPage({ at, actions, children }: { at: string; actions?: ComponentChildren; children: ComponentChildren }) {
	const { may } = useSession();
	const shown = pages.filter((p) => (!p.may || may.includes(p.may)) && routes.some((r) => r.pattern === `/settings/${p.key}`));
	const here = pages.find((p) => p.key === at);
	return (
		<div class="stack-wide settings">
			<Tabs label={t('set.label')} at={at} items={shown.map((p) => ({ key: p.key, text: t(p.title), href: `/settings/${p.key}` }))} />
			<div class="line spread">
				<h1>{here ? t(here.title) : at}</h1>
				{actions}
			</div>
			{children}
		</div>
	);
}
