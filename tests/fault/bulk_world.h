/*
 * bulk_world.h - random files of events, loading them, and all that a data directory then says.
 */
#ifndef TRICHTER_BULK_WORLD_H
#define TRICHTER_BULK_WORLD_H

#include "base/mem.h"
#include "base/rand.h"
#include "base/time.h"
#include "base/vec.h"
#include "load/load.h"
#include "people/people.h"

#include <setjmp.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
	char root[128];
	char file[256];
	struct arena a;
	err e;
};

static inline void place_init(struct place *p)
{
	memset(p, 0, sizeof *p);
	const char *base = getenv("TMPDIR");
	snprintf(p->root, sizeof p->root, "%s/bulk-test-XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(p->root));
	snprintf(p->file, sizeof p->file, "%s/events.csv", p->root);
	assert_true(zone_set("UTC", &p->e));
	arena_init(&p->a, 256 * MIB);
}

static inline void place_fini(struct place *p)
{
	char command[256];
	snprintf(command, sizeof command, "rm -rf '%s'", p->root);
	assert_int_equal(system(command), 0);
	arena_fini(&p->a);
}

static inline const char *dir_of(struct place *p, const char *name)
{
	return str_cstr(&p->a, str_printf(&p->a, "%s/%s", p->root, name));
}

static inline const char *dir_make(struct place *p, const char *name)
{
	const char *dir = dir_of(p, name);
	if (!journal_init(dir, &p->e))
		fail_msg("%s", p->e.text);
	return dir;
}

#define OK(p, call)                                                                                \
	do {                                                                                       \
		if (!(call))                                                                       \
			fail_msg("line %d: %s", __LINE__, (p)->e.text);                            \
	} while (0)

static inline bool try_load(struct place *p, const char *dir, const char *file,
			    struct load_options o, struct load_result *r)
{
	struct journal_options jo = { .rehearse = o.dry_run };
	struct journal *j = NULL;
	p->e = (err){ 0 };
	o.kind_given = true;
	o.kind = LOAD_EVENTS;
	bool ok = journal_open(dir, &jo, &j, &p->e) && load_file(dir, j, file, &o, &p->a, r, &p->e);
	journal_close(&j);
	return ok;
}

static inline struct load_result load(struct place *p, const char *dir, enum load_bulk bulk)
{
	struct load_result r;
	struct load_options o = { .bulk = bulk, .bulk_bytes_max = 4000 };
	OK(p, try_load(p, dir, p->file, o, &r));
	return r;
}

static inline void undo(struct place *p, const char *dir, uint64_t import)
{
	struct journal *j = NULL;
	struct undo_result r;
	OK(p, journal_open(dir, NULL, &j, &p->e));
	OK(p, journal_import_undo(j, import, &r, &p->e));
	journal_close(&j);
}

static inline void say(void *arg, const char *sentence)
{
	(void)arg;
	print_error("%s\n", sentence);
}

static inline uint64_t proven(struct place *p, const char *dir)
{
	uint64_t differences, touches;
	OK(p, journal_verify(dir, say, NULL, &differences, &touches, &p->e));
	assert_int_equal(differences, 0);
	return touches;
}

/* ---- everything that a directory says, as sorted lines --------------------------------------- */

struct lines {
	struct buf text;
};

static inline bool put_piece(void *arg, str piece)
{
	struct lines *l = arg;
	buf_str(&l->text, piece);
	return true;
}

static inline int line_cmp(const void *a, const void *b)
{
	return str_cmp(*(const str *)a, *(const str *)b);
}

/* Message ids are made row by row only. */
static inline str without_id(struct arena *a, str line)
{
	str mark = S("\"message_id\":\"");
	for (size_t i = 0; i + mark.n < line.n; i++) {
		str rest = str_sub(line, i, line.n);
		if (!str_starts(rest, mark))
			continue;
		size_t n = mark.n + str_index(str_sub(rest, mark.n, rest.n), '"') + 2;
		return str_printf(a, "%.*s%.*s", STR_ARG(str_sub(line, 0, i)),
				  STR_ARG(str_sub(rest, n, rest.n)));
	}
	return line;
}

static inline str told(struct place *p, const char *dir, uint64_t as_of)
{
	static const enum load_kind KINDS[] = { LOAD_EVENTS, LOAD_PEOPLE, LOAD_COMPANIES,
						LOAD_DEALS };
	struct snapshot *s = NULL;
	struct lines l;
	struct buf out;
	OK(p, snapshot_open(dir, as_of, &s, &p->e));
	buf_init(&l.text, 64 * MIB);
	buf_init(&out, 64 * MIB);
	for (size_t k = 0; k < ARRAY_LEN(KINDS); k++) {
		struct load_export x = {
			.kind = KINDS[k], .json = true, .put = put_piece, .arg = &l
		};
		VEC(str) sorted = { 0 };
		buf_clear(&l.text);
		OK(p, load_export(s, &x, &p->e));
		str rest = buf_view(&l.text), line;
		while (str_next(&rest, '\n', &line))
			assert_true(vec_push(&sorted, without_id(&p->a, line)));
		if (sorted.n > 1)
			qsort(sorted.items, sorted.n, sizeof *sorted.items, line_cmp);
		for (size_t i = 0; i < sorted.n; i++) {
			buf_str(&out, sorted.items[i]);
			buf_byte(&out, '\n');
		}
		vec_free(&sorted);
	}
	str all = str_dup(&p->a, buf_view(&out));
	buf_fini(&out);
	buf_fini(&l.text);
	snapshot_close(&s);
	return all;
}

struct counting {
	struct people *people;
	struct arena *a;
	struct buf out;
};

static inline bool put_counts(void *arg, uint64_t subject)
{
	struct counting *c = arg;
	struct subject_view v;
	err e;
	if (!people_view(c->people, subject, c->a, &v, &e))
		fail_msg("%s", e.text);
	value ids[] = { v.emails, v.user_ids, v.anonymous_ids, v.external_ids };
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		value_print(&c->out, ids[i]);
		buf_byte(&c->out, ' ');
	}
	buf_printf(&c->out, "%llu %lld %lld %.*s %.*s\n", (unsigned long long)v.touches,
		   (long long)v.first_us, (long long)v.last_us, STR_ARG(v.first_origin.source),
		   STR_ARG(v.latest_origin.source));
	return true;
}

/* Of everybody: ids, how many touches, from when to when, first and latest source. */
static inline str counts(struct place *p, const char *dir)
{
	struct snapshot *s = NULL;
	struct counting c = { .a = &p->a };
	VEC(str) sorted = { 0 };
	struct buf out;
	OK(p, snapshot_open(dir, 0, &s, &p->e));
	c.people = snapshot_people(s);
	buf_init(&c.out, 16 * MIB);
	buf_init(&out, 16 * MIB);
	for (size_t entity = 0; entity < 3; entity++)
		OK(p, people_each(c.people, (enum entity)entity, put_counts, &c, &p->e));
	str rest = buf_view(&c.out), line;
	while (str_next(&rest, '\n', &line))
		assert_true(vec_push(&sorted, line));
	if (sorted.n > 1)
		qsort(sorted.items, sorted.n, sizeof *sorted.items, line_cmp);
	for (size_t i = 0; i < sorted.n; i++) {
		buf_str(&out, sorted.items[i]);
		buf_byte(&out, '\n');
	}
	vec_free(&sorted);
	str all = str_dup(&p->a, buf_view(&out));
	buf_fini(&out);
	buf_fini(&c.out);
	snapshot_close(&s);
	return all;
}

static inline void same_text(const char *what, uint64_t seed, str got, str want)
{
	str g = got, w = want, gl = S(""), wl = S("");
	if (str_eq(got, want))
		return;
	while (str_next(&g, '\n', &gl) && str_next(&w, '\n', &wl) && str_eq(gl, wl))
		continue;
	fail_msg("seed %llu, %s: in bulk\n  %.*s\nrow by row\n  %.*s", (unsigned long long)seed,
		 what, STR_ARG(gl), STR_ARG(wl));
}

/* ---- random files ---------------------------------------------------------------------------- */

struct writing {
	struct buf b;
	struct rng r;
	bool devices, broken, quoted, values, json;
	int64_t at_s;
};

static inline uint64_t any(struct writing *w, uint64_t n)
{
	return rng_below(&w->r, n);
}

static inline void put_at(struct writing *w)
{
	char text[TIME_TEXT_MAX];
	/* Each row has an instant of its own, in no order, over three years. */
	w->at_s += 7;
	int64_t at_s = 1672000000 + w->at_s * 97 % 90000000;
	time_print(text, at_s * US_PER_S);
	buf_cstr(&w->b, text);
}

static inline void put_name(struct writing *w)
{
	static const char *const NAMES[] = { "page_viewed", "signup", "pricing viewed", "demo",
					     "Größe" };
	static const char *const VALUES[] = { "consent_given", "stage_entered", "person_updated" };
	if (w->values && any(w, 12) == 0)
		buf_cstr(&w->b, VALUES[any(w, ARRAY_LEN(VALUES))]);
	else
		buf_cstr(&w->b, NAMES[any(w, ARRAY_LEN(NAMES))]);
}

static inline void put_ids(struct writing *w)
{
	uint64_t what = any(w, 10);
	uint64_t device = w->devices ? any(w, 6) : 0;
	if (what < 4)
		buf_printf(&w->b, "a%u", (unsigned)device);
	buf_byte(&w->b, ',');
	if (what >= 2 && what < 8)
		buf_printf(&w->b, "u%u", (unsigned)(w->devices ? any(w, 5) : device));
	buf_byte(&w->b, ',');
	if (what == 7 || what == 8)
		buf_printf(&w->b, "P%u@example.com", (unsigned)any(w, 6));
	buf_byte(&w->b, ',');
	if (any(w, 4) == 0)
		buf_printf(&w->b, "c%u.example", (unsigned)any(w, 3));
}

static inline void put_row(struct writing *w)
{
	static const char *const SOURCES[] = { "google", "", "fair", "newsletter" };
	if (w->broken && any(w, 25) == 0)
		buf_cstr(&w->b, any(w, 2) ? "not a date" : "2025-02-30");
	else
		put_at(w);
	buf_byte(&w->b, ',');
	put_name(w);
	buf_byte(&w->b, ',');
	put_ids(w);
	buf_printf(&w->b, ",%s,", SOURCES[any(w, ARRAY_LEN(SOURCES))]);
	if (any(w, 3) == 0)
		buf_printf(&w->b, w->quoted ? "\"pro, \"\"%u\"\"\"" : "pro%u", (unsigned)any(w, 4));
	buf_byte(&w->b, ',');
	if (any(w, 3) == 0)
		buf_printf(&w->b, "%u", (unsigned)any(w, 1000));
	if (w->broken && any(w, 25) == 0)
		buf_cstr(&w->b, ",too many");
	buf_byte(&w->b, '\n');
}

/* The same as JSON: an empty cell is no key; now and then a key that the first rows do not have. */
static inline void put_json(struct writing *w, struct buf *out, str row, const str *keys, size_t n)
{
	size_t i = 0;
	str cell;
	buf_byte(out, '{');
	while (i < n && str_next(&row, ',', &cell)) {
		cell = str_trim(cell);
		if (cell.n > 0 && i + 1 == n)
			buf_printf(out, "\"%.*s\":%.*s,", STR_ARG(keys[i]), STR_ARG(cell));
		else if (cell.n > 0)
			buf_printf(out, "\"%.*s\":\"%.*s\",", STR_ARG(keys[i]), STR_ARG(cell));
		i++;
	}
	buf_printf(out, "\"%s\":true}\n", any(w, 200) ? "known" : "seldom");
	if (w->broken && any(w, 40) == 0)
		buf_cstr(out, "{\"at\":\n\n");
}

static inline void to_json(struct writing *w)
{
	str keys[16], rest = buf_view(&w->b), line, key;
	size_t n = 0;
	struct buf out;
	buf_init(&out, 64 * MIB);
	assert_true(str_next(&rest, '\n', &line));
	while (str_next(&line, ',', &key))
		keys[n++] = key;
	while (str_next(&rest, '\n', &line))
		put_json(w, &out, line, keys, n);
	buf_fini(&w->b);
	w->b = out;
}

static inline void file_write_random(struct place *p, uint64_t seed, size_t rows, bool calm)
{
	struct writing w = { 0 };
	rng_init(&w.r, seed);
	w.devices = any(&w, 4) != 0 && !calm;
	w.broken = any(&w, 3) == 0;
	w.json = any(&w, 3) == 0;
	w.quoted = !w.json && any(&w, 3) == 0;
	w.values = any(&w, 3) == 0;
	buf_init(&w.b, 64 * MIB);
	buf_cstr(&w.b, "at,name,anonymous_id,user_id,email,company_domain,source,plan,score\n");
	for (size_t i = 0; i < rows; i++) {
		size_t from = w.b.n;
		put_row(&w);
		size_t n = w.b.n - from;
		if (any(&w, 20) == 0) /* an equal row */
			buf_str(&w.b, str_dup(&p->a, str_make(w.b.p + from, n)));
	}
	if (w.json)
		to_json(&w);
	OK(p, fs_write_all(fs_real(), p->file, buf_view(&w.b), &p->e));
	buf_fini(&w.b);
}

static inline uint64_t first_seed(void)
{
	const char *text = getenv("TEST_SEED");
	return text ? strtoull(text, NULL, 10) : 1;
}

static inline uint64_t cases(void)
{
	const char *text = getenv("TEST_CASES");
	return text ? strtoull(text, NULL, 10) : 8;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static inline void same_result(uint64_t seed, const struct load_result *a,
			       const struct load_result *b)
{
	const struct {
		const char *what;
		uint64_t a, b;
	} all[] = { { "read", a->read, b->read },
		    { "accepted", a->accepted, b->accepted },
		    { "duplicate", a->duplicate, b->duplicate },
		    { "rejected", a->rejected, b->rejected },
		    { "touches", a->touches, b->touches },
		    { "people_new", a->people_new, b->people_new } };
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (all[i].a != all[i].b)
			fail_msg("seed %llu: %s is %llu in bulk, %llu row by row",
				 (unsigned long long)seed, all[i].what,
				 (unsigned long long)all[i].a, (unsigned long long)all[i].b);
	}
}

#endif
