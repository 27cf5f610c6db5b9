/*
 * record_sort.c - touches of records in the order in which segments have them.
 *
 * What it is:   records are copied, and of each touch only where it stands and what it is sorted by
 *               is noted; it is decoded when its turn comes.
 * Workload:     16,384 touches for a question that looks at the tail, half a million for sealing.
 * Promises:     record_sort_touch gives what record_read would give. Memory is bounded by what the
 *               caller allows.
 * Threads:      one at a time.
 */
#include "journal/record_int.h"

#include "archive/archive.h"
#include "base/mem.h"

#include <stdlib.h>

struct record_sort {
	struct arena bodies;
	size_t bytes_max;
	bool with_ids;
	VEC(struct record_state) records;
	VEC(struct sorted_touch) touches;
	VEC(struct archive_id) ids;
	uint64_t id_seq; /* of the record that is being read */
};

bool record_sort_new(size_t bytes_max, bool with_ids, struct record_sort **s_r, err *e)
{
	struct record_sort *s = mem_zalloc(1, sizeof *s);
	if (!s)
		return err_nomem(e);
	arena_init(&s->bodies, bytes_max);
	s->bytes_max = bytes_max;
	s->with_ids = with_ids;
	*s_r = s;
	return true;
}

void record_sort_free(struct record_sort **sp)
{
	struct record_sort *s = *sp;
	if (!s)
		return;
	for (size_t i = 0; i < s->records.n; i++)
		record_state_fini(&s->records.items[i]);
	vec_free(&s->records);
	vec_free(&s->touches);
	vec_free(&s->ids);
	arena_fini(&s->bodies);
	mem_free(s);
	*sp = NULL;
}

static bool keep_id(void *arg, const struct new_id *id, err *e)
{
	struct record_sort *s = arg;
	const struct archive_id kept = { .seq = s->id_seq,
					 .profile = id->profile,
					 .kind = id->kind,
					 .system = id->system,
					 .value = id->value };
	return vec_push(&s->ids, kept) || err_nomem(e);
}

static uint64_t tie_of(const struct record_passed *x)
{
	char text[UUID_CHARS];
	if (x->message.n == 0)
		return x->brief.seq;
	if (!x->is_uuid)
		return tie_of_message_id(x->message);
	record_uuid_text((const uint8_t *)x->message.p, text);
	return tie_of_message_id(str_make(text, UUID_CHARS));
}

static bool note_touches(struct record_sort *s, struct record_state *state, uint64_t from_seq,
			 uint64_t to_seq, err *e)
{
	uint64_t n = reader_varint(&state->r);
	for (uint64_t i = 0; i < n && !state->r.bad; i++, state->seq++) {
		struct record_passed x;
		struct sorted_touch t = { .p = state->r.p,
					  .before_us = state->at_us,
					  .seq = state->seq,
					  .record = s->records.n - 1 };
		record_pass(state, &x);
		if (state->r.bad || t.seq < from_seq || t.seq > to_seq)
			continue;
		t.at_us = x.at_us;
		t.tie = tie_of(&x);
		t.subject = x.brief.person    ? x.brief.person
			    : x.brief.company ? x.brief.company
					      : x.brief.deal;
		if (!vec_push(&s->touches, t))
			return err_nomem(e);
	}
	return !state->r.bad || err_set(e, ERR_CORRUPT, "a record's touches do not fit");
}

bool record_sort_add(struct record_sort *s, str body, uint64_t first_seq, uint64_t from_seq,
		     uint64_t to_seq, err *e)
{
	struct record_reader out = { .id = s->with_ids ? keep_id : NULL, .arg = s };
	struct record_state state;
	str copy = str_dup(&s->bodies, body);
	if (body.n && !copy.p)
		return arena_err(&s->bodies, e);
	if (!vec_reserve(&s->records, s->records.n + 1))
		return err_nomem(e);
	s->id_seq = first_seq;
	bool ok = record_state_init(&state, copy, first_seq, &out, e);
	s->records.items[s->records.n++] = state;
	ok = ok && note_touches(s, &s->records.items[s->records.n - 1], from_seq, to_seq, e);
	return ok || err_prefix(e, "record %llu", (unsigned long long)first_seq);
}

struct sorted_touch *record_sort_items(struct record_sort *s, size_t *n_r)
{
	*n_r = s->touches.n;
	return s->touches.items;
}

static int sorted_cmp(const void *x, const void *y)
{
	const struct sorted_touch *a = x, *b = y;
	if (a->subject != b->subject)
		return a->subject < b->subject ? -1 : 1;
	if (a->at_us != b->at_us)
		return a->at_us < b->at_us ? -1 : 1;
	if (a->tie != b->tie)
		return a->tie < b->tie ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

void record_sort_run(struct record_sort *s)
{
	if (s->touches.n)
		qsort(s->touches.items, s->touches.n, sizeof *s->touches.items, sorted_cmp);
}

bool record_sort_touch(struct record_sort *s, const struct sorted_touch *at, struct arena *a,
		       struct touch *t_r, err *e)
{
	struct record_state state = s->records.items[at->record];
	state.r.p = at->p;
	state.r.bad = false;
	state.at_us = at->before_us;
	state.seq = at->seq;
	return record_read_touch(&state, a, t_r, e);
}

const struct archive_id *record_sort_ids(const struct record_sort *s, size_t *n_r)
{
	*n_r = s->ids.n;
	return s->ids.items;
}
