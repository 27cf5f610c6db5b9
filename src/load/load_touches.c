/*
 * load_touches.c - the touches of one row.
 *
 * What it is:   asks each slot of the plan whether it holds for the row, finds its time, gathers
 * its properties, and gives all of them their message ids. Promises:     a message id depends on
 * what the touch says and on the touches of the same instant in its row, and on nothing else: the
 * same file again is known touch by touch, a changed cell makes new only what it changes. Touches
 * of one instant share the id's body, so that its last two digits keep their order.
 */
#include "load/load_int.h"

#include "io/zip.h"

#include <string.h>

#define SEED_MESSAGE_IDS UINT64_C(0x7472696368746572)

struct made {
	const struct slot *slot;
	int64_t at_us;
	bool imported; /* at the time of the import */
	struct prop *props;
	size_t props_n;
	uint64_t hash; /* of what it says */
	bool origin;
};

static bool condition_holds(const struct loader *l, const struct condition *c)
{
	const struct cell_value *v = &l->cells[c->column];
	bool holds = c->filled && v->filled;
	for (size_t i = 0; i < c->any_n && !holds && v->filled; i++)
		holds = str_eq(v->text, c->any[i]);
	return holds != c->negate;
}

/* Something is known of the company besides which one it is. */
static bool some_company_prop(const struct making *m, const struct slot *s)
{
	for (size_t i = 0; i < s->props_n && m->has_company; i++) {
		if (m->l->cells[s->props[i].column].filled)
			return true;
	}
	return false;
}

/* A stage that also has a column with its date is said already. */
static bool stage_is_dated(const struct making *m)
{
	const struct loader *l = m->l;
	for (size_t i = 0; i < l->columns.all.n; i++) {
		const struct column *c = &l->columns.all.items[i];
		if (c->role == ROLE_BECAME && l->cells[i].filled && str_eq(c->stage, m->stage))
			return true;
	}
	return false;
}

static bool role_is_filled(const struct loader *l, enum role role)
{
	size_t column = l->columns.of_role[role];
	return column != LOAD_NO_COLUMN && l->cells[column].filled;
}

static bool slot_holds(const struct making *m, const struct slot *s)
{
	const struct loader *l = m->l;
	for (size_t i = 0; i < s->conditions_n; i++) {
		if (!condition_holds(l, &s->conditions[i]))
			return false;
	}
	switch (s->test) {
	case TEST_NONE:
		return true;
	case TEST_COMPANY_PROPS:
		return some_company_prop(m, s);
	case TEST_STAGE_UNDATED:
		return m->stage.n > 0 && !stage_is_dated(m);
	case TEST_DEAL_STAGE:
		return m->stage.n > 0 && !m->won && !m->lost;
	case TEST_DEAL_WON:
		return m->won;
	case TEST_DEAL_LOST:
		return m->lost;
	case TEST_DEAL_NEW:
		return !role_is_filled(l, ROLE_STAGE_FROM) || role_is_filled(l, ROLE_CREATED_AT);
	}
	return false;
}

/* The latest of the stages whose dates the row states: a stage without one came after. */
static int64_t latest_dated_stage(const struct loader *l)
{
	int64_t latest = INT64_MIN;
	for (size_t i = 0; i < l->columns.all.n; i++) {
		if (l->columns.all.items[i].role == ROLE_BECAME && l->cells[i].filled)
			latest = MAX(latest, value_instant(l->cells[i].value));
	}
	return latest;
}

/* False: the slot has no time, so it is not made. */
static bool slot_time(struct making *m, const struct slot *s, struct made *t)
{
	struct loader *l = m->l;
	for (size_t i = 0; i < s->at_n; i++) {
		const struct cell_value *v = &l->cells[s->at[i]];
		if (!v->filled)
			continue;
		t->at_us = value_instant(v->value);
		if (s->test == TEST_STAGE_UNDATED)
			t->at_us = MAX(t->at_us, latest_dated_stage(l));
		return true;
	}
	if (!s->at_import)
		return false;
	/* A closed deal that does not say when it began existed when it closed. */
	if (s->test == TEST_DEAL_NEW && (m->won || m->lost) && role_is_filled(l, ROLE_CLOSED_AT)) {
		t->at_us = value_instant(l->cells[l->columns.of_role[ROLE_CLOSED_AT]].value);
		return true;
	}
	t->at_us = l->import_us;
	t->imported = true;
	return true;
}

static bool prop_counts(const struct making *m, const struct slot_prop *p)
{
	switch (p->when) {
	case PROP_ALWAYS:
		return true;
	case PROP_NO_COMPANY:
		return !m->has_company;
	case PROP_STAGE_UNKNOWN:
		return m->stage.n == 0;
	case PROP_DEAL_OPEN:
		return !m->won && !m->lost;
	}
	return true;
}

static void put_origin_bytes(struct buf *b, const struct origin *o)
{
	const str parts[] = { o->source, o->medium, o->campaign, o->content, o->term, o->referrer };
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		buf_lenstr(b, parts[i]);
}

static bool slot_props(struct making *m, const struct slot *s, struct made *t, err *e)
{
	struct buf *b = &m->l->scratch;
	t->props = arena_alloc(m->a, (s->props_n + s->sets_n + 1) * sizeof *t->props);
	if (!t->props)
		return arena_err(m->a, e);
	buf_clear(b);
	buf_u64(b, s->seed);
	for (size_t i = 0; i < s->props_n; i++) {
		const struct slot_prop *p = &s->props[i];
		const struct cell_value *v = &m->l->cells[p->column];
		if (!v->filled || !prop_counts(m, p))
			continue;
		t->props[t->props_n++] = (struct prop){ p->key, v->value };
		buf_u64(b, p->hash);
		buf_lenstr(b, v->text);
	}
	for (size_t i = 0; i < s->sets_n; i++)
		t->props[t->props_n++] = s->sets[i];
	if (s->stage_prop) {
		t->props[t->props_n++] = (struct prop){ S("stage"), value_text(m->stage) };
		buf_lenstr(b, m->stage);
	}
	if (s->name.n == 0)
		buf_lenstr(b, m->whole.name);
	t->hash = zip_hash(b->p, b->n);
	return buf_ok(b, e);
}

/* ---- message ids ----------------------------------------------------------------------------- */

static char *put_base64(char *p, uint64_t bits, size_t n)
{
	static const char DIGITS[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	for (size_t i = 0; i < n; i++) {
		*p++ = DIGITS[bits & 63];
		bits >>= 6;
	}
	return p;
}

void message_id_print(char *p, const void *bytes, size_t n, unsigned place, str *id_r)
{
	struct hash128 h = zip_hash128(bytes, n, SEED_MESSAGE_IDS);
	char *end = p;
	*end++ = 'i';
	end = put_base64(end, h.hi, 11);
	end = put_base64(end, h.lo, 11);
	*end++ = ':';
	*end++ = (char)('0' + place / 10 % 10);
	*end++ = (char)('0' + place % 10);
	*id_r = str_make(p, (size_t)(end - p));
}

/* A touch beside the row's own subject (the company of a person): it stands for itself, so that a
 * hundred people of one company say the same of it once. */
static bool is_beside(const struct making *m, const struct made *t)
{
	return t->slot->about == ABOUT_COMPANY && m->l->plan.slots[0].about != ABOUT_COMPANY;
}

static bool same_group(const struct making *m, const struct made *a, const struct made *b)
{
	if (a == b)
		return true;
	return !is_beside(m, a) && !is_beside(m, b) && a->imported == b->imported &&
	       (a->imported || a->at_us == b->at_us);
}

/* What the touches of one instant say, and about whom. */
static bool group_bytes(struct making *m, const struct made *made, size_t n, const struct made *t,
			err *e)
{
	struct buf *b = &m->l->scratch;
	buf_clear(b);
	row_subject_bytes(&m->whole, is_beside(m, t) ? t->slot->about : m->l->plan.slots[0].about,
			  b);
	buf_u64(b, t->imported ? UINT64_MAX : (uint64_t)t->at_us);
	for (size_t i = 0; i < n; i++) {
		if (!same_group(m, t, &made[i]))
			continue;
		buf_u64(b, made[i].hash);
		if (made[i].origin)
			put_origin_bytes(b, &m->whole.origin);
	}
	return buf_ok(b, e);
}

/* An id, how many equal touches came before, and the id of the first of these. */
struct made_id {
	str id, first;
	uint32_t before;
};

/* *again_r: an earlier row of the file said exactly that. */
static bool message_id(struct making *m, const struct made *made, size_t n, const struct made *t,
		       struct made_id *id, bool *again_r, err *e)
{
	struct loader *l = m->l;
	char *p = arena_alloc(m->a, LOAD_MESSAGE_ID_MAX);
	if (!p)
		return arena_err(m->a, e);
	if (!group_bytes(m, made, n, t, e))
		return false;
	uint32_t before = 0;
	bool beside = is_beside(m, t);
	uint64_t hash = zip_hash(l->scratch.p, l->scratch.n) + t->slot->place;
	if ((beside || l->plan.counted) && !seen_count(l->seen, hash, &before, e))
		return false;
	if (before > 0 && !beside) {
		char *first = arena_alloc(m->a, LOAD_MESSAGE_ID_MAX);
		if (!first)
			return arena_err(m->a, e);
		message_id_print(first, l->scratch.p, l->scratch.n, t->slot->place, &id->first);
		buf_u32(&l->scratch, before);
	}
	*again_r = beside && before > 0;
	if (!buf_ok(&l->scratch, e))
		return false;
	id->before = before;
	message_id_print(p, l->scratch.p, l->scratch.n, t->slot->place, &id->id);
	return true;
}

/* A row that brings its own id: it is kept as it is where it stands for one touch. */
static bool given_id(struct making *m, const struct slot *s, str given, str *id_r, err *e)
{
	*id_r = given;
	if (m->l->plan.n == 1)
		return true;
	*id_r = str_printf(m->a, "%.*s:%02u", STR_ARG(given), s->place);
	return !m->a->over || arena_err(m->a, e);
}

/* ---- into the chunk -------------------------------------------------------------------------- */

static void keep_subjects(struct intake *t, enum about about)
{
	if (about == ABOUT_NOBODY || about == ABOUT_COMPANY) {
		t->anonymous_id = t->user_id = t->email = S("");
		t->external = NULL;
		t->external_n = 0;
		t->deal_id = (struct external_id){ S(""), S("") };
	}
	if (about == ABOUT_NOBODY) {
		t->company_domain = t->company_name = S("");
		t->company_id = (struct external_id){ S(""), S("") };
	}
}

static bool put_touch(struct making *m, const struct made *made, size_t n, const struct made *t,
		      err *e)
{
	size_t given = m->l->columns.of_role[ROLE_MESSAGE_ID];
	bool has_id = given != LOAD_NO_COLUMN && m->l->cells[given].filled;
	struct made_id id = { 0 };
	bool again = false;
	if (has_id && !given_id(m, t->slot, m->l->cells[given].text, &id.id, e))
		return false;
	if (!has_id && !m->l->in_bulk && !message_id(m, made, n, t, &id, &again, e))
		return false;
	if (again)
		return true;
	struct intake *item = chunk_item(m->l, t->slot->about, e);
	if (!item)
		return false;
	*item = m->whole;
	keep_subjects(item, t->slot->about);
	if (!t->origin)
		item->origin = (struct origin){ 0 };
	if (t->slot->name.n > 0)
		item->name = t->slot->name;
	item->at_us = t->at_us;
	item->message_id = id.id;
	item->equal = !has_id && m->l->kind == LOAD_EVENTS ? id.before + 1 : 0;
	item->equal_id = id.first;
	item->props = t->props;
	item->props_n = t->props_n;
	item->row = m->raw->number;
	item->tie = t->slot->place;
	return true;
}

/* Whether the row says whom the touch is about. */
static bool subject_is_there(struct making *m, const struct slot *s)
{
	struct loader *l = m->l;
	if (s->about == ABOUT_PERSON && !m->has_person) {
		if (l->kind == LOAD_EVENTS && m->blocked == 0) {
			l->about_nobody += !m->has_company && m->whole.deal_id.value.n == 0;
			return true;
		}
		return row_problem(
			l, m->blocked
				   ? "what stands for the person's id is what senders write when "
				     "they have none (null, 0, ...)"
				   : "the row does not say who it is about: no id, no e-mail "
				     "address");
	}
	if (s->about == ABOUT_COMPANY && !m->has_company)
		return row_problem(
			l, "the row does not say which company it is: no id, domain or name");
	if (s->about == ABOUT_DEAL && m->whole.deal_id.value.n == 0)
		return row_problem(l, "the row does not say which deal it is: no id");
	return true;
}

static void count_notes(struct making *m, const struct made *made, size_t n)
{
	struct loader *l = m->l;
	bool deal = false, timed = false;
	int64_t created = INT64_MIN, ended = INT64_MAX;
	for (size_t i = 0; i < n; i++) {
		const struct made *t = &made[i];
		deal |= t->slot->about == ABOUT_DEAL;
		timed |= t->imported && !str_ends(t->slot->name, S("_updated"));
		if (str_eq(t->slot->name, S("deal_created")))
			created = t->at_us;
		if (str_eq(t->slot->name, S("deal_won")) || str_eq(t->slot->name, S("deal_lost")))
			ended = t->at_us;
	}
	l->without_company += deal && !m->has_company;
	l->without_person += deal && !m->has_person;
	l->import_timed += timed;
	if (ended < created && l->closed_before_created++ == 0)
		l->closed_before_line = m->raw->line;
}

static bool nothing_made(const struct making *m)
{
	struct loader *l = m->l;
	if (l->kind == LOAD_EVENTS && !l->map.touches)
		return row_problem(l, "the row does not say when it happened");
	if (l->kind == LOAD_SPEND && !l->map.touches)
		return row_problem(l, "the row does not say on which day it was spent");
	return row_problem(l,
			   "no touch follows from this row: its times are empty, or no condition "
			   "of the map holds");
}

static bool name_is_there(struct making *m)
{
	size_t column = m->l->columns.of_role[ROLE_NAME];
	if (column != LOAD_NO_COLUMN && m->l->cells[column].filled) {
		m->whole.name = m->l->cells[column].text;
		return true;
	}
	return row_problem(m->l, "the row does not say what happened: it has no name");
}

/* Where no touch with a time of its own carries the origin, the row's own touch does. */
static void settle_origin(struct made *made, size_t n)
{
	bool carried = false;
	for (size_t i = 0; i < n; i++)
		carried |= made[i].origin;
	for (size_t i = 0; i < n && !carried; i++)
		made[i].origin = made[i].slot->origin_if_alone;
}

bool touches_make(struct making *m, bool *ok_r, err *e)
{
	struct made made[LOAD_SLOTS_MAX];
	size_t n = 0;
	const struct plan *plan = &m->l->plan;
	for (size_t i = 0; i < plan->n; i++) {
		const struct slot *s = &plan->slots[i];
		struct made t = { .slot = s, .origin = s->origin };
		if (!slot_holds(m, s) || !slot_time(m, s, &t))
			continue;
		if (!subject_is_there(m, s) || (s->name.n == 0 && !name_is_there(m))) {
			*ok_r = false;
			return true;
		}
		if (!slot_props(m, s, &t, e))
			return false;
		made[n++] = t;
	}
	if (n == 0) {
		*ok_r = nothing_made(m);
		return true;
	}
	settle_origin(made, n);
	count_notes(m, made, n);
	for (size_t i = 0; i < n; i++) {
		if (!put_touch(m, made, n, &made[i], e))
			return false;
	}
	return true;
}
