/*
 * seal_world.h - a journal with a bit of everything, and all that can be read of it as text.
 */
#ifndef TRICHTER_TESTS_SEAL_WORLD_H
#define TRICHTER_TESTS_SEAL_WORLD_H

#include "world.h"

#include "base/rand.h"

/* Batches of all kinds: people, companies, deals, ids of every kind, joins, texts that repeat and
 * that do not, times over three years, many of one instant. */
UNUSED static void seal_fill(struct rng *r, struct intake *in, char texts[4][48], uint64_t number)
{
	static const char *const NAMES[] = { "page_viewed", "form_submitted", "person_updated",
					     "email_opened", "whitepaper_downloaded" };
	static const char *const SOURCES[] = { "", "google", "linkedin", "newsletter" };
	static struct prop props[3];
	uint64_t who = rng_below(r, 40);
	snprintf(texts[0], 48, rng_below(r, 2) ? "m-%llu" : "00000000-0000-4000-8000-%012llu",
		 (unsigned long long)number);
	snprintf(texts[1], 48, "u%llu", (unsigned long long)who);
	snprintf(texts[2], 48, "p%llu@example.com", (unsigned long long)(who % 23));
	snprintf(texts[3], 48, "/page/%llu", (unsigned long long)rng_below(r, 9));
	props[0] = (struct prop){ S("path"), value_text(str_of(texts[3])) };
	props[1] = (struct prop){ S("score"), value_int((int64_t)rng_below(r, 1000) - 500) };
	props[2] = (struct prop){ S("city"), value_text(number % 3 ? S("Kiel") : S("Köln")) };
	*in = (struct intake){ .name = str_of(NAMES[rng_below(r, 5)]),
			       .at_us = (int64_t)rng_below(r, 1100) * US_PER_DAY - US_PER_DAY,
			       .message_id = str_of(texts[0]),
			       .props = props,
			       .props_n = (size_t)rng_below(r, 4) };
	in->origin.source = str_of(SOURCES[rng_below(r, 4)]);
	if (rng_below(r, 3) == 0)
		in->user_id = str_of(texts[1]);
	if (rng_below(r, 3) == 0)
		in->email = str_of(texts[2]);
	if (rng_below(r, 2) == 0)
		in->anonymous_id = str_of(texts[1] + 1);
	if (rng_below(r, 7) == 0)
		in->company_name = number % 2 ? S("Muster AG") : S("Beispiel GmbH");
	if (rng_below(r, 9) == 0)
		in->deal_id = (struct external_id){ S("crm"), number % 2 ? S("d1") : S("d2") };
}

UNUSED static bool seal_submit(struct journal *j, struct rng *r, uint64_t number, uint64_t import,
			       err *e)
{
	struct intake in;
	char texts[4][48];
	seal_fill(r, &in, texts, number);
	struct batch b = { .items = &in, .n = 1, .trust = TRUST_SECRET, .import = import };
	return journal_submit(j, &b, e);
}

/* ---- everything as text ---------------------------------------------------------------------- */

struct dump {
	FILE *f;
	char *text;
	size_t n;
	bool received; /* with what differs between two runs */
	struct buf values;
};

UNUSED static void dump_str(struct dump *d, str s)
{
	fprintf(d->f, "|%.*s", STR_ARG(s));
}

UNUSED static bool dump_touch(void *arg, const struct touch *t)
{
	struct dump *d = arg;
	const struct origin *o = &t->origin;
	bool by_hand = t->by.n || t->import || t->message_id.n == 0;
	fprintf(d->f, "%llu %lld %llx %llu %llu %llu %llu %llu %d%d", (unsigned long long)t->seq,
		d->received || !by_hand ? (long long)t->at_us : 0, (unsigned long long)t->tie,
		(unsigned long long)t->person, (unsigned long long)t->company,
		(unsigned long long)t->deal, (unsigned long long)t->import,
		(unsigned long long)t->cause, t->fill, t->from_public);
	if (d->received)
		fprintf(d->f, " %lld", (long long)t->received_us);
	const str texts[] = { t->name,	  t->message_id, t->channel,  t->rule,
			      t->by,	  o->source,	 o->medium,   o->campaign,
			      o->content, o->term,	 o->referrer, o->click_kind };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		dump_str(d, texts[i]);
	for (size_t i = 0; i < t->props_n; i++) {
		dump_str(d, t->props[i].key);
		buf_clear(&d->values);
		value_encode(&d->values, t->props[i].value);
		for (size_t k = 0; k < d->values.n; k++)
			fprintf(d->f, "%02x", (unsigned char)d->values.p[k]);
	}
	fputc('\n', d->f);
	return true;
}

UNUSED static bool dump_head(void *arg, const struct touch_head *h)
{
	struct dump *d = arg;
	fprintf(d->f, "h %llu %.*s %llu %llu %llu %llu %d\n", (unsigned long long)h->seq,
		STR_ARG(h->name), (unsigned long long)h->person, (unsigned long long)h->company,
		(unsigned long long)h->deal, (unsigned long long)h->import, h->hidden);
	return true;
}

UNUSED static void dump_people(struct dump *d, struct world *w, struct people *p)
{
	for (uint64_t i = 1; i <= people_profiles(p); i++) {
		struct subject_view v;
		arena_reset(&w->a);
		WORLD_OK(w, people_view(p, i, &w->a, &v, &w->e));
		fprintf(d->f, "p %llu %llu %d %d %llu", (unsigned long long)i,
			(unsigned long long)v.subject, v.entity, v.visible,
			(unsigned long long)v.touches);
		for (size_t k = 0; k < v.ids_n; k++)
			dump_str(d, v.ids[k].value);
		for (size_t k = 0; k < v.cells_n; k++) {
			dump_str(d, v.cells[k].key);
			fprintf(d->f, "=%llu", (unsigned long long)v.cells[k].seq);
		}
		dump_str(d, v.first_channel);
		dump_str(d, v.latest_origin.source);
		fputc('\n', d->f);
	}
}

UNUSED static char *dump_snapshot(struct world *w, struct snapshot *s, bool received)
{
	struct dump d = { .received = received };
	uint64_t last = snapshot_seq(s), every[64];
	size_t n = 0;
	d.f = open_memstream(&d.text, &d.n);
	assert_non_null(d.f);
	buf_init(&d.values, MIB);
	WORLD_OK(w, snapshot_scan(s, dump_touch, &d, &w->e));
	WORLD_OK(w, snapshot_heads(s, 1, last, dump_head, &d, &w->e));
	if (last > 20)
		WORLD_OK(w, snapshot_scan_from(s, last / 3, last / 2, dump_touch, &d, &w->e));
	for (uint64_t seq = 1; seq <= last && n < ARRAY_LEN(every); seq += 1 + last / 50)
		every[n++] = seq;
	WORLD_OK(w, snapshot_touches(s, every, n, dump_touch, &d, &w->e));
	for (size_t i = 0; i < n; i += 5) {
		struct touch t;
		uint64_t seq = 0;
		arena_reset(&w->a);
		WORLD_OK(w, snapshot_touch(s, every[i], &w->a, &t, &w->e));
		dump_touch(&d, &t);
		WORLD_OK(w, snapshot_seq_at(s, t.received_us, &seq, &w->e));
		if (received)
			fprintf(d.f, "at %llu\n", (unsigned long long)seq);
	}
	dump_people(&d, w, snapshot_people(s));
	fclose(d.f);
	buf_fini(&d.values);
	return d.text;
}

/* To be freed. As of 0: now. */
UNUSED static char *dump_world(struct world *w, uint64_t as_of, bool received)
{
	struct snapshot *s;
	WORLD_OK(w, snapshot_open(w->dir, as_of, &s, &w->e));
	char *text = dump_snapshot(w, s, received);
	snapshot_close(&s);
	return text;
}

UNUSED static void assert_same_text(const char *a, const char *b)
{
	size_t line = 1, at = 0, begin = 0;
	while (a[at] && a[at] == b[at]) {
		if (a[at++] == '\n') {
			line++;
			begin = at;
		}
	}
	if (a[at] == b[at])
		return;
	print_error("line %zu differs:\n  %.*s\n  %.*s\n", line, (int)strcspn(a + begin, "\n"),
		    a + begin, (int)strcspn(b + begin, "\n"), b + begin);
	fail();
}

/* ---- playing --------------------------------------------------------------------------------- */

UNUSED static void open_unsealed(struct world *w)
{
	world_init(w);
	world_close(w);
	w->options.tail_touches_max = UINT64_MAX;
	world_open(w);
}

UNUSED static uint64_t deed(struct world *w, uint64_t person, const char *name, int64_t at_us)
{
	struct intake in = {
		.name = str_of(name), .at_us = at_us, .person = person, .by = S("user:1")
	};
	world_submit(w, TRUST_SELF, &in, 1);
	assert_int_equal(in.outcome, OUTCOME_ACCEPTED);
	return in.seq;
}

/* Live touches, an import that is taken back, one that stays, deeds by hand of which one is taken
 * back; `seal` is called at random places. */
UNUSED static void play(struct world *w, uint64_t seed,
			void (*seal)(struct world *w, struct rng *r))
{
	struct rng r, places;
	uint64_t number = 0, import[2];
	struct undo_result undone;
	rng_init(&r, seed);
	rng_init(&places, seed + 1);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 120; i++) {
			WORLD_OK(w, seal_submit(w->j, &r, ++number, 0, &w->e));
			if (rng_below(&places, 40) == 0)
				seal(w, &places);
		}
		WORLD_OK(w, journal_import_begin(w->j, S("{}"), &import[round], &w->e));
		for (int i = 0; i < 60; i++) {
			WORLD_OK(w,
				 seal_submit(w->j, &r, ++number, i % 3 ? import[round] : 0, &w->e));
			if (rng_below(&places, 30) == 0)
				seal(w, &places);
		}
		WORLD_OK(w, journal_import_close(w->j, import[round], S("{}"), &w->e));
		seal(w, &places);
		uint64_t person = world_find(w, "u7");
		if (person == 0)
			continue;
		uint64_t first = deed(w, person, "person_updated", 2000 * US_PER_DAY);
		seal(w, &places);
		struct touch_undo u = { .seq = first, .by = S("user:1"), .anyway = true };
		WORLD_OK(w, journal_touch_undo(w->j, &u, &w->e));
		(void)deed(w, person, "lead_accepted", 2001 * US_PER_DAY);
	}
	WORLD_OK(w, journal_import_undo(w->j, import[0], &undone, &w->e));
	assert_true(undone.touches > 0);
	seal(w, &places);
	for (int i = 0; i < 30; i++)
		WORLD_OK(w, seal_submit(w->j, &r, ++number, 0, &w->e));
}

UNUSED static void seal_never(struct world *w, struct rng *r)
{
	(void)w;
	(void)r;
}

UNUSED static void seal_some(struct world *w, struct rng *r)
{
	WORLD_OK(w, journal_seal(w->j, rng_below(r, 60), &w->e));
	if (rng_below(r, 3) == 0)
		WORLD_OK(w, journal_merge(w->j, &w->e));
	if (rng_below(r, 4) == 0)
		world_reopen(w);
}

UNUSED static struct archive_numbers numbers_of(struct world *w)
{
	struct archive_numbers n;
	struct snapshot *s;
	WORLD_OK(w, snapshot_open(w->dir, 0, &s, &w->e));
	snapshot_archive_numbers(s, &n);
	snapshot_close(&s);
	return n;
}

#endif
