/*
 * rows.c - people, companies, deals and touches as the rule language sees them.
 *
 * What it is:   catalogues of fields, and rows that answer for them. A person's row also answers
 * with the values of their company ("employees > 10"), after their own. Threads:      read only;
 * shares nothing.
 */
#include "people/people_int.h"

static const struct rule_field PERSON_FIELDS[] = {
	{ .name = S("email"), .type = RULE_MULTI },
	{ .name = S("user_id"), .type = RULE_MULTI },
	{ .name = S("anonymous_id"), .type = RULE_MULTI },
	{ .name = S("external_id"), .type = RULE_MULTI },
	{ .name = S("number"), .type = RULE_NUMBER },
	{ .name = S("stage"), .type = RULE_TEXT },
	{ .name = S("stage_since"), .type = RULE_TIME },
	{ .name = S("time_in_stage"), .type = RULE_AGE },
	{ .name = S("touches"), .type = RULE_NUMBER },
	{ .name = S("first_seen"), .type = RULE_TIME },
	{ .name = S("last_seen"), .type = RULE_TIME },
	{ .name = S("first_source"), .type = RULE_TEXT },
	{ .name = S("first_medium"), .type = RULE_TEXT },
	{ .name = S("first_campaign"), .type = RULE_TEXT },
	{ .name = S("first_channel"), .type = RULE_TEXT },
	{ .name = S("latest_source"), .type = RULE_TEXT },
	{ .name = S("latest_medium"), .type = RULE_TEXT },
	{ .name = S("latest_campaign"), .type = RULE_TEXT },
	{ .name = S("latest_channel"), .type = RULE_TEXT },
	{ .name = S("time_in_role"), .type = RULE_AGE },
};

static const struct rule_field TOUCH_FIELDS[] = {
	{ .name = S("name"), .type = RULE_TEXT },     { .name = S("at"), .type = RULE_TIME },
	{ .name = S("source"), .type = RULE_TEXT },   { .name = S("medium"), .type = RULE_TEXT },
	{ .name = S("campaign"), .type = RULE_TEXT }, { .name = S("content"), .type = RULE_TEXT },
	{ .name = S("term"), .type = RULE_TEXT },     { .name = S("referrer"), .type = RULE_TEXT },
	{ .name = S("click"), .type = RULE_TEXT },    { .name = S("channel"), .type = RULE_TEXT },
	{ .name = S("import"), .type = RULE_NUMBER },
};

/* ---- touches --------------------------------------------------------------------------------- */

const struct rule_catalogue *touch_catalogue(void)
{
	static const struct rule_catalogue CATALOGUE = { .fields = TOUCH_FIELDS,
							 .n = ARRAY_LEN(TOUCH_FIELDS),
							 .open = true };
	return &CATALOGUE;
}

static value touch_field(void *arg, str name)
{
	const struct touch *t = arg;
	const struct {
		str name;
		str text;
	} texts[] = {
		{ S("name"), t->name },
		{ S("source"), t->origin.source },
		{ S("medium"), t->origin.medium },
		{ S("campaign"), t->origin.campaign },
		{ S("content"), t->origin.content },
		{ S("term"), t->origin.term },
		{ S("referrer"), t->origin.referrer },
		{ S("click"), t->origin.click_kind },
		{ S("channel"), t->channel },
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (str_eq(name, texts[i].name) && texts[i].text.n)
			return value_text(texts[i].text);
	}
	if (str_eq(name, S("at")))
		return value_time(t->at_us);
	if (str_eq(name, S("import")))
		return t->import ? value_int((int64_t)t->import) : value_none();
	for (size_t i = 0; i < t->props_n; i++) {
		if (str_eq_nocase(t->props[i].key, name))
			return t->props[i].value;
	}
	return value_none();
}

struct rule_row touch_row(const struct touch *t, int64_t now_us)
{
	return (struct rule_row){ .arg = (void *)(uintptr_t)t,
				  .now_us = now_us,
				  .field = touch_field };
}

/* ---- subjects -------------------------------------------------------------------------------- */

static value cell_nocase(const struct subject_view *v, str name)
{
	value exact = subject_cell(v, name);
	for (size_t i = 0; exact.kind == VALUE_NONE && i < v->cells_n; i++) {
		if (str_eq_nocase(v->cells[i].key, name))
			return v->cells[i].value;
	}
	return exact;
}

static value time_or_none(int64_t at_us, uint64_t touches)
{
	return touches ? value_time(at_us) : value_none();
}

static value subject_field(void *arg, str name)
{
	const struct subject_row *r = arg;
	const struct subject_view *v = r->view;
	if (str_eq(name, S("email")))
		return v->emails;
	if (str_eq(name, S("user_id")))
		return v->user_ids;
	if (str_eq(name, S("anonymous_id")))
		return v->anonymous_ids;
	if (str_eq(name, S("external_id")))
		return v->external_ids;
	if (str_eq(name, S("number")))
		return value_int((int64_t)v->subject);
	if (str_eq(name, S("touches")))
		return value_int((int64_t)v->touches);
	if (str_eq(name, S("first_seen")))
		return time_or_none(v->first_us, v->touches);
	if (str_eq(name, S("last_seen")))
		return time_or_none(v->last_us, v->touches);
	if (str_eq(name, S("time_in_stage")))
		return subject_cell(v, S("stage_since"));
	if (str_eq(name, S("time_in_role")))
		return subject_cell(v, S("role_since"));
	value origin;
	if (subject_origin(v, name, &origin) && origin.kind != VALUE_NONE)
		return origin;
	if (str_starts(name, S("company.")) && r->company)
		return cell_nocase(r->company, str_sub(name, 8, name.n));
	value own = cell_nocase(v, name);
	return own.kind == VALUE_NONE && r->company ? cell_nocase(r->company, name) : own;
}

static uint64_t subject_did(void *arg, const struct rule_did *did, int64_t *first_us_r,
			    int64_t *last_us_r)
{
	const struct subject_row *r = arg;
	uint64_t n = 0;
	bool ever = did->last.us == 0 && did->last.months == 0;
	int64_t from_us = ever ? INT64_MIN : time_add(r->now_us, did->last, -1);
	for (size_t i = 0; i < r->history_n; i++) {
		const struct touch *t = &r->history[i];
		if (t->at_us < from_us || (!ever && t->at_us > r->now_us) ||
		    !str_eq(t->name, did->name))
			continue;
		struct rule_row row = touch_row(t, r->now_us);
		if (did->where && !rule_test(did->where, &row))
			continue;
		if (n++ == 0 && first_us_r)
			*first_us_r = t->at_us;
		if (last_us_r)
			*last_us_r = t->at_us;
	}
	return n;
}

/* Lists, segments and personas come with later work: nobody is in one that does not exist. */
static bool subject_member(void *arg, enum rule_set set, str name)
{
	(void)arg;
	(void)set;
	(void)name;
	return false;
}

struct rule_row subject_rule_row(const struct subject_row *r)
{
	return (struct rule_row){ .arg = (void *)(uintptr_t)r,
				  .now_us = r->now_us,
				  .field = subject_field,
				  .did = subject_did,
				  .member = subject_member };
}

/* ---- catalogue ------------------------------------------------------------------------------- */

static bool is_built_in(str name)
{
	for (size_t i = 0; i < ARRAY_LEN(PERSON_FIELDS); i++) {
		if (str_eq_nocase(PERSON_FIELDS[i].name, name))
			return true;
	}
	return false;
}

bool people_catalogue(struct people *p, enum entity entity, struct arena *a,
		      struct rule_catalogue *c_r, err *e)
{
	size_t traits_n = p->traits.names.n;
	struct rule_field *fields = ARENA_ARRAY(a, struct rule_field,
						ARRAY_LEN(PERSON_FIELDS) + 2 * traits_n);
	if (!fields)
		return arena_err(a, e);
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(PERSON_FIELDS); i++)
		fields[n++] = PERSON_FIELDS[i];
	char own = entity == ENTITY_PERSON ? 'p' : entity == ENTITY_COMPANY ? 'c' : 'd';
	for (size_t i = 0; i < traits_n; i++) {
		str name = p->traits.names.items[i], key = str_sub(name, 2, name.n);
		bool companys = name.p[0] == 'c' && entity != ENTITY_COMPANY;
		if ((name.p[0] == own || companys) && !is_built_in(key))
			fields[n++] = (struct rule_field){ .name = key, .type = RULE_ANY };
		if (companys)
			fields[n++] = (struct rule_field){ .name = str_printf(a, "company.%.*s",
									      STR_ARG(key)),
							   .type = RULE_ANY };
	}
	if (a->over)
		return arena_err(a, e);
	*c_r = (struct rule_catalogue){
		.fields = fields, .n = n, .behaviour = true, .touch = touch_catalogue()
	};
	return true;
}
