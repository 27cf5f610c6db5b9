/*
 * page.c - all that is known of one person, company or deal, for its page.
 *
 * What it is:   ids, every field with when it was learned and from where, consents, sources.
 * Threads:      workers.
 */
#include "server/page_int.h"

#include "base/time.h"

#include <stdlib.h>

#define CELL_TOUCHES_MAX 500

/* Where a field came from: the touch that set it, in short. */
struct provenance {
	struct touch *touches; /* by seq */
	size_t n;
};

static int seq_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

struct collecting {
	struct provenance *from;
	struct arena *a;
};

static bool take_touch(void *arg, const struct touch *t)
{
	struct collecting *c = arg;
	return touch_copy(c->a, t, &c->from->touches[c->from->n++]);
}

static bool provenance_read(struct request *q, struct snapshot *s, const struct subject_view *v,
			    struct provenance *from_r, err *e)
{
	uint64_t *seqs = ARENA_ARRAY(q->arena, uint64_t, v->cells_n);
	struct provenance from = { 0 };
	size_t n = 0, kept = 0;
	if (seqs == NULL)
		return arena_err(q->arena, e);
	for (size_t i = 0; i < v->cells_n; i++)
		seqs[n++] = v->cells[i].seq;
	if (n)
		qsort(seqs, n, sizeof *seqs, seq_cmp);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || seqs[kept - 1] != seqs[i])
			seqs[kept++] = seqs[i];
	}
	kept = MIN(kept, (size_t)CELL_TOUCHES_MAX);
	from.touches = ARENA_ARRAY(q->arena, struct touch, kept);
	if (from.touches == NULL)
		return arena_err(q->arena, e);
	struct collecting c = { &from, q->arena };
	if (!snapshot_touches(s, seqs, kept, take_touch, &c, e))
		return false;
	*from_r = from;
	return !q->arena->over || arena_err(q->arena, e);
}

static const struct touch *provenance_of(const struct provenance *from, uint64_t seq)
{
	for (size_t low = 0, high = from->n; low < high;) {
		size_t middle = low + (high - low) / 2;
		if (from->touches[middle].seq == seq)
			return &from->touches[middle];
		if (from->touches[middle].seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void put_provenance(struct json_writer *w, const struct touch *t)
{
	shape_key_text(w, S("touch"), t ? t->name : S(""));
	shape_key_number(w, S("import"), t ? t->import : 0);
	shape_key_text(w, S("source"), t ? t->origin.source : S(""));
	shape_key_text(w, S("by"), t ? t->by : S(""));
	shape_key_text(w, S("rule"), t ? t->rule : S(""));
}

static void put_ids(struct json_writer *w, const struct subject_view *v)
{
	json_key(w, S("ids"));
	json_array_open(w);
	for (size_t i = 0; i < v->ids_n; i++) {
		json_object_open(w);
		json_key(w, S("profile"));
		json_put_uint(w, v->ids[i].profile);
		shape_key_text(w, S("kind"), str_of(id_kind_name(v->ids[i].kind)));
		shape_key_text(w, S("system"), v->ids[i].system);
		shape_key_text(w, S("value"), v->ids[i].value);
		json_object_close(w);
	}
	json_array_close(w);
}

static void put_fields(struct json_writer *w, const struct subject_view *v,
		       const struct provenance *from)
{
	json_key(w, S("fields"));
	json_array_open(w);
	for (size_t i = 0; i < v->cells_n; i++) {
		const struct cell *c = &v->cells[i];
		json_object_open(w);
		shape_key_text(w, S("key"), c->key);
		shape_key_value(w, S("value"), c->value);
		shape_key_time(w, S("at"), c->at_us, true);
		shape_key_number(w, S("seq"), c->seq);
		put_provenance(w, provenance_of(from, c->seq));
		json_object_close(w);
	}
	json_array_close(w);
}

/* "consent.email", "consent.email.newsletter" are states; what ends in .ground and .wording
 * belongs to them. */
static bool is_consent(str key)
{
	return str_starts(key, S("consent.")) && !str_ends(key, S(".ground")) &&
	       !str_ends(key, S(".wording"));
}

static void put_consents(struct json_writer *w, const struct subject_view *v, struct arena *a)
{
	json_key(w, S("consents"));
	json_array_open(w);
	for (size_t i = 0; i < v->cells_n; i++) {
		const struct cell *c = &v->cells[i];
		if (!is_consent(c->key))
			continue;
		str rest = str_sub(c->key, sizeof "consent." - 1, c->key.n), channel;
		(void)str_next(&rest, '.', &channel);
		json_object_open(w);
		shape_key_text(w, S("channel"), channel);
		shape_key_text(w, S("purpose"), rest);
		shape_key_value(w, S("state"), c->value);
		str ground = str_printf(a, "%.*s.ground", STR_ARG(c->key));
		str wording = str_printf(a, "%.*s.wording", STR_ARG(c->key));
		shape_key_value(w, S("ground"), subject_cell(v, ground));
		shape_key_value(w, S("wording"), subject_cell(v, wording));
		shape_key_time(w, S("at"), c->at_us, true);
		shape_key_number(w, S("seq"), c->seq);
		json_object_close(w);
	}
	json_array_close(w);
}

static void put_exit(struct json_writer *w, const struct subject_view *v)
{
	struct subject_exit x = subject_exit_of(v);
	json_key(w, S("exit"));
	if (x.kind.n == 0) {
		json_put_null(w);
		return;
	}
	json_object_open(w);
	shape_key_text(w, S("kind"), x.kind);
	shape_key_value(w, S("reason"), x.reason);
	shape_key_value(w, S("until"), x.until);
	shape_key_time(w, S("at"), x.at_us, true);
	json_object_close(w);
}

bool page_edges(struct json_writer *w, struct people *p, uint64_t subject, struct arena *a, err *e)
{
	struct edge_info *edges;
	size_t n;
	if (!people_edges(p, subject, a, &edges, &n, e))
		return false;
	json_key(w, S("edges"));
	json_array_open(w);
	for (size_t i = 0; i < n; i++) {
		json_object_open(w);
		shape_key_time(w, S("at"), edges[i].at_us, true);
		shape_key_number(w, S("seq"), edges[i].seq);
		json_key(w, S("profiles"));
		json_array_open(w);
		json_put_uint(w, edges[i].a);
		json_put_uint(w, edges[i].b);
		json_array_close(w);
		shape_key_text(w, S("why"), edges[i].why);
		json_key(w, S("refused"));
		json_put_bool(w, edges[i].refused);
		json_key(w, S("separated"));
		json_put_bool(w, edges[i].cut);
		json_object_close(w);
	}
	json_array_close(w);
	return true;
}

bool page_rows(struct request *q, struct json_writer *w, struct view *v, str key,
	       const struct directory_query *query, err *e)
{
	struct directory_page page;
	struct people *p = snapshot_people(view_snapshot(v));
	if (!directory_page(view_directory(v), view_snapshot(v), query, q->arena, &page, e))
		return false;
	json_key(w, key);
	json_array_open(w);
	for (size_t i = 0; i < page.n; i++) {
		if (!shape_row_of(w, p, page.subjects[i], NULL, query->now_us, q->arena, e))
			return false;
	}
	json_array_close(w);
	return true;
}

bool page_put(struct request *q, struct json_writer *w, struct view *v, const struct subject *s,
	      err *e)
{
	struct people *p = snapshot_people(view_snapshot(v));
	struct provenance from = { 0 };
	if (!provenance_read(q, view_snapshot(v), &s->view, &from, e) ||
	    !shape_row(w, p, s, NULL, q->arena, e))
		return false;
	shape_key_value(w, S("stage_reason"), subject_cell(&s->view, S("stage_reason")));
	put_exit(w, &s->view);
	json_key(w, S("first"));
	shape_origin(w, &s->view.first_origin, s->view.first_channel);
	json_key(w, S("latest"));
	shape_origin(w, &s->view.latest_origin, s->view.latest_channel);
	put_ids(w, &s->view);
	put_fields(w, &s->view, &from);
	put_consents(w, &s->view, q->arena);
	if (!page_edges(w, p, s->view.subject, q->arena, e))
		return false;
	shape_key_text(w, S("etag"),
		       str_printf(q->arena, "\"%.*s\"", STR_ARG(shape_etag(&s->view, q->arena))));
	return !q->arena->over || arena_err(q->arena, e);
}

/* ---- the journey ----------------------------------------------------------------------------- */

/* "AT.SEQ" of the last touch. */
static bool after_read(struct request *q, struct directory_journey *j, err *e)
{
	str text = http_query(q->http, S("after"));
	struct directory_cursor c;
	j->begin = text.n == 0;
	if (j->begin)
		return true;
	if (!directory_cursor_read(text, q->arena, &c, e)) {
		if (e->code == ERR_INVALID)
			q->field = S("after");
		return false;
	}
	j->after_at_us = c.at_us;
	j->after_seq = c.seq;
	return true;
}

static bool journey_read(struct request *q, struct directory_journey *j, err *e)
{
	uint64_t limit;
	str order = http_query(q->http, S("order"));
	if (!params_known(q, e) ||
	    !params_number(q, "limit", 1, DIRECTORY_ROWS_MAX, JOURNEY_ROWS_DEFAULT, &limit, e) ||
	    !after_read(q, j, e))
		return false;
	j->limit = (size_t)limit;
	j->latest_first = str_eq(order, S("latest"));
	return order.p == NULL || j->latest_first || str_eq(order, S("first")) ||
	       problem_field(q, e, "order", "first or latest is wanted");
}

/* The stage before each touch, in order of time; a stage that is entered counts from its touch on.
 */
static str stage_after(const struct touch *t, str before)
{
	value stage = touch_prop(t, S("stage"));
	bool enters = str_eq(t->name, S("stage_entered")) && stage.kind == VALUE_TEXT;
	return enters ? stage.text : before;
}

static bool put_touches(struct request *q, struct json_writer *w, const struct directory_touches *t,
			bool latest_first, err *e)
{
	str *stages = ARENA_ARRAY(q->arena, str, t->n);
	if (stages == NULL)
		return arena_err(q->arena, e);
	str stage = t->stage;
	for (size_t k = 0; k < t->n; k++) {
		size_t i = latest_first ? t->n - 1 - k : k;
		stage = stage_after(&t->touches[i], stage);
		stages[i] = stage;
	}
	json_key(w, S("rows"));
	json_array_open(w);
	for (size_t i = 0; i < t->n; i++)
		shape_touch(w, &t->touches[i], stages[i]);
	json_array_close(w);
	return true;
}

bool page_journey(struct request *q, struct answer *a, struct view *v, const struct subject *s,
		  err *e)
{
	struct directory_journey j = { .subject = s->view.subject };
	struct directory_touches t;
	struct json_writer w;
	struct people *p = snapshot_people(view_snapshot(v));
	if (!journey_read(q, &j, e) ||
	    !directory_journey(view_directory(v), view_snapshot(v), &j, q->arena, &t, e))
		return false;
	json_writer_init(&w, &a->body, false);
	json_object_open(&w);
	if (!put_touches(q, &w, &t, j.latest_first, e) ||
	    !page_edges(&w, p, s->view.subject, q->arena, e))
		return false;
	if (j.begin && !page_undone(q, &w, v, s->view.subject, e))
		return false;
	json_key(&w, S("count"));
	json_put_uint(&w, t.count);
	str next = S("");
	if (t.more && t.n) {
		const struct touch *last = &t.touches[t.n - 1];
		next = directory_cursor_text(&(struct directory_cursor){ last->at_us, last->seq },
					     q->arena);
	}
	shape_key_text(&w, S("next"), next);
	json_object_close(&w);
	return !q->arena->over || arena_err(q->arena, e);
}
