/*
 * api.ts - imports as the server speaks of them, and the upload of a file in parts.
 */
import { get, post, request, Problem } from '../../lib/api';

export const kinds = ['people', 'companies', 'deals', 'events', 'spend'] as const;
export type Kind = (typeof kinds)[number];
export type Use = 'field' | 'trait' | 'stage_date' | 'ignore';

export interface Column {
	header: string;
	use: Use;
	key: string;
	type: string;
	date_format: string;
	ambiguous: boolean;
	samples: string[];
}
export interface Preview {
	name: string;
	kind: Kind | null;
	problem: string | null;
	segment: boolean;
	columns: Column[];
	touches: string[];
}
export interface Job {
	job: number;
	what: 'import' | 'dry_run' | 'undo';
	state: 'waiting' | 'running' | 'done' | 'failed' | 'stopped';
	name: string;
	import: number | null;
	bytes: number;
	bytes_total: number;
	read: number;
	accepted: number;
	duplicate: number;
	rejected: number;
	skipped: number;
	touches: number;
	people_new: number;
	people_updated: number;
	companies_new: number;
	deals_new: number;
	notes: string[];
	undone_touches: number;
	undone_subjects: number;
	error: string | null;
}
export interface Import {
	import: number;
	state: 'closed' | 'undone' | 'interrupted';
	begun_at: string;
	touches: number;
	name?: string;
	kind?: Kind;
	rows?: number;
	accepted?: number;
	rejected?: number;
	/* Of an interrupted one: the file from which it can go on. */
	file: string | null;
}
/* How the file is to be read; what the server recognised by itself is left out. */
export interface Order {
	kind?: Kind;
	map?: object | string;
	date_format?: string;
	duplicates?: 'update' | 'fill' | 'skip';
	dry_run?: boolean;
	resume?: boolean;
}

const files = '/api/v1/imports/files';
interface Uploaded {
	file: string;
	bytes: number;
	part_bytes_max: number;
}

/* Parts follow one another; a part whose answer was lost is sent again, which does no harm. */
const part_tries_max = 5;
async function send_part(token: string, file: File, at: number, n: number, signal: AbortSignal): Promise<number> {
	for (let attempt = 1; ; attempt++) {
		try {
			const part = new Blob([file.slice(at, at + n)], { type: 'application/octet-stream' });
			const { data } = await request<Uploaded>('PUT', `${files}/${token}`, { query: { offset: at }, body: part, signal });
			return data.bytes;
		} catch (e) {
			const passing = e instanceof Problem && (e.status === 0 || e.status >= 500);
			if (!passing || attempt === part_tries_max || signal.aborted)
				throw e;
			await new Promise((done) => setTimeout(done, 500 * 2 ** attempt));
		}
	}
}
export async function upload(file: File, progress: (bytes: number) => void, signal: AbortSignal): Promise<string> {
	const begun = await post<Uploaded>(files, { name: file.name }, { signal });
	for (let at = 0; at < file.size;) {
		at = await send_part(begun.file, file, at, begun.part_bytes_max, signal);
		progress(at);
	}
	return begun.file;
}

export const preview = (token: string, order: Order, signal?: AbortSignal) =>
	post<Preview>(`${files}/${token}/preview`, order, { signal });
export const start = (token: string, order: Order) => post<Job>('/api/v1/imports', { ...order, file: token });
export const undo = (n: number) => post<Job>(`/api/v1/imports/${n}/undo`);
export const fieldsOf = async (kind: Kind) =>
	(await get<{ fields: { name: string; type: string }[] }>('/api/v1/imports/fields', { kind })).fields;

export const job_ended = (j: Job) => j.state !== 'waiting' && j.state !== 'running';
/* Waits for a job's end and tells how far it is. */
export async function follow(job: Job, tell: (j: Job) => void, signal?: AbortSignal): Promise<Job> {
	for (let now = job; ;) {
		tell(now);
		if (job_ended(now) || signal?.aborted)
			return now;
		await new Promise((done) => setTimeout(done, 300));
		now = await get<Job>(`/api/v1/imports/jobs/${job.job}`, undefined, signal);
	}
}
