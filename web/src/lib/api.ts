/*
 * api.ts - talking to the server.
 *
 * What it is:   fetch with the CSRF token, JSON both ways, problem documents (RFC 9457) as
 *               exceptions that carry a sentence for the user.
 * Promises:     what only reads is tried again when the network or the server was busy; what
 *               changes something is never sent twice.
 */
export class Problem extends Error {
	/* `kind` is the last part of the problem's type: "code-needed", "conflict", "invalid" ... */
	constructor(
		readonly status: number,
		readonly kind: string,
		message: string,
		readonly field: string | null,
		readonly members: Record<string, unknown>,
	) {
		super(message);
	}
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface Options {
	query?: Query;
	body?: unknown; // sent as JSON; a Blob or File as it is
	signal?: AbortSignal;
	ifMatch?: string;
	idempotencyKey?: string;
}
export interface Answer<T> {
	data: T;
	etag: string | null;
	status: number;
}

let csrf = '';
let onSignedOut: (p: Problem) => void = () => {};
/* The session tells the token, and what to do when the server no longer knows us. */
export function apiUse(token: string, signedOut: (p: Problem) => void) {
	csrf = token;
	onSignedOut = signedOut;
}

/* A path with its query; members that are null, undefined or empty are left out. */
export function url(path: string, query: Query = {}): string {
	const q = new URLSearchParams();
	for (const [k, v] of Object.entries(query))
		if (v !== null && v !== undefined && v !== '')
			q.set(k, String(v));
	const text = q.toString();
	return text ? `${path}${path.includes('?') ? '&' : '?'}${text}` : path;
}

const tries_max = 3;
function wait_ms(answer: Response | null, attempt: number): number {
	const told = Number(answer?.headers.get('Retry-After'));
	return told > 0 ? Math.min(told * 1000, 10_000) : 300 * 2 ** attempt;
}
function pause(ms: number, signal?: AbortSignal): Promise<void> {
	return new Promise((done, fail) => {
		const timer = setTimeout(done, ms);
		signal?.addEventListener('abort', () => {
			clearTimeout(timer);
			fail(signal.reason);
		});
	});
}

async function problem_of(answer: Response): Promise<Problem> {
	let members: Record<string, unknown> = {};
	try {
		members = (await answer.json()) as Record<string, unknown>;
	} catch {
		// not a problem document: a proxy in between, perhaps; its status says enough
	}
	const text = (name: string) => (typeof members[name] === 'string' ? (members[name] as string) : '');
	return new Problem(
		answer.status,
		text('type').replace(/.*[/:]/, ''),
		text('detail') || text('title') || `HTTP ${answer.status}`,
		text('field') || null,
		members,
	);
}

async function send(method: string, path: string, o: Options): Promise<Response> {
	const headers: Record<string, string> = { Accept: 'application/json' };
	const raw = o.body instanceof Blob;
	if (o.body !== undefined && !raw)
		headers['Content-Type'] = 'application/json';
	if (method !== 'GET')
		headers['X-CSRF-Token'] = csrf;
	if (o.ifMatch)
		headers['If-Match'] = o.ifMatch;
	if (o.idempotencyKey)
		headers['Idempotency-Key'] = o.idempotencyKey;
	return fetch(url(path, o.query), {
		method,
		headers,
		credentials: 'same-origin',
		body: o.body === undefined ? undefined : raw ? (o.body as Blob) : JSON.stringify(o.body),
		signal: o.signal,
	});
}

export async function request<T>(method: string, path: string, o: Options = {}): Promise<Answer<T>> {
	for (let attempt = 1; ; attempt++) {
		let answer: Response | null = null;
		const last = method !== 'GET' || attempt === tries_max;
		try {
			answer = await send(method, path, o);
		} catch (e) {
			if (o.signal?.aborted)
				throw e;
			if (last)
				throw new Problem(0, 'unreachable', '', null, {});
		}
		if (answer && answer.ok) {
			const empty = answer.status === 204 || answer.headers.get('Content-Length') === '0';
			const data = empty ? (undefined as T) : ((await answer.json()) as T);
			return { data, etag: answer.headers.get('ETag'), status: answer.status };
		}
		const busy = !answer || [429, 502, 503, 504].includes(answer.status);
		if (answer && (last || !busy)) {
			const p = await problem_of(answer);
			if (p.status === 401 && !path.startsWith('/api/v1/session'))
				onSignedOut(p);
			throw p;
		}
		await pause(wait_ms(answer, attempt), o.signal);
	}
}

export const get = async <T>(path: string, query?: Query, signal?: AbortSignal) =>
	(await request<T>('GET', path, { query, signal })).data;
export const post = async <T>(path: string, body?: unknown, o: Options = {}) =>
	(await request<T>('POST', path, { ...o, body })).data;
export const patch = async <T>(path: string, body: unknown, o: Options = {}) =>
	(await request<T>('PATCH', path, { ...o, body })).data;
export const del = async <T = void>(path: string, o: Options = {}) => (await request<T>('DELETE', path, o)).data;
