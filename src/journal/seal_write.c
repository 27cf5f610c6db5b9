/*
 * seal_write.c - the oldest records of the tail become segments.
 *
 * What it is:   reads records with a reader of its own, sorts their touches by the subjects that
 * the writer gives, and writes a segment for each calendar year of the touches' times and a file of
 * the ids that the records brought. Then the manifest has them. Workload:     half a million
 * touches a time, every ten seconds at 50,000 a second. Promises:     the files are whole on disk
 * before the manifest names them; on failure those that were written are removed, unless the
 * manifest may have them. Threads:      one at a time (seal.c); never the writer's.
 */
#include "journal/journal_int.h"

#include "base/mem.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>

#define SEAL_TOUCHES_MAX ((size_t)1 << 19)
#define SEAL_BYTES_MAX	 (192 * MIB) /* of records */

struct sealing {
	struct journal *j;
	struct record_sort *sort;
	uint64_t from_seq, to_seq, most_seq;
	uint64_t sealed; /* up to where the records were taken */
	uint64_t bytes;
	VEC(struct archive_file) segments;
	struct archive_file ids;
	bool full, failed;
	err *e;
};

/* ---- reading --------------------------------------------------------------------------------- */

static bool take_record(void *arg, const struct ledger_record *r)
{
	struct sealing *x = arg;
	uint64_t last = r->first_seq + r->touches - 1;
	size_t n;
	(void)record_sort_items(x->sort, &n);
	x->full = r->first_seq > x->to_seq || last > x->most_seq ||
		  (n > 0 &&
		   (n + r->touches > SEAL_TOUCHES_MAX || x->bytes + r->body.n > SEAL_BYTES_MAX));
	if (x->full)
		return false;
	x->failed = !record_sort_add(x->sort, r->body, r->first_seq, r->first_seq, last, x->e);
	x->bytes += r->body.n;
	x->sealed = last;
	return !x->failed;
}

static bool read_records(struct sealing *x)
{
	struct store s = { .dir = x->j->store.dir,
			   .fs = x->j->store.fs,
			   .ledger_driver = x->j->store.ledger_driver,
			   .mode = STORE_READ,
			   .as_of = UINT64_MAX };
	bool ok = store_open_bare(&s, x->e) &&
		  ledger_scan_records(s.ledger, x->from_seq, x->to_seq, take_record, x, x->e) &&
		  !x->failed;
	store_close(&s);
	/* What is between two records is in the archive already. */
	if (ok && !x->full)
		x->sealed = MAX(x->sealed, x->to_seq);
	return ok;
}

/* ---- subjects -------------------------------------------------------------------------------- */

static int number_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static uint64_t place_of(const uint64_t *sorted, size_t n, uint64_t number)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (sorted[mid] < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool find_subjects(struct sealing *x, uint64_t *keyed_r)
{
	size_t n, profiles_n = 0;
	struct sorted_touch *items = record_sort_items(x->sort, &n);
	uint64_t *profiles = mem_alloc(n * sizeof *profiles), *subjects = NULL;
	if (!profiles)
		return err_nomem(x->e);
	for (size_t i = 0; i < n; i++)
		profiles[i] = items[i].subject;
	if (n)
		qsort(profiles, n, sizeof *profiles, number_cmp);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || profiles[i] != profiles[profiles_n - 1])
			profiles[profiles_n++] = profiles[i];
	}
	subjects = mem_alloc(profiles_n * sizeof *subjects);
	bool ok = subjects || err_nomem(x->e);
	for (size_t i = 0; ok && i < profiles_n; i++)
		subjects[i] = profiles[i];
	ok = ok && journal_subjects(x->j, subjects, profiles_n, keyed_r, x->e);
	for (size_t i = 0; ok && i < n; i++)
		items[i].subject = subjects[place_of(profiles, profiles_n, items[i].subject)];
	mem_free(profiles);
	mem_free(subjects);
	if (ok)
		record_sort_run(x->sort);
	return ok;
}

/* ---- writing --------------------------------------------------------------------------------- */

static int seal_year(int64_t at_us)
{
	int64_t days = at_us / US_PER_DAY - (at_us % US_PER_DAY < 0);
	int year, month, day;
	time_civil_from_days(days, &year, &month, &day);
	return year;
}

static bool write_segment(struct sealing *x, const struct sorted_touch *items, size_t n,
			  uint64_t keyed_seq)
{
	char path[4096];
	struct segment *s = NULL;
	struct archive_file f = { .number = journal_archive_number(x->j) };
	struct segment_options o = { .fs = x->j->store.fs, .path = path, .keyed_seq = keyed_seq };
	if (!journal_archive_path(x->j, f.number, false, path, x->e) ||
	    !record_sort_build(x->sort, items, n, &o, &s, x->e))
		return false;
	f.checksum = colfile_checksum(segment_file(s));
	segment_release(&s);
	return vec_push(&x->segments, f) || err_nomem(x->e);
}

/* One segment for each year: those of the least year that is left are moved together, in order. */
static bool write_years(struct sealing *x, uint64_t keyed_seq)
{
	size_t n;
	struct sorted_touch *items = record_sort_items(x->sort, &n);
	struct sorted_touch *of_year = mem_alloc(n * sizeof *of_year);
	bool ok = of_year || err_nomem(x->e);
	for (int64_t after = INT64_MIN; ok;) {
		int64_t year = INT64_MAX;
		size_t year_n = 0;
		for (size_t i = 0; i < n; i++) {
			int64_t y = seal_year(items[i].at_us);
			if (y > after && y < year)
				year = y;
		}
		if (year == INT64_MAX)
			break;
		for (size_t i = 0; i < n; i++) {
			if (seal_year(items[i].at_us) == year)
				of_year[year_n++] = items[i];
		}
		ok = write_segment(x, of_year, year_n, keyed_seq);
		after = year;
	}
	mem_free(of_year);
	return ok;
}

static bool write_ids(struct sealing *x)
{
	char path[4096];
	size_t n;
	struct ids_writer *w = NULL;
	const struct archive_id *ids = record_sort_ids(x->sort, &n);
	struct archive_file f = { 0 };
	if (n == 0)
		return true;
	f.number = journal_archive_number(x->j);
	if (!journal_archive_path(x->j, f.number, true, path, x->e) ||
	    !ids_writer_new(x->j->store.fs, path, &w, x->e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!ids_writer_put(w, &ids[i], x->e)) {
			ids_writer_abort(&w);
			return false;
		}
	}
	if (!ids_writer_finish(&w, &f, x->e))
		return false;
	x->ids = f;
	return true;
}

static bool write_all(struct sealing *x)
{
	size_t n;
	uint64_t keyed = 0;
	(void)record_sort_items(x->sort, &n);
	if (n > 0 && (!find_subjects(x, &keyed) || !write_years(x, keyed) || !write_ids(x)))
		return false;
	struct archive_change c = { .seal_to = x->sealed,
				    .segments = x->segments.items,
				    .segments_n = x->segments.n,
				    .ids = &x->ids,
				    .ids_n = x->ids.number ? 1 : 0 };
	return journal_archive_change(x->j, &c, x->e);
}

bool seal_write(struct journal *j, uint64_t from_seq, uint64_t to_seq, uint64_t most_seq,
		uint64_t *sealed_r, err *e)
{
	err why = { 0 };
	struct sealing x = {
		.j = j, .from_seq = from_seq, .to_seq = to_seq, .most_seq = most_seq, .e = &why
	};
	*sealed_r = 0;
	if (from_seq > to_seq)
		return true;
	bool ok = record_sort_new(SEAL_BYTES_MAX + GIB, true, &x.sort, &why) && read_records(&x);
	if (ok && x.sealed >= from_seq) {
		ok = write_all(&x);
		*sealed_r = ok ? x.sealed : 0;
	}
	record_sort_free(&x.sort);
	if (!ok && why.code != ERR_UNCERTAIN) {
		for (size_t i = 0; i < x.segments.n; i++)
			journal_archive_remove(j, x.segments.items[i].number, false);
		if (x.ids.number)
			journal_archive_remove(j, x.ids.number, true);
	}
	vec_free(&x.segments);
	if (!ok && e)
		*e = why;
	return ok;
}
