/*
 * session.ts - who is signed in, what they may do, and the workspace they work in.
 */
import { apiUse, del, get, Problem } from '../lib/api';
import { createStore, useStore } from '../lib/store';
import { liveStart, liveStop } from './live';

export type May = 'read' | 'work' | 'market' | 'import' | 'configure' | 'administer';

export interface Session {
	user: {
		id: number;
		name: string;
		email: string;
		role: string;
		language: 'de' | 'en' | null;
		totp: boolean;
		has_password: boolean;
	};
	may: May[];
	csrf: string;
	workspace: {
		name: string;
		zone: string;
		currency: string;
		stages: string[];
		sample: boolean;
		version: string;
	};
}

export type SessionState =
	| { state: 'loading' }
	| { state: 'failed'; problem: Problem }
	| { state: 'out'; setup: boolean } /* setup: there is no user yet */
	| { state: 'in'; session: Session };

export const session = createStore<SessionState>({ state: 'loading' });

/* After signing in or setting up, with what the server answered. */
export function sessionBegin(s: Session) {
	apiUse(s.csrf, () => sessionEnd(false));
	session.set({ state: 'in', session: s });
	liveStart();
}
export function sessionEnd(setup: boolean) {
	liveStop();
	apiUse('', () => {});
	session.set({ state: 'out', setup });
}
export async function sessionLoad() {
	try {
		sessionBegin(await get<Session>('/api/v1/session'));
	} catch (e) {
		const p = e instanceof Problem ? e : new Problem(0, 'unexpected', String(e), null, {});
		if (p.status === 401)
			sessionEnd(p.members['setup'] === true);
		else
			session.set({ state: 'failed', problem: p });
	}
}
export async function signOut() {
	await del('/api/v1/session');
	sessionEnd(false);
}

/* Of components that are shown to signed-in people only. */
export function useSession(): Session {
	const s = useStore(session);
	if (s.state !== 'in')
		throw new Error('useSession: nobody is signed in');
	return s.session;
}
export function useMay(may: May): boolean {
	return useSession().may.includes(may);
}
/* The same for plain functions; null when nobody is signed in. */
export function workspace(): Session['workspace'] | null {
	const s = session.get();
	return s.state === 'in' ? s.session.workspace : null;
}
