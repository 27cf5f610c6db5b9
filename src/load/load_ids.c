/*
 * load_ids.c - whom a row is about.
 *
 * What it is:   ids of the person, the company and the deal, cleaned and checked, and the origin,
 *               into one intake from which all touches of the row are made.
 * Promises:     what senders write when they have no id ("null", "0") is never one. An e-mail
 *               address that is none rejects the row.
 */
#include "load/load_int.h"

#include "people/people.h"

#include <string.h>

static str text_of(const struct loader *l, enum role role)
{
	size_t column = l->columns.of_role[role];
	if (column == LOAD_NO_COLUMN || !l->cells[column].filled)
		return S("");
	return l->cells[column].text;
}

/* An id, or empty when it stands for none. False: too long. */
static bool take_id(struct loader *l, enum role role, str *id_r)
{
	str id = text_of(l, role);
	*id_r = S("");
	if (id.n == 0)
		return true;
	if (id.n > LOAD_ID_BYTES_MAX)
		return row_problem(l, "column \"%.*s\": an id of %zu bytes; at most %d are allowed",
				   STR_ARG(l->columns.all.items[l->columns.of_role[role]].header),
				   id.n, LOAD_ID_BYTES_MAX);
	if (id_is_blocked(id))
		l->blocked_ids++;
	else
		*id_r = id;
	return true;
}

static bool is_system(str s)
{
	if (s.n < 2 || s.n > 32 || s.p[0] < 'a' || s.p[0] > 'z')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
			    c == '-';
		if (!fits)
			return false;
	}
	return true;
}

/* "olist:abc" is the id abc of the system olist, unless the map names a system. */
static struct external_id split_id(const struct loader *l, str id)
{
	if (l->id_system_given)
		return (struct external_id){ l->id_system, id };
	size_t at = str_index(id, ':');
	str system = str_sub(id, 0, at), rest = str_sub(id, at + 1, id.n);
	if (rest.n > 0 && is_system(system) && !str_starts(rest, S("//")))
		return (struct external_id){ system, rest };
	return (struct external_id){ S(""), id };
}

static bool put_externals(struct loader *l, struct intake *w, struct arena *a, bool *ok_r, err *e)
{
	str ids;
	if (!take_id(l, ROLE_EXTERNAL_ID, &ids)) {
		*ok_r = false;
		return true;
	}
	if (ids.n == 0)
		return true;
	size_t n = 1;
	for (size_t i = 0; i < ids.n && !l->id_system_given; i++)
		n += ids.p[i] == ';';
	struct external_id *external = arena_alloc(a, n * sizeof *external);
	if (!external)
		return arena_err(a, e);
	str part;
	for (size_t i = 0; i < n; i++) {
		part = ids;
		if (n > 1 && !str_next(&ids, ';', &part))
			break;
		part = str_trim(part);
		if (part.n > 0 && !id_is_blocked(part))
			external[w->external_n++] = split_id(l, part);
	}
	w->external = external;
	return true;
}

/* Plain addresses, which nearly all are, need no folding to be seen as such. */
static bool is_plain_email(str s)
{
	size_t at = str_index(s, '@');
	if (at == 0 || at > 64 || s.n > 254 || at + 4 > s.n)
		return false;
	bool dot = false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			    (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
		if (word || i == at)
			continue;
		if (c == '+' && i < at)
			continue;
		if (c != '.' || i == 0 || i + 1 == s.n || s.p[i - 1] == '.' || i + 1 == at ||
		    i == at + 1)
			return false;
		dot |= i > at;
	}
	return dot && s.p[at + 1] != '-' && s.p[s.n - 1] != '-';
}

bool email_is_fine(struct arena *a, str s)
{
	return is_plain_email(s) || email_normalise(a, s).n > 0;
}

static bool put_email(struct loader *l, struct intake *w, struct arena *a, bool *ok_r, err *e)
{
	str email = text_of(l, ROLE_EMAIL);
	if (str_starts(email, S("mailto:")))
		email = str_sub(email, 7, email.n);
	if (email.n == 0)
		return true;
	if (id_is_blocked(email)) {
		l->blocked_ids++;
		return true;
	}
	if (!email_is_fine(a, email)) {
		if (a->over)
			return arena_err(a, e);
		*ok_r = row_problem(
			l, "column \"%.*s\": \"%.*s\" is no e-mail address",
			STR_ARG(l->columns.all.items[l->columns.of_role[ROLE_EMAIL]].header),
			STR_ARG(str_sub(email, 0, 60)));
		return true;
	}
	w->email = email;
	return true;
}

/* "https://www.Example.com/about" is the company example.com. */
static bool put_company(struct loader *l, struct intake *w, struct arena *a, bool *ok_r, err *e)
{
	str id;
	if (!take_id(l, ROLE_COMPANY_DOMAIN, &w->company_domain) ||
	    !take_id(l, ROLE_COMPANY_NAME, &w->company_name) || !take_id(l, ROLE_COMPANY_ID, &id)) {
		*ok_r = false;
		return true;
	}
	if (id.n > 0)
		w->company_id = split_id(l, id);
	if (w->company_domain.n > 0) {
		str host = url_host(w->company_domain);
		w->company_domain = str_index(host, '.') < host.n ? str_lower(a, host) : S("");
	}
	return !a->over || arena_err(a, e);
}

static bool put_deal(struct loader *l, struct intake *w, struct arena *a, bool *ok_r, err *e)
{
	str id;
	if (!take_id(l, ROLE_DEAL_ID, &id)) {
		*ok_r = false;
		return true;
	}
	if (id.n > 0) {
		w->deal_id = split_id(l, id);
		return true;
	}
	if (l->kind != LOAD_DEALS || !l->plan.deals)
		return true;
	/* Without an id the name and whom it is with tell one deal from another. */
	size_t column = columns_find(l, S("name"));
	str name = column != LOAD_NO_COLUMN && l->cells[column].filled ? l->cells[column].text
								       : S("");
	if (name.n == 0 || name.n > LOAD_ID_BYTES_MAX / 2) {
		*ok_r = row_problem(l, "the row has neither the deal's id nor its name");
		return true;
	}
	str with = w->company_domain.n ? w->company_domain
		   : w->company_name.n ? w->company_name
				       : w->email;
	w->deal_id = (struct external_id){ S("name"), str_printf(a, "%.*s / %.*s", STR_ARG(name),
								 STR_ARG(str_sub(with, 0, 400))) };
	l->made_deal_ids++;
	return !a->over || arena_err(a, e);
}

/* A referrer on the same site is no referrer. */
static void put_origin(struct loader *l, struct intake *w, struct arena *a)
{
	struct origin *o = &w->origin;
	o->source = text_of(l, ROLE_SOURCE);
	o->medium = text_of(l, ROLE_MEDIUM);
	o->campaign = text_of(l, ROLE_CAMPAIGN);
	o->content = text_of(l, ROLE_CONTENT);
	o->term = text_of(l, ROLE_TERM);
	o->referrer = text_of(l, ROLE_REFERRER);
	str url = text_of(l, ROLE_URL);
	if (url.n == 0)
		return;
	origin_from_url(url, a, o);
	if (o->referrer.n > 0 && str_eq_nocase(url_host(o->referrer), url_host(url)))
		o->referrer = S("");
}

static void put_linkedin(struct loader *l, struct intake *w, struct arena *a)
{
	str url = text_of(l, ROLE_LINKEDIN);
	if (url.n == 0 || url.n > LOAD_ID_BYTES_MAX || id_is_blocked(url))
		return;
	struct external_id *id = ARENA_NEW(a, struct external_id);
	if (!id)
		return;
	*id = (struct external_id){ S("linkedin"), url };
	w->external = id;
	w->external_n = 1;
}

bool row_ids(struct loader *l, struct intake *w, struct arena *a, bool *ok_r, err *e)
{
	*ok_r = true;
	if (!take_id(l, ROLE_ANONYMOUS_ID, &w->anonymous_id) ||
	    !take_id(l, ROLE_USER_ID, &w->user_id)) {
		*ok_r = false;
		return true;
	}
	if (!put_externals(l, w, a, ok_r, e) || (*ok_r && !put_email(l, w, a, ok_r, e)) ||
	    (*ok_r && !put_company(l, w, a, ok_r, e)) || (*ok_r && !put_deal(l, w, a, ok_r, e)))
		return false;
	if (!*ok_r)
		return true;
	put_origin(l, w, a);
	bool known = w->user_id.n || w->email.n || w->external_n || w->anonymous_id.n;
	if (!known && l->kind == LOAD_PEOPLE)
		put_linkedin(l, w, a);
	return !a->over || arena_err(a, e);
}

static void put_external_bytes(struct buf *b, const struct external_id *id)
{
	buf_byte(b, 'x');
	buf_lenstr(b, id->system);
	buf_lenstr(b, id->value);
}

static void put_person_bytes(const struct intake *t, struct buf *b)
{
	if (t->external_n > 0) {
		put_external_bytes(b, &t->external[0]);
		return;
	}
	str id = t->user_id.n ? t->user_id : t->email.n ? t->email : t->anonymous_id;
	buf_byte(b, t->user_id.n ? 'u' : t->email.n ? 'e' : 'a');
	buf_lenstr(b, id);
}

void row_subject_bytes(const struct intake *t, enum about about, struct buf *b)
{
	if (about == ABOUT_DEAL) {
		put_external_bytes(b, &t->deal_id);
	} else if (about == ABOUT_COMPANY && t->company_id.value.n > 0) {
		put_external_bytes(b, &t->company_id);
	} else if (about == ABOUT_COMPANY) {
		buf_lenstr(b, t->company_domain.n ? t->company_domain : t->company_name);
	} else if (about == ABOUT_PERSON) {
		put_person_bytes(t, b);
	}
	if (about == ABOUT_PERSON && t->deal_id.value.n > 0)
		put_external_bytes(b, &t->deal_id);
}
