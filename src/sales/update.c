/*
 * update.c - values of people, companies and deals, set and made by hand.
 *
 * What it is:   the fields that everyone has, with their kinds, and beside them the traits that the
 *               workspace has had values for; making someone new is the first setting of values.
 * Promises:     an address, a domain or a name that is somebody's is never given to another one:
 *               that would join the two without anybody having said so.
 */
#include "sales/sales_int.h"

#include "base/rand.h"

#include <stdio.h>

#define OWN_SYSTEM S("trichter") /* of ids that are made here */

static const struct field PERSON[] = {
	{ .name = "email", .kind = FIELD_EMAIL },
	{ .name = "first_name", .kind = FIELD_NAME, .removable = true },
	{ .name = "last_name", .kind = FIELD_NAME, .removable = true },
	{ .name = "full_name", .kind = FIELD_NAME, .removable = true },
	{ .name = "title", .kind = FIELD_NAME, .removable = true },
	{ .name = "role", .kind = FIELD_NAME, .removable = true },
	{ .name = "seniority", .kind = FIELD_NAME, .removable = true },
	{ .name = "department", .kind = FIELD_NAME, .removable = true },
	{ .name = "role_since", .kind = FIELD_DATE, .removable = true },
	{ .name = "phone", .kind = FIELD_NAME, .removable = true },
	{ .name = "mobile", .kind = FIELD_NAME, .removable = true },
	{ .name = "street", .kind = FIELD_NAME, .removable = true },
	{ .name = "postal_code", .kind = FIELD_NAME, .removable = true },
	{ .name = "city", .kind = FIELD_NAME, .removable = true },
	{ .name = "region", .kind = FIELD_NAME, .removable = true },
	{ .name = "country", .kind = FIELD_NAME, .removable = true },
	{ .name = "linkedin_url", .kind = FIELD_LINE, .removable = true },
	{ .name = "lawful_basis", .kind = FIELD_NAME, .removable = true },
	{ .name = "owner", .kind = FIELD_OWNER, .removable = true },
	{ .name = "company", .kind = FIELD_COMPANY },
	{ .name = NULL },
};
static const struct field COMPANY[] = {
	{ .name = "name", .kind = FIELD_NAME },
	{ .name = "domain", .kind = FIELD_DOMAIN },
	{ .name = "industry", .kind = FIELD_NAME, .removable = true },
	{ .name = "naics", .kind = FIELD_NAME, .removable = true },
	{ .name = "employees", .kind = FIELD_NUMBER, .removable = true },
	{ .name = "revenue", .kind = FIELD_MONEY, .removable = true },
	{ .name = "founded", .kind = FIELD_NUMBER, .removable = true },
	{ .name = "funding_total", .kind = FIELD_MONEY, .removable = true },
	{ .name = "street", .kind = FIELD_NAME, .removable = true },
	{ .name = "postal_code", .kind = FIELD_NAME, .removable = true },
	{ .name = "city", .kind = FIELD_NAME, .removable = true },
	{ .name = "region", .kind = FIELD_NAME, .removable = true },
	{ .name = "country", .kind = FIELD_NAME, .removable = true },
	{ .name = "phone", .kind = FIELD_NAME, .removable = true },
	{ .name = "linkedin_url", .kind = FIELD_LINE, .removable = true },
	{ .name = "technologies", .kind = FIELD_LIST, .removable = true },
	{ .name = "owner", .kind = FIELD_OWNER, .removable = true },
	{ .name = NULL },
};
static const struct field DEAL[] = {
	{ .name = "name", .kind = FIELD_NAME, .required = true },
	{ .name = "pipeline", .kind = FIELD_NAME },
	{ .name = "amount", .kind = FIELD_MONEY, .removable = true },
	{ .name = "close_date", .kind = FIELD_DATE, .removable = true },
	{ .name = "next_step", .kind = FIELD_LINE, .removable = true },
	{ .name = "next_step_at", .kind = FIELD_DATE, .removable = true },
	{ .name = "owner", .kind = FIELD_OWNER, .removable = true },
	{ .name = NULL },
};
/* Only when a deal is made: later they are moved by actions. */
static const struct field DEAL_BEGIN[] = {
	{ .name = "stage", .kind = FIELD_DEAL_STAGE },
	{ .name = "company", .kind = FIELD_COMPANY },
	{ .name = "person", .kind = FIELD_PERSON },
	{ .name = NULL },
};
static const struct field PERSON_BEGIN[] = {
	{ .name = "stage", .kind = FIELD_STAGE },
	{ .name = NULL },
};
static const struct field NONE[] = { { .name = NULL } };

static const struct field *fields_of(enum entity entity)
{
	return entity == ENTITY_PERSON ? PERSON : entity == ENTITY_COMPANY ? COMPANY : DEAL;
}

static const struct field *fields_of_beginning(const struct making *m)
{
	if (m->q->subject)
		return NONE;
	return m->q->entity == ENTITY_PERSON ? PERSON_BEGIN
	       : m->q->entity == ENTITY_DEAL ? DEAL_BEGIN
					     : NONE;
}

static const struct field *field_named(const struct field *fields, str name)
{
	for (; fields->name; fields++) {
		if (str_eq(name, str_of(fields->name)))
			return fields;
	}
	return NULL;
}

/* Traits of this workspace: keys that a file or a sender has given values before. Not those of the
 * company of a person, nor what only actions set. */
static bool is_trait(struct making *m, str key, bool *trait_r)
{
	static const str ACTIONS_OWN[] = {
		S("stage"),
		S("stage_since"),
		S("stage_reason"),
		S("company"),
		S("status"),
		S("disqualified_at"),
		S("disqualified_reason"),
		S("owner_id"),
		S("recycled_at"),
		S("recycled_until"),
		S("recycled_reason"),
		S("accepted_at"),
		S("created_at"),
		S("closed_at"),
		S("person"),
		S("loss_reason"),
		S("competitor"),
		S("won_note"),
		S("loss_note"),
		S("exit"),
	};
	struct rule_catalogue c;
	*trait_r = false;
	if (str_starts(key, S("consent.")) || str_starts(key, S(DEAL_ROLE_PREFIX)) ||
	    str_starts(key, S("did#")) || str_starts(key, S("company.")))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(ACTIONS_OWN); i++) {
		if (str_eq(key, ACTIONS_OWN[i]))
			return true;
	}
	*trait_r = subject_cell(&m->view, key).kind != VALUE_NONE;
	if (*trait_r)
		return true;
	if (!people_catalogue(m->q->people, m->q->entity, m->a, &c, m->e))
		return false;
	for (size_t i = 0; i < c.n && !*trait_r; i++)
		*trait_r = c.fields[i].type == RULE_ANY && str_eq(c.fields[i].name, key);
	return true;
}

static bool take_one(struct making *m, str key)
{
	const struct field *f = field_named(fields_of(m->q->entity), key);
	if (!f)
		f = field_named(fields_of_beginning(m), key);
	if (f)
		return making_take(m, f);
	bool trait;
	if (!is_trait(m, key, &trait))
		return false;
	if (!trait)
		return making_fault(m, key, "is not a field that can be set here");
	const char *name = str_cstr(m->a, key);
	struct field own = { .name = name, .kind = FIELD_VALUE, .removable = true };
	return name ? making_take(m, &own) : arena_err(m->a, m->e);
}

static bool take_all(struct making *m)
{
	const struct sales_ask *q = m->q;
	for (size_t i = 0; i < q->fields_n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (str_eq(q->fields[k].key, q->fields[i].key))
				return making_fault(m, q->fields[i].key, "is given twice");
		}
		if (!take_one(m, q->fields[i].key))
			return false;
	}
	return true;
}

/* Takes a property out of those that become values; false: it is not there. */
static bool lift(struct making *m, str key, value *v_r)
{
	for (size_t i = 0; i < m->props_n; i++) {
		if (!str_eq(m->props[i].key, key))
			continue;
		*v_r = m->props[i].value;
		for (m->props_n--; i < m->props_n; i++)
			m->props[i] = m->props[i + 1];
		return true;
	}
	return false;
}

/* An id that stands for somebody else would join the two. */
static bool is_free(struct making *m, const char *field, enum entity entity, str id)
{
	uint64_t other;
	struct subject_view v;
	if (!people_find(m->q->people, entity, id, &other) || other == m->view.subject)
		return true;
	if (!people_view(m->q->people, other, m->a, &v, m->e))
		return false;
	if (!v.visible)
		return true;
	*m->field_r = str_of(field);
	return err_set(m->e, ERR_CONFLICT, "%s %.*s is that of number %llu already", field,
		       STR_ARG(id), (unsigned long long)other);
}

/* What is an id, or another subject's number, is told beside the values. */
static bool lift_ids(struct making *m, struct intake *in)
{
	value v;
	if (m->q->entity == ENTITY_PERSON) {
		if (lift(m, S("email"), &v)) {
			if (!is_free(m, "email", ENTITY_PERSON, v.text))
				return false;
			in->email = v.text;
		}
		if (lift(m, S("company"), &v))
			in->company = (uint64_t)v.i;
		return true;
	}
	if (m->q->entity == ENTITY_DEAL) {
		if (lift(m, S("company"), &v))
			in->company = (uint64_t)v.i;
		if (lift(m, S("person"), &v))
			in->person = (uint64_t)v.i;
		return true;
	}
	/* A company keeps its name and domain as values too, as its files give them. */
	for (size_t i = 0; i < m->props_n; i++) {
		bool domain = str_eq(m->props[i].key, S("domain"));
		if (!domain && !str_eq(m->props[i].key, S("name")))
			continue;
		if (!is_free(m, domain ? "domain" : "name", ENTITY_COMPANY, m->props[i].value.text))
			return false;
		if (m->q->subject == 0 && domain)
			in->company_domain = m->props[i].value.text;
		else if (m->q->subject == 0)
			in->company_name = m->props[i].value.text;
	}
	return true;
}

static bool finish(struct making *m, struct intake *in, size_t n, struct sales_deed *d_r)
{
	in->props_n = m->props_n;
	*d_r = (struct sales_deed){ in, n };
	return !m->a->over || arena_err(m->a, m->e);
}

bool sales_update(const struct sales_ask *q, struct arena *a, struct sales_deed *d_r, str *field_r,
		  err *e)
{
	static const char *const TOUCHES[] = { "person_updated", "company_updated",
					       "deal_updated" };
	struct making m;
	if (!making_init(&m, q, a, field_r, e))
		return false;
	if (q->fields_n == 0)
		return err_set(e, ERR_INVALID, "there is nothing to be changed");
	struct intake *in = ARENA_NEW(a, struct intake);
	if (!in)
		return arena_err(a, e);
	if (!take_all(&m))
		return false;
	*in = making_touch(&m, str_of(TOUCHES[q->entity]));
	return lift_ids(&m, in) && finish(&m, in, 1, d_r);
}

static bool new_id(struct making *m, struct external_id *id_r)
{
	uint8_t random[12];
	char text[2 * sizeof random + 1];
	rand_bytes(random, sizeof random);
	for (size_t i = 0; i < sizeof random; i++)
		snprintf(text + 2 * i, 3, "%02x", random[i]);
	*id_r = (struct external_id){ OWN_SYSTEM, str_dup(m->a, str_of(text)) };
	return id_r->value.p || arena_err(m->a, m->e);
}

/* A person, with the stage that they enter as a touch of its own. */
static bool create_person(struct making *m, struct intake *in, size_t *n)
{
	value stage, ignored;
	bool entered = lift(m, S("stage"), &stage);
	bool named = making_given(m, "email", &ignored) || making_given(m, "last_name", &ignored) ||
		     making_given(m, "full_name", &ignored) ||
		     making_given(m, "first_name", &ignored);
	if (!named)
		return making_fault(m, S("email"), "or a name is needed");
	in[0] = making_touch(m, S("person_updated"));
	if (!lift_ids(m, &in[0]))
		return false;
	struct external_id *id = ARENA_NEW(m->a, struct external_id);
	if (!id || (in[0].email.n == 0 && !new_id(m, id)))
		return id ? false : arena_err(m->a, m->e);
	if (in[0].email.n == 0) {
		in[0].external = id;
		in[0].external_n = 1;
	}
	if (!entered)
		return true;
	struct prop *props = ARENA_ARRAY(m->a, struct prop, 2);
	if (!props)
		return arena_err(m->a, m->e);
	props[0] = (struct prop){ S("stage"), stage };
	props[1] = (struct prop){ S("reason"), value_text(S("entered by hand")) };
	in[1] = in[0];
	in[1].name = S("stage_entered");
	in[1].props = props;
	in[1].props_n = 2;
	in[1].tie = 1;
	*n = 2;
	return true;
}

static bool create_deal(struct making *m, struct intake *in)
{
	value v;
	if (!making_given(m, "name", &v))
		return making_fault(m, S("name"), "is missing");
	if (!making_given(m, "stage", &v) && m->q->rules->deal_stages.n)
		making_put(m, S("stage"), value_text(m->q->rules->deal_stages.items[0]));
	if (!making_given(m, "pipeline", &v))
		making_put(m, S("pipeline"), value_text(S("new business")));
	in[0] = making_touch(m, S("deal_created"));
	return lift_ids(m, &in[0]) && new_id(m, &in[0].deal_id);
}

static bool create_company(struct making *m, struct intake *in)
{
	value v;
	if (!making_given(m, "name", &v) && !making_given(m, "domain", &v))
		return making_fault(m, S("name"), "or a domain is needed");
	in[0] = making_touch(m, S("company_updated"));
	return lift_ids(m, &in[0]);
}

bool sales_create(const struct sales_ask *q, struct arena *a, struct sales_deed *d_r, str *field_r,
		  err *e)
{
	struct making m;
	size_t n = 1;
	if (!making_init(&m, q, a, field_r, e))
		return false;
	struct intake *in = ARENA_ARRAY(a, struct intake, 2);
	if (!in)
		return arena_err(a, e);
	if (!take_all(&m))
		return false;
	bool ok = q->entity == ENTITY_PERSON	? create_person(&m, in, &n)
		  : q->entity == ENTITY_COMPANY ? create_company(&m, in)
						: create_deal(&m, in);
	return ok && finish(&m, in, n, d_r);
}
