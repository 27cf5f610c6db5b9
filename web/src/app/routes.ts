/*
 * routes.ts - every screen: its path, its name, and from where it is loaded.
 *
 * A screen is one component in screens/AREA/, exported as default and loaded when it is first
 * looked at. To add one: a line here, its texts in i18n, its path in src/server/assets.c.
 */
import type { ComponentType } from 'preact';
import type { Key } from '../i18n/i18n';

export interface ScreenProps {
	/* The {parts} of the path. */
	params: Record<string, string>;
}
export interface Route {
	pattern: string;
	title: Key;
	/* The word of the navigation that stands for it. */
	nav?: string;
	/* Shown without the frame to people who are not signed in. */
	open?: boolean;
	/* Tables as wide as the window; else one column of content. */
	wide?: boolean;
	/* What it will ask the server first, when its address has no query: asked for at once. The
	 * {parts} of the path may stand in it. */
	early?: string;
	load: () => Promise<{ default: ComponentType<ScreenProps> }>;
}

export const routes: Route[] = [
	{ pattern: '/', title: 'nav.funnel', nav: '/', early: '/api/v1/funnel', load: () => import('../screens/funnel/funnel') },
	{ pattern: '/people', title: 'nav.people', nav: '/people', wide: true, load: () => import('../screens/people/people') },
	{ pattern: '/people/{id}', title: 'nav.people', nav: '/people', early: '/api/v1/people/{id}', load: () => import('../screens/person/person') },
	{ pattern: '/companies', title: 'nav.companies', nav: '/companies', wide: true, load: () => import('../screens/companies/companies') },
	{ pattern: '/companies/{id}', title: 'nav.companies', nav: '/companies', early: '/api/v1/companies/{id}', load: () => import('../screens/companies/company') },
	{ pattern: '/deals', title: 'nav.deals', nav: '/deals', wide: true, load: () => import('../screens/deals/deals') },
	{ pattern: '/deals/{id}', title: 'nav.deals', nav: '/deals', early: '/api/v1/deals/{id}', load: () => import('../screens/deals/deal') },
	{ pattern: '/import', title: 'nav.import', nav: '/import', load: () => import('../screens/import/import') },
	{ pattern: '/login', title: 'auth.signIn', open: true, load: () => import('../screens/auth/login') },
	{ pattern: '/setup', title: 'auth.setup', open: true, load: () => import('../screens/auth/setup') },
	{ pattern: '/in/{token}', title: 'auth.link', open: true, load: () => import('../screens/auth/link') },
	{ pattern: '/settings/account', title: 'set.account', nav: '/settings/account', load: () => import('../screens/settings/account') },
	{ pattern: '/settings/workspace', title: 'set.workspace', nav: '/settings/account', load: () => import('../screens/settings/workspace') },
	{ pattern: '/settings/stages', title: 'set.stages', nav: '/settings/account', load: () => import('../screens/settings/stages') },
	{ pattern: '/settings/privacy', title: 'set.privacy', nav: '/settings/account', load: () => import('../screens/settings/privacy') },
	{ pattern: '/settings/users', title: 'set.users', nav: '/settings/account', load: () => import('../screens/settings/users') },
	{ pattern: '/settings/keys', title: 'set.keys', nav: '/settings/account', load: () => import('../screens/settings/keys') },
	{ pattern: '/settings/audit', title: 'set.audit', nav: '/settings/account', load: () => import('../screens/settings/audit') },
	{ pattern: '/funnels', title: 'build.list', nav: '/funnels', early: '/api/v1/funnels', load: () => import('../screens/builder/list') },
	{ pattern: '/funnels/new', title: 'build.new', nav: '/funnels', wide: true, load: () => import('../screens/builder/builder') },
	{ pattern: '/funnels/{name}', title: 'nav.funnels', nav: '/funnels', wide: true, early: '/api/v1/funnels/{name}', load: () => import('../screens/builder/builder') },
	{ pattern: '/flow', title: 'nav.flow', nav: '/flow', load: () => import('../screens/flow/flow') },
	{ pattern: '/reconcile', title: 'nav.reconcile', nav: '/', load: () => import('../screens/reconcile/reconcile') },
	{ pattern: '/settings/sources', title: 'set.sources', nav: '/settings/account', wide: true, load: () => import('../screens/settings/sources') },
	{ pattern: '/gallery', title: 'nav.gallery', load: () => import('../screens/gallery/gallery') },
];

/* The navigation, in its order, with the letter after `g`. */
export const nav: { path: string; title: Key; letter: string; may?: 'import' }[] = [
	{ path: '/', title: 'nav.funnel', letter: 'f' },
	{ path: '/funnels', title: 'nav.funnels', letter: 'b' },
	{ path: '/flow', title: 'nav.flow', letter: 'l' },
	{ path: '/people', title: 'nav.people', letter: 'p' },
	{ path: '/companies', title: 'nav.companies', letter: 'c' },
	{ path: '/deals', title: 'nav.deals', letter: 'd' },
	{ path: '/import', title: 'nav.import', letter: 'i', may: 'import' },
	{ path: '/settings/account', title: 'nav.settings', letter: 's' },
];
