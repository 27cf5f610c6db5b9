/*
 * collect_status.c - what has arrived lately, and what was refused and why.
 *
 * What it is:   counts since the start and the latest arrivals, for the screen that says "your
 * first event arrived" and for whoever looks for an event that is missing. Promises:     no address
 * of the network and no id of a person stands in it. Threads:      any; under the status's lock,
 * which is held for the length of a few copies.
 */
#include "server/collect_int.h"

#include "base/time.h"

#include <string.h>

#define ARRIVALS_PER_CALL 3

void counts_fault(struct collect_counts *c, const char *word, uint64_t n)
{
	for (size_t i = 0; i < c->faults_n; i++) {
		if (c->faults[i].word == word || strcmp(c->faults[i].word, word) == 0) {
			c->faults[i].n += n;
			return;
		}
	}
	if (c->faults_n < COLLECT_FAULTS_MAX)
		c->faults[c->faults_n++] = (struct collect_fault){ word, n };
}

static void copy_text(char to[COLLECT_TEXT_MAX], str from)
{
	size_t n = MIN(from.n, (size_t)COLLECT_TEXT_MAX - 1);
	/* Not in the middle of a character. */
	while (n < from.n && n > 0 && ((unsigned char)from.p[n] & 0xC0) == 0x80)
		n--;
	if (n > 0)
		memcpy(to, from.p, n);
	to[n] = '\0';
}

static str prop_text(const struct intake *in, str key)
{
	for (size_t i = 0; i < in->props_n; i++) {
		if (str_eq(in->props[i].key, key) && in->props[i].value.kind == VALUE_TEXT)
			return in->props[i].value.text;
	}
	return S("");
}

static struct collect_arrival *arrival_next(struct collect_status *s, const struct collect_call *k)
{
	struct collect_arrival *a = &s->latest[s->arrivals++ % COLLECT_LATEST];
	a->received_us = k->received_us;
	a->key = k->key;
	a->seq = 0;
	a->fault = NULL;
	a->at_us = k->received_us;
	a->name[0] = a->path[0] = a->source[0] = '\0';
	return a;
}

static void note_touch(struct collect_status *s, const struct collect_call *k,
		       const struct intake *in)
{
	struct collect_arrival *a = arrival_next(s, k);
	str mark = prop_text(in, S("excluded"));
	a->at_us = in->at_us;
	a->seq = in->seq;
	a->outcome = in->outcome == OUTCOME_ACCEPTED	? "accepted"
		     : in->outcome == OUTCOME_DUPLICATE ? "duplicate"
							: "rejected";
	a->fault = mark.n == 0		      ? in->reason
		   : str_eq(mark, S("bot"))   ? "bot"
		   : str_eq(mark, S("staff")) ? "staff"
					      : "test";
	copy_text(a->name, in->name);
	copy_text(a->path, prop_text(in, S("path")));
	copy_text(a->source, in->origin.source);
}

void status_note(struct collect_call *k)
{
	struct collect_status *s = &k->collect->status;
	const struct collect_counts *n = &k->counts;
	mutex_lock(&s->lock);
	s->requests++;
	s->counts.accepted += n->accepted;
	s->counts.duplicate += n->duplicate;
	s->counts.rejected += n->rejected;
	s->counts.marked += n->marked;
	s->counts.dropped_props += n->dropped_props;
	for (size_t i = 0; i < n->faults_n; i++)
		counts_fault(&s->counts, n->faults[i].word, n->faults[i].n);
	if (s->first_us == 0)
		s->first_us = k->received_us;
	s->latest_us = k->received_us;
	size_t from = k->batch.n > ARRIVALS_PER_CALL ? k->batch.n - ARRIVALS_PER_CALL : 0;
	for (size_t i = from; i < k->batch.n; i++)
		note_touch(s, k, &k->batch.items[i]);
	for (size_t i = 0; i < MIN(k->details_n, (size_t)ARRIVALS_PER_CALL); i++) {
		struct collect_arrival *a = arrival_next(s, k);
		a->outcome = "rejected";
		a->fault = k->details[i].fault;
	}
	mutex_unlock(&s->lock);
}

void status_refused(struct collect *c)
{
	mutex_lock(&c->status.lock);
	c->status.refused++;
	mutex_unlock(&c->status.lock);
}

/* ---- for the screens ------------------------------------------------------------------------- */

static void put_time(struct json_writer *w, str key, int64_t at_us)
{
	char text[TIME_TEXT_MAX];
	json_key(w, key);
	if (at_us)
		json_put_text(w, time_print(text, at_us));
	else
		json_put_null(w);
}

static void put_text(struct json_writer *w, str key, const char *text)
{
	json_key(w, key);
	if (text && text[0])
		json_put_text(w, str_of(text));
	else
		json_put_null(w);
}

static void put_number(struct json_writer *w, str key, uint64_t n)
{
	json_key(w, key);
	json_put_uint(w, n);
}

static void put_arrival(struct json_writer *w, const struct collect_arrival *a)
{
	json_object_open(w);
	put_time(w, S("received_at"), a->received_us);
	put_time(w, S("at"), a->at_us);
	put_number(w, S("key"), a->key);
	put_number(w, S("seq"), a->seq);
	put_text(w, S("outcome"), a->outcome);
	put_text(w, S("reason"), a->fault);
	put_text(w, S("name"), a->name);
	put_text(w, S("path"), a->path);
	put_text(w, S("source"), a->source);
	json_object_close(w);
}

static void put_status(struct json_writer *w, const struct collect *c,
		       const struct collect_status *s)
{
	json_object_open(w);
	put_time(w, S("first_at"), s->first_us);
	put_time(w, S("latest_at"), s->latest_us);
	put_number(w, S("requests"), s->requests);
	put_number(w, S("refused"), s->refused);
	put_number(w, S("accepted"), s->counts.accepted);
	put_number(w, S("duplicate"), s->counts.duplicate);
	put_number(w, S("rejected"), s->counts.rejected);
	put_number(w, S("marked"), s->counts.marked);
	put_number(w, S("names"), atomic_load(&c->names.events.n));
	put_number(w, S("keys"), atomic_load(&c->names.keys.n));
	json_key(w, S("reasons"));
	json_array_open(w);
	for (size_t i = 0; i < s->counts.faults_n; i++) {
		json_object_open(w);
		put_text(w, S("reason"), s->counts.faults[i].word);
		put_number(w, S("count"), s->counts.faults[i].n);
		json_object_close(w);
	}
	json_array_close(w);
	json_key(w, S("latest"));
	json_array_open(w);
	for (uint64_t i = 0; i < MIN(s->arrivals, (uint64_t)COLLECT_LATEST); i++)
		put_arrival(w, &s->latest[(s->arrivals - 1 - i) % COLLECT_LATEST]);
	json_array_close(w);
	json_object_close(w);
}

bool collect_status_get(struct request *q, struct answer *a, err *e)
{
	struct collect *c = q->server->collect;
	struct json_writer w;
	struct collect_status *copy = arena_alloc(q->arena, sizeof *copy);
	if (!copy)
		return arena_err(q->arena, e);
	mutex_lock(&c->status.lock);
	*copy = c->status;
	mutex_unlock(&c->status.lock);
	json_writer_init(&w, &a->body, false);
	put_status(&w, c, copy);
	return true;
}
