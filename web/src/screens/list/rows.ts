/*
 * rows.ts - a long list over a cursor API: what is loaded, what is wanted, what is chosen.
 *
 * What it is:   the pages of an answer, laid one behind the other. A list of any length scrolls by
 *               asking for the next pages until the row that is wanted is there.
 * Promises:     one request at a time; an answer to a question that is no longer asked is dropped;
 *               rows never move while somebody is among them: away from the top a refresh changes
 *               values in place, at the top it begins anew.
 * Limits:       ROWS_MAX rows are kept; who wants to see more filters or sorts.
 */

export interface Page<R> {
	rows: R[];
	next: string | null;
	count?: number | null;
}

export type Fetch<R> = (after: string | null, limit: number, signal: AbortSignal) => Promise<Page<R>>;

export const PAGE = 100;
export const PAGE_MAX = 500;
export const ROWS_MAX = 100_000;

interface Loaded {
	start: number;
	n: number;
	after: string | null;
}

export class Rows<R> {
	rows: R[] = [];
	count: number | null = null;
	loading = false;
	error: unknown = null;
	/* True until the first answer to this question. */
	fresh = true;
	private next: string | null = null;
	private ended = false;
	private pages: Loaded[] = [];
	private wanted = 0;
	private stop = new AbortController();

	constructor(
		private fetch: Fetch<R>,
		private readonly id: (r: R) => number,
		private changed: () => void,
	) {}

	/* Who is told of changes from now on. */
	listen(changed: () => void): void {
		this.changed = changed;
		if (this.stop.signal.aborted) this.stop = new AbortController();
	}

	/* How many rows there are to scroll over. */
	get length(): number {
		if (this.ended) return this.rows.length;
		const known = Math.max(this.count ?? 0, this.rows.length);
		return Math.min(known, ROWS_MAX);
	}

	at(i: number): R | undefined {
		return this.rows[i];
	}

	indexOf(id: number): number {
		return this.rows.findIndex((r) => this.id(r) === id);
	}

	/* Another question; the old rows stay until its first answer is there. */
	ask(fetch: Fetch<R>): Promise<void> {
		this.stop.abort();
		this.stop = new AbortController();
		this.fetch = fetch;
		this.loading = false;
		this.error = null;
		this.fresh = true;
		this.wanted = 0;
		return this.restart();
	}

	/* Nobody looks any more; what is loaded stays. */
	stopAll(): void {
		this.stop.abort();
		this.loading = false;
		this.changed = () => {};
	}

	/* The same question from its beginning. */
	again(): Promise<void> {
		return this.ask(this.fetch);
	}

	/* Makes sure that row `last` is there, if there is such a row. */
	async want(last: number): Promise<void> {
		this.wanted = Math.max(this.wanted, Math.min(last, ROWS_MAX - 1));
		if (this.loading || this.fresh || this.error) return;
		while (!this.ended && this.rows.length <= this.wanted) {
			const missing = this.wanted - this.rows.length + 1;
			const limit = Math.min(Math.max(missing, PAGE), PAGE_MAX);
			if (!(await this.load(this.next, limit, false))) return;
		}
	}

	/* Something changed at the server. */
	async refresh(first: number, last: number): Promise<void> {
		if (this.loading) return;
		this.error = null;
		if (first <= 1) return this.restart();
		for (const p of this.pages.filter((x) => x.start <= last && x.start + x.n > first))
			if (!(await this.renew(p))) return;
	}

	private async restart(): Promise<void> {
		if (await this.load(null, PAGE, true)) await this.want(this.wanted);
	}

	private async get(after: string | null, limit: number): Promise<Page<R> | null> {
		const stop = this.stop;
		this.loading = true;
		this.changed();
		try {
			const page = await this.fetch(after, limit, stop.signal);
			return stop === this.stop && !stop.signal.aborted ? page : null;
		} catch (e) {
			if (stop === this.stop && !stop.signal.aborted) this.error = e;
			return null;
		} finally {
			if (stop === this.stop) {
				this.loading = false;
				this.changed();
			}
		}
	}

	private async load(after: string | null, limit: number, anew: boolean): Promise<boolean> {
		const page = await this.get(after, limit);
		if (!page) return false;
		if (anew) {
			this.rows = [];
			this.pages = [];
			this.fresh = false;
			this.error = null;
		}
		this.pages.push({ start: this.rows.length, n: page.rows.length, after });
		this.rows = this.rows.concat(page.rows);
		this.next = page.next;
		this.ended = page.next === null || this.rows.length >= ROWS_MAX;
		if (page.count !== undefined) this.count = page.count;
		this.changed();
		return true;
	}

	/* The values of rows that are there already; newcomers wait for the next beginning. */
	private async renew(p: Loaded): Promise<boolean> {
		const page = await this.get(p.after, Math.min(Math.max(p.n, 1), PAGE_MAX));
		if (!page) return false;
		const byId = new Map(page.rows.map((r) => [this.id(r), r]));
		const rows = this.rows.slice();
		for (let i = p.start; i < p.start + p.n && i < rows.length; i++)
			rows[i] = byId.get(this.id(rows[i]!)) ?? rows[i]!;
		this.rows = rows;
		if (page.count !== undefined) this.count = page.count;
		this.changed();
		return true;
	}
}

/* Which rows are chosen: some, or all that match but some. Immutable. */
export class Chosen {
	constructor(
		readonly all = false,
		readonly ids: ReadonlySet<number> = new Set(),
	) {}

	has(id: number): boolean {
		return this.all !== this.ids.has(id);
	}

	count(matching: number | null): number {
		return this.all ? Math.max(0, (matching ?? 0) - this.ids.size) : this.ids.size;
	}

	toggle(id: number): Chosen {
		const ids = new Set(this.ids);
		if (!ids.delete(id)) ids.add(id);
		return new Chosen(this.all, ids);
	}

	/* All of these become chosen, as a range with Shift does. */
	add(more: readonly number[]): Chosen {
		const ids = new Set(this.ids);
		for (const id of more)
			if (this.all) ids.delete(id);
			else ids.add(id);
		return new Chosen(this.all, ids);
	}
}
