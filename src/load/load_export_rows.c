/*
 * load_export_rows.c - people, companies, deals and touches as rows.
 *
 * What it is:   which value stands under which header; the headers are those of the import.
 * Promises:     every current value and every property is written; what the program keeps for
 * itself (merges, imports closed) is not.
 */
#include "load/load_export_int.h"

#define KNOWN_MAX 2000000

static const char *const PEOPLE[] = {
	"external_id",	"user_id",	  "anonymous_id", "email",	     "first_name",
	"last_name",	"full_name",	  "title",	  "phone",	     "mobile",
	"company_name", "company_domain", "company_id",	  "lifecycle_stage", "lifecycle_stage_at",
	"source",	"medium",	  "campaign",	  "content",	     "term",
	"referrer",	"obtained_at",	  "lawful_basis",
};
static const char *const COMPANIES[] = {
	"external_id", "name",	  "domain", "industry", "naics",   "employees",
	"revenue",     "founded", "city",   "region",	"country", "linkedin_url",
};
static const char *const DEALS[] = {
	"external_id",
	"name",
	"pipeline",
	"stage",
	"amount",
	"created_at",
	"closed_at",
	"won",
	"loss_reason",
	"competitor",
	"owner",
	"person_email",
	"person_external_id",
	"company_domain",
	"company_name",
	"company_id",
};
static const char *const EVENTS[] = {
	"at",	       "name",		 "message_id",	 "anonymous_id", "user_id",  "email",
	"external_id", "company_domain", "company_name", "company_id",	 "deal",     "source",
	"medium",      "campaign",	 "content",	 "term",	 "referrer",
};
static const char *const SPEND[] = {
	"date", "source", "medium", "campaign", "content", "term", "amount", "message_id",
};

const char *const *export_first_columns(enum load_kind kind, size_t *n_r)
{
	switch (kind) {
	case LOAD_PEOPLE:
		*n_r = ARRAY_LEN(PEOPLE);
		return PEOPLE;
	case LOAD_COMPANIES:
		*n_r = ARRAY_LEN(COMPANIES);
		return COMPANIES;
	case LOAD_DEALS:
		*n_r = ARRAY_LEN(DEALS);
		return DEALS;
	case LOAD_EVENTS:
		*n_r = ARRAY_LEN(EVENTS);
		return EVENTS;
	case LOAD_SPEND:
	case LOAD_KINDS_N:
		break;
	}
	*n_r = ARRAY_LEN(SPEND);
	return SPEND;
}

/* "system:value", several joined by ";". */
static str ids_text(struct arena *a, const struct profile_id *ids, size_t n, enum id_kind kind)
{
	str all = S("");
	for (size_t i = 0; i < n; i++) {
		if (ids[i].kind != kind)
			continue;
		all = str_printf(a, "%.*s%s%.*s%s%.*s", STR_ARG(all), all.n ? ";" : "",
				 STR_ARG(ids[i].system), ids[i].system.n ? ":" : "",
				 STR_ARG(ids[i].value));
	}
	return all;
}

static str first_id(const struct profile_id *ids, size_t n, enum id_kind kind)
{
	for (size_t i = 0; i < n; i++) {
		if (ids[i].kind == kind)
			return ids[i].value;
	}
	return S("");
}

/* A subject by number, in the arena that holds what stands beside the row. */
static bool look_at(struct export *x, value number, struct subject_view *v_r)
{
	*v_r = (struct subject_view){ 0 };
	arena_reset(&x->other);
	if (number.kind != VALUE_INT || number.i <= 0)
		return true;
	uint64_t subject = people_subject_of(x->people, (uint64_t)number.i);
	if (people_view(x->people, subject, &x->other, v_r, x->e))
		return true;
	x->failed = true;
	return false;
}

/* The row outlives the view beside it. */
static bool put_kept(struct export *x, const char *name, str text)
{
	return export_put_text(x, name, str_dup(&x->row, text));
}

static str company_name(const struct subject_view *v)
{
	value name = subject_cell(v, S("name"));
	return name.kind == VALUE_TEXT ? name.text : first_id(v->ids, v->ids_n, ID_COMPANY_NAME);
}

static bool put_company(struct export *x, value number)
{
	struct subject_view v;
	return look_at(x, number, &v) && put_kept(x, "company_name", company_name(&v)) &&
	       put_kept(x, "company_domain", first_id(v.ids, v.ids_n, ID_COMPANY_DOMAIN)) &&
	       put_kept(x, "company_id", ids_text(&x->other, v.ids, v.ids_n, ID_COMPANY_EXTERNAL));
}

static bool put_origin(struct export *x, const struct origin *o)
{
	return export_put_text(x, "source", o->source) && export_put_text(x, "medium", o->medium) &&
	       export_put_text(x, "campaign", o->campaign) &&
	       export_put_text(x, "content", o->content) && export_put_text(x, "term", o->term) &&
	       export_put_text(x, "referrer", o->referrer);
}

static bool one_of(str key, const str *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(key, keys[i]))
			return true;
	}
	return str_starts(key, S("did#"));
}

/* Further ids than the first of a kind: they come back as a trait. */
static bool put_other_ids(struct export *x, const struct subject_view *v)
{
	static const enum id_kind KINDS[] = { ID_USER, ID_ANONYMOUS, ID_EMAIL };
	str all = S("");
	for (size_t k = 0; k < ARRAY_LEN(KINDS); k++) {
		str first = first_id(v->ids, v->ids_n, KINDS[k]);
		for (size_t i = 0; i < v->ids_n; i++) {
			if (v->ids[i].kind == KINDS[k] && !str_eq(v->ids[i].value, first))
				all = str_printf(&x->row, "%.*s%s%.*s", STR_ARG(all),
						 all.n ? ";" : "", STR_ARG(v->ids[i].value));
		}
	}
	return export_put_text(x, "other_ids", all);
}

static bool put_cells(struct export *x, const struct subject_view *v, const str *but, size_t n)
{
	for (size_t i = 0; i < v->cells_n; i++) {
		const struct cell *c = &v->cells[i];
		if (!one_of(c->key, but, n) && !export_put(x, c->key, c->value))
			return false;
	}
	return true;
}

static bool put_person(struct export *x, const struct subject_view *v)
{
	static const str BUT[] = { S("stage"), S("stage_since"), S("company") };
	return export_put_text(x, "external_id",
			       ids_text(&x->row, v->ids, v->ids_n, ID_EXTERNAL)) &&
	       export_put_text(x, "user_id", first_id(v->ids, v->ids_n, ID_USER)) &&
	       export_put_text(x, "anonymous_id", first_id(v->ids, v->ids_n, ID_ANONYMOUS)) &&
	       export_put_text(x, "email", first_id(v->ids, v->ids_n, ID_EMAIL)) &&
	       put_other_ids(x, v) &&
	       export_put(x, S("lifecycle_stage"), subject_cell(v, S("stage"))) &&
	       export_put(x, S("lifecycle_stage_at"), subject_cell(v, S("stage_since"))) &&
	       put_company(x, subject_cell(v, S("company"))) && put_origin(x, &v->first_origin) &&
	       put_cells(x, v, BUT, ARRAY_LEN(BUT));
}

static bool put_one_company(struct export *x, const struct subject_view *v)
{
	static const str BUT[] = { S("name"), S("domain") };
	return export_put_text(x, "external_id",
			       ids_text(&x->row, v->ids, v->ids_n, ID_COMPANY_EXTERNAL)) &&
	       export_put_text(x, "name", company_name(v)) &&
	       export_put_text(x, "domain", first_id(v->ids, v->ids_n, ID_COMPANY_DOMAIN)) &&
	       put_cells(x, v, BUT, ARRAY_LEN(BUT));
}

static value won_of(const struct subject_view *v)
{
	value status = subject_cell(v, S("status"));
	if (status.kind != VALUE_TEXT || str_eq(status.text, S("open")))
		return value_none();
	return value_bool(str_eq(status.text, S("won")));
}

static bool put_deal(struct export *x, const struct subject_view *v)
{
	static const str BUT[] = { S("status"), S("person"), S("company") };
	struct subject_view person;
	return export_put_text(x, "external_id", ids_text(&x->row, v->ids, v->ids_n, ID_DEAL)) &&
	       export_put(x, S("won"), won_of(v)) &&
	       look_at(x, subject_cell(v, S("person")), &person) &&
	       put_kept(x, "person_email", first_id(person.ids, person.ids_n, ID_EMAIL)) &&
	       put_kept(x, "person_external_id",
			ids_text(&x->other, person.ids, person.ids_n, ID_EXTERNAL)) &&
	       put_company(x, subject_cell(v, S("company"))) &&
	       put_cells(x, v, BUT, ARRAY_LEN(BUT));
}

bool export_subject(struct export *x, enum entity entity, uint64_t subject)
{
	struct subject_view v;
	if (!people_view(x->people, subject, &x->row, &v, x->e)) {
		x->failed = true;
		return false;
	}
	bool ok = entity == ENTITY_PERSON    ? put_person(x, &v)
		  : entity == ENTITY_COMPANY ? put_one_company(x, &v)
					     : put_deal(x, &v);
	return ok && export_row_end(x);
}

/* ---- touches --------------------------------------------------------------------------------- */

/* What the program writes about itself comes about by itself. */
static bool is_bookkeeping(str name)
{
	static const str NAMES[] = { S("import_closed"),     S("import_undone"),
				     S("person_identified"), S("company_identified"),
				     S("person_merged"),     S("person_unmerged"),
				     S("person_erased"),     S("touches_expired") };
	return one_of(name, NAMES, ARRAY_LEN(NAMES));
}

/* The ids that stand in a touch's row for its subject. */
struct known_ids {
	str external, user, anonymous, email, domain, name;
};

/* Looked up once per profile; the memory of it is emptied when it is full. */
static const struct known_ids *ids_of(struct export *x, uint64_t profile)
{
	uint64_t p;
	if (map64_get(&x->known, profile, &p))
		return (const struct known_ids *)(uintptr_t)p;
	if (x->known.n >= KNOWN_MAX || x->known_ids.bytes_held > x->known_ids.bytes_max / 2) {
		map64_clear(&x->known);
		arena_reset(&x->known_ids);
	}
	struct subject_view v;
	if (!look_at(x, value_int((int64_t)profile), &v))
		return NULL;
	struct arena *a = &x->known_ids;
	struct known_ids *k = ARENA_NEW(a, struct known_ids);
	if (k) {
		enum id_kind external = v.entity == ENTITY_PERSON    ? ID_EXTERNAL
					: v.entity == ENTITY_COMPANY ? ID_COMPANY_EXTERNAL
								     : ID_DEAL;
		k->external = str_dup(a, ids_text(&x->other, v.ids, v.ids_n, external));
		k->user = str_dup(a, first_id(v.ids, v.ids_n, ID_USER));
		k->anonymous = str_dup(a, first_id(v.ids, v.ids_n, ID_ANONYMOUS));
		k->email = str_dup(a, first_id(v.ids, v.ids_n, ID_EMAIL));
		k->domain = str_dup(a, first_id(v.ids, v.ids_n, ID_COMPANY_DOMAIN));
		k->name = v.entity == ENTITY_COMPANY ? str_dup(a, company_name(&v)) : S("");
	}
	if (a->over || !map64_put(&x->known, profile, (uint64_t)(uintptr_t)k)) {
		a->over ? arena_err(a, x->e) : err_nomem(x->e);
		x->failed = true;
		return NULL;
	}
	return k;
}

static bool put_subjects(struct export *x, const struct touch *t)
{
	const struct known_ids *k = NULL;
	if (t->person) {
		k = ids_of(x, t->person);
		if (!k || !put_kept(x, "external_id", k->external) ||
		    !put_kept(x, "user_id", k->user) ||
		    !put_kept(x, "anonymous_id", k->anonymous) || !put_kept(x, "email", k->email))
			return false;
	}
	if (t->company) {
		k = ids_of(x, t->company);
		if (!k || !put_kept(x, "company_domain", k->domain) ||
		    !put_kept(x, "company_name", k->name) ||
		    !put_kept(x, "company_id", k->external))
			return false;
	}
	if (!t->deal)
		return true;
	k = ids_of(x, t->deal);
	return k && put_kept(x, "deal", k->external);
}

/* A property that is called as a column of touches keeps its value under a name of its own. */
static str prop_name(struct export *x, str key, bool spend)
{
	size_t n;
	const char *const *taken = export_first_columns(spend ? LOAD_SPEND : LOAD_EVENTS, &n);
	for (size_t i = 0; i < n; i++) {
		if (str_eq(key, str_of(taken[i])) && !(spend && str_eq(key, S("amount"))))
			return str_printf(&x->row, "prop.%.*s", STR_ARG(key));
	}
	return key;
}

bool export_touch(struct export *x, const struct touch *t)
{
	bool spend = x->x->kind == LOAD_SPEND;
	if (is_bookkeeping(t->name) || (spend && !str_eq(t->name, S("spend_booked"))))
		return true;
	if (!export_put(x, spend ? S("date") : S("at"), value_time(t->at_us)) ||
	    !export_put_text(x, "message_id", t->message_id) || !put_origin(x, &t->origin))
		return false;
	if (!spend && (!export_put_text(x, "name", t->name) || !put_subjects(x, t)))
		return false;
	for (size_t i = 0; i < t->props_n; i++) {
		if (!export_put(x, prop_name(x, t->props[i].key, spend), t->props[i].value))
			return false;
	}
	return export_row_end(x);
}
