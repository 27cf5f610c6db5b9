/*
 * load_plan.c - which touches a row of each kind stands for.
 *
 * What it is:   the standard plans, used when no map file names touches of its own; and what every
 *               plan needs before it runs: properties in order of name, seeds of message ids.
 * Promises:     a touch's place in the plan is the end of its message id, so it depends on the
 *               file's columns alone, never on what a row holds.
 */
#include "load/load_int.h"

#include "io/zip.h"

#include <stdlib.h>

/* Places in the order of one row's touches; the same whatever columns a file has. */
#define PLACE_COMPANY	      1
#define PLACE_STAGES	      2
#define PLACE_COMPANY_OF_DEAL 93
#define PLACE_LAST_STAGE      90

static const char *const STAGE_ORDER[] = { "lead", "mql", "sal", "sql", "opportunity", "customer" };

static struct slot *slot_add(struct loader *l, const char *name, enum about about)
{
	if (l->plan.n == LOAD_SLOTS_MAX)
		return NULL;
	struct slot *s = &l->plan.slots[l->plan.n++];
	*s = (struct slot){ .name = str_of(name), .about = about, .origin = true };
	return s;
}

static void slot_at(const struct loader *l, struct slot *s, enum role role)
{
	size_t column = l->columns.of_role[role];
	if (column != LOAD_NO_COLUMN && s->at_n < LOAD_AT_MAX)
		s->at[s->at_n++] = column;
}

static bool slot_set_text(struct loader *l, struct slot *s, str key, str text, err *e)
{
	struct prop *sets = ARENA_ARRAY(&l->setup, struct prop, s->sets_n + 1);
	if (!sets)
		return arena_err(&l->setup, e);
	for (size_t i = 0; i < s->sets_n; i++)
		sets[i] = s->sets[i];
	sets[s->sets_n++] = (struct prop){ key, value_text(text) };
	s->sets = sets;
	return true;
}

static bool too_many(const struct loader *l, err *e)
{
	return err_set(e, ERR_LIMIT, "%s: one row would stand for more than %d touches", l->path,
		       LOAD_SLOTS_MAX);
}

static bool plan_stages(struct loader *l, err *e)
{
	for (size_t k = 0; k < ARRAY_LEN(STAGE_ORDER); k++) {
		for (size_t i = 0; i < l->columns.all.n; i++) {
			const struct column *c = &l->columns.all.items[i];
			if (c->role != ROLE_BECAME || !str_eq(c->stage, str_of(STAGE_ORDER[k])))
				continue;
			struct slot *s = slot_add(l, "stage_entered", ABOUT_PERSON);
			if (!s)
				return too_many(l, e);
			s->at[s->at_n++] = i;
			s->place = (uint8_t)(PLACE_STAGES + k);
			if (!slot_set_text(l, s, S("stage"), c->stage, e))
				return false;
		}
	}
	return true;
}

/* What a row about somebody else says of the company: its name as written, its fields. */
static struct slot *plan_company(struct loader *l, uint8_t place)
{
	struct slot *s = slot_add(l, "company_updated", ABOUT_COMPANY);
	if (!s)
		return NULL;
	s->all_props = s->at_import = true;
	s->origin = false;
	s->test = TEST_COMPANY_PROPS;
	s->place = place;
	return s;
}

static bool plan_people(struct loader *l, err *e)
{
	struct slot *updated = slot_add(l, "person_updated", ABOUT_PERSON);
	updated->all_props = updated->at_import = true;
	updated->origin = false;
	updated->origin_if_alone = true;
	if (!plan_company(l, PLACE_COMPANY))
		return too_many(l, e);
	for (size_t i = 0; i < 2; i++) {
		slot_at(l, &l->plan.slots[i], ROLE_AT);
		slot_at(l, &l->plan.slots[i], ROLE_UPDATED_AT);
	}
	if (!plan_stages(l, e))
		return false;
	if (l->columns.of_role[ROLE_STAGE] == LOAD_NO_COLUMN)
		return true;
	struct slot *s = slot_add(l, "stage_entered", ABOUT_PERSON);
	if (!s)
		return too_many(l, e);
	s->test = TEST_STAGE_UNDATED;
	s->place = PLACE_LAST_STAGE;
	s->stage_prop = s->at_import = true;
	slot_at(l, s, ROLE_STAGE_AT);
	slot_at(l, s, ROLE_AT);
	slot_at(l, s, ROLE_OBTAINED_AT);
	slot_at(l, s, ROLE_CREATED_AT);
	return true;
}

static void plan_companies(struct loader *l)
{
	struct slot *s = slot_add(l, "company_updated", ABOUT_COMPANY);
	s->all_props = s->at_import = true;
	slot_at(l, s, ROLE_AT);
	slot_at(l, s, ROLE_UPDATED_AT);
}

/* The end of a deal: its amount and why it was lost go along. */
static bool plan_deal_end(struct loader *l, const char *name, const char *stage,
			  enum slot_test test, err *e)
{
	static const char *const PROPS[] = { "amount", "competitor", "loss_reason" };
	struct slot *s = slot_add(l, name, ABOUT_DEAL);
	if (!s)
		return too_many(l, e);
	s->test = test;
	s->place = (uint8_t)(PLACE_LAST_STAGE + (test == TEST_DEAL_WON ? 1 : 2));
	s->at_import = true;
	slot_at(l, s, ROLE_CLOSED_AT);
	slot_at(l, s, ROLE_AT);
	slot_at(l, s, ROLE_STAGE_AT);
	slot_at(l, s, ROLE_UPDATED_AT);
	s->props = ARENA_ARRAY(&l->setup, struct slot_prop, ARRAY_LEN(PROPS));
	if (!s->props)
		return arena_err(&l->setup, e);
	for (size_t i = 0; i < ARRAY_LEN(PROPS); i++) {
		size_t column = columns_find(l, str_of(PROPS[i]));
		if (column != LOAD_NO_COLUMN)
			s->props[s->props_n++] = (struct slot_prop){ .key = str_of(PROPS[i]),
								     .column = column };
	}
	return slot_set_text(l, s, S("stage"), str_of(stage), e);
}

static bool plan_deals(struct loader *l, err *e)
{
	struct slot *created = slot_add(l, "deal_created", ABOUT_DEAL);
	created->all_props = created->at_import = true;
	created->test = TEST_DEAL_NEW;
	slot_at(l, created, ROLE_CREATED_AT);
	slot_at(l, created, ROLE_AT);
	slot_at(l, created, ROLE_STAGE_AT);
	for (size_t i = 0; i < l->columns.all.n; i++) {
		const struct column *c = &l->columns.all.items[i];
		if (c->role != ROLE_BECAME || deal_outcome_of_text(c->stage).n > 0)
			continue;
		struct slot *s = slot_add(l, "deal_stage_entered", ABOUT_DEAL);
		if (!s)
			return too_many(l, e);
		s->at[s->at_n++] = i;
		s->place = (uint8_t)(l->plan.n - 1);
		if (!slot_set_text(l, s, S("stage"), c->stage, e))
			return false;
	}
	struct slot *stage = slot_add(l, "deal_stage_entered", ABOUT_DEAL);
	if (!stage)
		return too_many(l, e);
	stage->test = TEST_DEAL_STAGE;
	stage->place = PLACE_LAST_STAGE;
	stage->stage_prop = stage->at_import = true;
	slot_at(l, stage, ROLE_STAGE_AT);
	slot_at(l, stage, ROLE_AT);
	slot_at(l, stage, ROLE_UPDATED_AT);
	if (!plan_deal_end(l, "deal_won", "won", TEST_DEAL_WON, e) ||
	    !plan_deal_end(l, "deal_lost", "lost", TEST_DEAL_LOST, e))
		return false;
	return plan_company(l, PLACE_COMPANY_OF_DEAL) || too_many(l, e);
}

static void plan_events(struct loader *l)
{
	struct slot *s = slot_add(l, "", ABOUT_PERSON);
	s->all_props = true;
	slot_at(l, s, ROLE_AT);
}

static void plan_spend(struct loader *l)
{
	struct slot *s = slot_add(l, "spend_booked", ABOUT_NOBODY);
	s->all_props = true;
	slot_at(l, s, ROLE_AT);
}

static bool plan_standard(struct loader *l, err *e)
{
	switch (l->kind) {
	case LOAD_PEOPLE:
		return plan_people(l, e);
	case LOAD_COMPANIES:
		plan_companies(l);
		return true;
	case LOAD_DEALS:
		return plan_deals(l, e);
	case LOAD_EVENTS:
		plan_events(l);
		return true;
	case LOAD_SPEND:
		plan_spend(l);
		return true;
	case LOAD_KINDS_N:
		break;
	}
	return true;
}

/* ---- what every plan needs ------------------------------------------------------------------- */

static int prop_cmp(const void *a, const void *b)
{
	const struct slot_prop *x = a, *y = b;
	int order = str_cmp(x->key, y->key);
	return order ? order : (x->column > y->column) - (x->column < y->column);
}

static bool is_set(const struct slot *s, str key)
{
	for (size_t i = 0; i < s->sets_n; i++) {
		if (str_eq(s->sets[i].key, key))
			return true;
	}
	return false;
}

static str without_company(str key)
{
	str head = S("company_");
	return str_starts(key, head) ? str_sub(key, head.n, key.n) : key;
}

/* Whether the column belongs to a slot with all properties, and when. */
static bool belongs(const struct loader *l, const struct slot *s, const struct column *c,
		    struct slot_prop *p_r)
{
	bool of_company = s->test == TEST_COMPANY_PROPS;
	p_r->key = c->key;
	p_r->when = PROP_ALWAYS;
	if (c->role == ROLE_COMPANY_PROP) {
		if (of_company)
			p_r->key = without_company(c->key);
		else
			p_r->when = PROP_NO_COMPANY;
		return true;
	}
	if (of_company && c->role == ROLE_COMPANY_NAME) {
		p_r->key = S("name");
		return true;
	}
	if (of_company)
		return false;
	if (c->role == ROLE_STAGE && l->kind == LOAD_PEOPLE && !l->map.touches) {
		p_r->when = PROP_STAGE_UNKNOWN;
		return true;
	}
	if (c->role == ROLE_CLOSED_AT && l->kind == LOAD_DEALS) {
		p_r->when = PROP_DEAL_OPEN;
		return true;
	}
	if (c->role == ROLE_BECAME)
		return l->kind == LOAD_DEALS && deal_outcome_of_text(c->stage).n > 0;
	return c->role == ROLE_PROP || c->as_prop;
}

static bool fill_props(struct loader *l, struct slot *s, err *e)
{
	s->props = ARENA_ARRAY(&l->setup, struct slot_prop, l->columns.all.n);
	if (!s->props)
		return arena_err(&l->setup, e);
	s->props_n = 0;
	for (size_t i = 0; i < l->columns.all.n; i++) {
		struct slot_prop p = { .column = i };
		if (belongs(l, s, &l->columns.all.items[i], &p) && !is_set(s, p.key))
			s->props[s->props_n++] = p;
	}
	return true;
}

/* Everything about the slot that is the same for all rows. */
static uint64_t seed_of(struct loader *l, const struct slot *s)
{
	struct buf *b = &l->scratch;
	buf_clear(b);
	buf_cstr(b, load_kind_name(l->kind));
	buf_byte(b, 0);
	buf_lenstr(b, s->name);
	buf_byte(b, (uint8_t)s->about);
	for (size_t i = 0; i < s->sets_n; i++) {
		buf_lenstr(b, s->sets[i].key);
		value_print(b, s->sets[i].value);
		buf_byte(b, 0);
	}
	return zip_hash(b->p, b->n);
}

static bool plan_finish(struct loader *l, err *e)
{
	l->plan.counted = l->kind == LOAD_EVENTS || l->kind == LOAD_SPEND;
	for (size_t i = 0; i < l->plan.n; i++) {
		struct slot *s = &l->plan.slots[i];
		if (s->all_props && !fill_props(l, s, e))
			return false;
		if (s->props_n > 1)
			qsort(s->props, s->props_n, sizeof *s->props, prop_cmp);
		for (size_t k = 0; k < s->props_n; k++)
			s->props[k].hash = zip_hash(s->props[k].key.p, s->props[k].key.n);
		s->seed = seed_of(l, s);
		l->plan.deals |= s->about == ABOUT_DEAL;
	}
	return buf_ok(&l->scratch, e);
}

bool plan_make(struct loader *l, err *e)
{
	l->plan.n = 0;
	bool ok = l->map.touches ? map_touches(l, e) : plan_standard(l, e);
	return ok && plan_finish(l, e);
}
