/*
 * funnel_scan.c - collects, in one pass over the snapshot, the touches that a funnel needs.
 *
 * What it is:   touches that fill a step, and those that a rule's did(...) asks about, chained up
 * by subject; taken out again subject by subject, in their total order. In the lifecycle every
 * touch is a visit: without a window only each subject's first one is kept. Promises:     40 bytes
 * for each touch that fills a step, all in the query's arena; the order of arrival leaves no trace.
 * Data from:    snapshot_scan: visible touches, by seq.
 * Threads:      one query per thread.
 */
#include "funnel/funnel_int.h"

#include <string.h>

#define DIDS_MAX 64

struct kept {
	struct chain_touch touch;
	uint32_t next; /* 1 + the number of the next of this subject, or 0 */
};
struct past {
	struct touch touch;
	uint32_t next;
};

struct scan {
	struct harvest *h;
	struct plan *p;
	struct subject_key key;
	uint32_t *visit;    /* first visits only: per subject 1 + the number of the one kept */
	str dids[DIDS_MAX]; /* touch names that the rule asks about */
	size_t dids_n;	    /* more than DIDS_MAX: every touch is kept for it */
	err *e;
};

value touch_breakdown(const struct touch *t, str by, int64_t now_us)
{
	struct rule_row row = touch_row(t, now_us);
	value v = row.field(row.arg, by);
	/* Where a visit began is its path, unless it says otherwise. */
	if (v.kind == VALUE_NONE && str_eq(by, S("landing_page")))
		v = row.field(row.arg, S("path"));
	return v;
}

static bool keep_str(struct arena *a, str s, str *s_r, err *e)
{
	*s_r = str_dup(a, s);
	return s_r->p || s.n == 0 || arena_err(a, e);
}

bool touch_keep(struct arena *a, const struct touch *t, struct touch *t_r, err *e)
{
	struct prop *props = ARENA_ARRAY(a, struct prop, t->props_n);
	if (!props)
		return arena_err(a, e);
	*t_r = *t;
	t_r->props = props;
	for (size_t i = 0; i < t->props_n; i++) {
		if (!keep_str(a, t->props[i].key, &props[i].key, e))
			return false;
		props[i].value = value_dup(a, t->props[i].value);
		if (a->over)
			return arena_err(a, e);
	}
	const struct origin *o = &t->origin;
	struct origin *to = &t_r->origin;
	return keep_str(a, t->name, &t_r->name, e) &&
	       keep_str(a, t->message_id, &t_r->message_id, e) &&
	       keep_str(a, o->source, &to->source, e) && keep_str(a, o->medium, &to->medium, e) &&
	       keep_str(a, o->campaign, &to->campaign, e) &&
	       keep_str(a, o->content, &to->content, e) && keep_str(a, o->term, &to->term, e) &&
	       keep_str(a, o->referrer, &to->referrer, e) &&
	       keep_str(a, o->click_kind, &to->click_kind, e) &&
	       keep_str(a, t->channel, &t_r->channel, e) && keep_str(a, t->rule, &t_r->rule, e);
}

static bool earlier(const struct chain_touch *a, const struct touch *b)
{
	if (a->at_us != b->at_us)
		return a->at_us < b->at_us;
	if (a->tie != b->tie)
		return a->tie < b->tie;
	return a->seq < b->seq;
}

static bool keep_value(struct scan *s, const struct touch *t, uint32_t *number_r)
{
	const struct plan *p = s->p;
	value values[FUNNEL_BY_MAX];
	for (size_t i = 0; i < p->by_n; i++) {
		values[i] = p->by[i].of_person ? value_none()
					       : touch_breakdown(t, p->by[i].name, p->spec.now_us);
		s->h->seen[i] = s->h->seen[i] || values[i].kind != VALUE_NONE;
	}
	return dict_number_all(&s->h->dict, values, p->by_n, number_r, s->e);
}

/* Keeps the touch for the chain; `visit` is where the number of a first visit is noted, or NULL. */
static bool keep(struct scan *s, const struct touch *t, uint64_t subject, uint32_t mask,
		 uint32_t *visit)
{
	struct harvest *h = s->h;
	const struct funnel_spec *spec = &s->p->spec;
	struct kept *k = NULL;
	uint32_t number = DICT_NONE;
	if (visit && *visit != 0) {
		k = pages_at(&h->kept, *visit - 1);
		if (earlier(&k->touch, t))
			return true;
	}
	if (spec->by.n > 0 && spec->of != FUNNEL_OF_PERSON && !keep_value(s, t, &number))
		return false;
	if (!k) {
		k = pages_add(&h->kept, s->e);
		if (!k)
			return false;
		k->next = h->first[subject];
		h->first[subject] = h->kept.n;
		if (visit)
			*visit = h->kept.n;
	}
	k->touch = (struct chain_touch){
		.at_us = t->at_us, .tie = t->tie, .seq = t->seq, .mask = mask, .value = number
	};
	return true;
}

static bool asked_about(const struct scan *s, str name)
{
	if (s->dids_n > DIDS_MAX)
		return true;
	for (size_t i = 0; i < s->dids_n; i++)
		if (str_eq_nocase(s->dids[i], name))
			return true;
	return false;
}

static bool keep_past(struct scan *s, const struct touch *t, uint64_t subject)
{
	struct past *past = pages_add(&s->h->past, s->e);
	if (!past || !touch_keep(s->h->a, t, &past->touch, s->e))
		return false;
	past->next = s->h->first_past[subject];
	s->h->first_past[subject] = s->h->past.n;
	return true;
}

/* What the touch says beside the steps, whenever it happened. */
static bool scan_sides(struct scan *s, const struct touch *t)
{
	struct sides *sides = &s->h->sides;
	enum side_kind kind = side_kind_of(t);
	uint64_t subject;
	if (side_is_spend(t))
		sides_spend(sides, t);
	if (kind == SIDE_NONE)
		return true;
	return subject_key_of(&s->key, t, &subject, s->e) &&
	       sides_take(sides, t, kind, subject, s->key.people, s->e);
}

static bool scan_touch(struct scan *s, const struct touch *t)
{
	const struct funnel_spec *spec = &s->p->spec;
	const struct chain_rules *rules = &s->p->rules;
	uint64_t subject;
	uint32_t mask = 0;
	if (spec->until_given && t->at_us >= spec->until_us)
		return true;
	if (!spec->counts_only && !scan_sides(s, t))
		return false;
	bool wanted = t->at_us >= rules->from_us && (!rules->clip || t->at_us < rules->to_us);
	bool past = s->h->first_past && asked_about(s, t->name);
	if (wanted)
		mask = matcher_mask(&s->p->matcher, t);
	/* Beside the entries of stages, what lies after the period is no visit. */
	wanted = mask != 0 || (wanted && s->p->lifecycle && t->at_us < rules->to_us);
	if (!wanted && !past)
		return true;
	if (!subject_key_of(&s->key, t, &subject, s->e))
		return false;
	if (subject == 0)
		return true;
	uint32_t *visit = s->visit && mask == 0 ? &s->visit[subject] : NULL;
	if (wanted && !keep(s, t, subject, mask, visit))
		return false;
	return !past || keep_past(s, t, subject);
}

struct scans {
	struct scan items[HARVEST_JOBS_MAX];
	size_t n;
	bool failed;
};

static bool scan_each(void *arg, const struct touch *t)
{
	struct scans *s = arg;
	for (size_t i = 0; i < s->n && !s->failed; i++)
		s->failed = !scan_touch(&s->items[i], t);
	return !s->failed;
}

static void note_did(void *arg, const struct rule_did *did)
{
	struct scan *s = arg;
	if (s->dids_n < DIDS_MAX)
		s->dids[s->dids_n] = did->name;
	s->dids_n += s->dids_n <= DIDS_MAX;
}

static bool harvest_init(struct harvest *h, struct scan *s, struct arena *a, err *e)
{
	size_t n = s->key.subjects_n;
	*h = (struct harvest){ .a = a, .subjects_n = n };
	pages_init(&h->kept, a, sizeof(struct kept));
	pages_init(&h->past, a, sizeof(struct past));
	h->first = ARENA_ARRAY(a, uint32_t, n);
	if (!h->first || !dict_init(&h->dict, a, e))
		return arena_err(a, e);
	if (s->p->lifecycle && s->p->rules.window_us == FUNNEL_WINDOW_NONE) {
		s->visit = ARENA_ARRAY(a, uint32_t, n);
		if (!s->visit)
			return arena_err(a, e);
	}
	if (!s->p->spec.counts_only && !sides_init(&h->sides, s->p, n, a, e))
		return false;
	if (s->p->spec.where)
		rule_each_did(s->p->spec.where, note_did, s);
	if (s->dids_n > 0) {
		h->first_past = ARENA_ARRAY(a, uint32_t, n);
		if (!h->first_past)
			return arena_err(a, e);
	}
	return true;
}

bool harvest_run(struct snapshot *snapshot, const struct harvest_job *jobs, size_t n, err *e)
{
	struct scans s = { .n = n };
	bool ok = true;
	CHECK(n <= HARVEST_JOBS_MAX);
	for (size_t i = 0; i < n; i++) {
		struct scan *one = &s.items[i];
		*one = (struct scan){ .h = jobs[i].h, .p = jobs[i].p, .e = e };
		bool keyed = subject_key_init(&one->key, snapshot_people(snapshot),
					      one->p->spec.count, jobs[i].a, e);
		ok = keyed && ok && harvest_init(one->h, one, jobs[i].a, e);
	}
	ok = ok && snapshot_scan(snapshot, scan_each, &s, e) && !s.failed;
	for (size_t i = 0; i < n; i++)
		subject_key_fini(&s.items[i].key);
	return ok;
}

/* Room for one more item in an array of the arena; the old one is left behind when it moves. */
static bool room(struct arena *a, void **items, size_t n, size_t *cap, size_t size, err *e)
{
	if (n < *cap)
		return true;
	size_t more = *cap ? *cap * 2 : 64;
	void *to = arena_zalloc(a, more, size);
	if (!to)
		return arena_err(a, e);
	if (n > 0)
		memcpy(to, *items, n * size);
	*items = to;
	*cap = more;
	return true;
}

static int cmp_chain_touch(const void *a, const void *b)
{
	const struct chain_touch *x = a, *y = b;
	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	if (x->tie != y->tie)
		return x->tie < y->tie ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

static int cmp_touch(const void *a, const void *b)
{
	return touch_cmp(a, b);
}

/* Arrival is mostly in order of time and the list runs backwards. */
static void reverse(void *items, size_t n, size_t size)
{
	char t[sizeof(struct touch)];
	char *low = items;
	if (n < 2)
		return;
	for (char *high = low + (n - 1) * size; low < high; low += size, high -= size) {
		memcpy(t, low, size);
		memcpy(low, high, size);
		memcpy(high, t, size);
	}
}

bool harvest_touches(struct harvest *h, uint64_t subject, err *e)
{
	h->touches_n = 0;
	for (uint32_t i = h->first[subject]; i != 0;) {
		const struct kept *k = pages_at(&h->kept, i - 1);
		void *items = h->touches;
		if (!room(h->a, &items, h->touches_n, &h->touches_cap, sizeof *h->touches, e))
			return false;
		h->touches = items;
		h->touches[h->touches_n++] = k->touch;
		i = k->next;
	}
	reverse(h->touches, h->touches_n, sizeof *h->touches);
	sort_items(h->touches, h->touches_n, sizeof *h->touches, cmp_chain_touch);
	return true;
}

bool harvest_history(struct harvest *h, uint64_t subject, err *e)
{
	h->history_n = 0;
	for (uint32_t i = h->first_past ? h->first_past[subject] : 0; i != 0;) {
		const struct past *past = pages_at(&h->past, i - 1);
		void *items = h->history;
		if (!room(h->a, &items, h->history_n, &h->history_cap, sizeof *h->history, e))
			return false;
		h->history = items;
		h->history[h->history_n++] = past->touch;
		i = past->next;
	}
	reverse(h->history, h->history_n, sizeof *h->history);
	sort_items(h->history, h->history_n, sizeof *h->history, cmp_touch);
	return true;
}
