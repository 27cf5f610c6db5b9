/*
 * message_props.c - traits and properties of Segment's messages.
 *
 * What it is:   nested objects become keys joined by dots; traits that we know under another name
 *               get ours; ids among the traits become ids.
 * Promises:     null says nothing and sets nothing; an amount with its currency becomes money. What
 *               a write key says beyond its limits is left out and counted, the rest is kept.
 */
#include "load/message_int.h"

#include <string.h>

struct pair {
	const char *from;
	const char *to;
};

static const struct pair PERSON_TRAITS[] = {
	{ "firstName", "first_name" },
	{ "firstname", "first_name" },
	{ "lastName", "last_name" },
	{ "lastname", "last_name" },
	{ "name", "full_name" },
	{ "jobTitle", "title" },
	{ "createdAt", "created_at" },
	{ "address.city", "city" },
	{ "address.state", "region" },
	{ "address.country", "country" },
	{ "address.postalCode", "postal_code" },
	{ "address.street", "street" },
};

static const struct pair COMPANY_TRAITS[] = {
	{ "website", "domain" },       { "createdAt", "created_at" },	 { "address.city", "city" },
	{ "address.state", "region" }, { "address.country", "country" },
};

/* What only those who work with people say of them. */
static bool is_ours(const struct message_now *m, str key)
{
	static const str KEYS[] = { S("owner"),	       S("score"),	 S("email_status"),
				    S("lawful_basis"), S("obtained_at"), S("do_not_contact"),
				    S("excluded"),     S("original_at") };
	for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
		if (str_eq(key, KEYS[i]))
			return m->type == MESSAGE_IDENTIFY || m->type == MESSAGE_GROUP || i >= 6;
	}
	return false;
}

static bool has_controls(str s)
{
	unsigned bad = 0;
	for (size_t i = 0; i < s.n; i++)
		bad |= (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F;
	return bad != 0;
}

/* What a write key may not fill the journal with. */
static bool is_over(const struct message_now *m, str key, value v)
{
	if (key.n == 0 || key.n > MESSAGE_PUBLIC_KEY_BYTES_MAX || has_controls(key) ||
	    is_ours(m, key))
		return true;
	if (v.kind == VALUE_TEXT && v.text.n > MESSAGE_PUBLIC_TEXT_BYTES_MAX)
		return true;
	return v.kind == VALUE_LIST && v.list.n > MESSAGE_PUBLIC_LIST_ITEMS_MAX;
}

static bool may_be_new(const struct message_now *m, str key)
{
	const struct message_reader *r = m->r;
	return m->n < MESSAGE_PUBLIC_PROPS_MAX &&
	       (!r->admits || r->admits(r->admits_arg, true, key));
}

/* Control characters have no business in a value, but for the ends of lines and tabs. */
static str without_controls(struct message_now *m, str s)
{
	unsigned bad = 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bad |= (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7F;
	}
	char *p = bad ? arena_alloc(m->r->arena, s.n) : NULL;
	if (!p)
		return s;
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if ((c >= 0x20 || c == '\n' || c == '\t' || c == '\r') && c != 0x7F)
			p[n++] = s.p[i];
	}
	return str_make(p, n);
}

void message_put(struct message_now *m, str key, value v)
{
	struct message_reader *r = m->r;
	if (r->is_public && v.kind == VALUE_TEXT)
		v.text = without_controls(m, v.text);
	if (v.kind == VALUE_NONE || (v.kind == VALUE_TEXT && v.text.n == 0))
		return;
	if (r->is_public && is_over(m, key, v)) {
		r->dropped_props++;
		return;
	}
	for (size_t i = 0; i < m->n; i++) {
		if (str_eq(r->props[i].key, key)) {
			r->props[i].value = v;
			return;
		}
	}
	if (r->is_public && !may_be_new(m, key))
		r->dropped_props++;
	else if (m->n == TOUCH_PROPS_MAX)
		m->too_many = true;
	else
		r->props[m->n++] = (struct prop){ key, v };
}

void message_put_text(struct message_now *m, const char *key, str text)
{
	if (text.n > 0)
		message_put(m, str_of(key), value_text(text));
}

static value value_of(struct message_now *m, const struct json *leaf)
{
	value v = json_value(m->r->arena, leaf);
	return m->r->keeps_json ? v : value_dup(m->r->arena, v);
}

static bool is_amount(str key)
{
	return str_eq(key, S("revenue")) || str_eq(key, S("value")) || str_eq(key, S("total"));
}

static value amount_of(struct message_now *m, const struct json *leaf)
{
	value v = value_none();
	str text = leaf->kind == JSON_REAL ? num_print_real(m->r->arena, leaf->real)
					   : message_text(m, leaf);
	char code[4] = { m->currency.p[0], m->currency.p[1], m->currency.p[2], '\0' };
	if (!parse_money(text, NUM_POINT, code, 0, &v))
		v = value_none();
	return v;
}

static bool put_property(void *arg, str key, const struct json *leaf)
{
	struct message_now *m = arg;
	value v = value_none();
	if (m->currency.n == 3 && is_amount(key))
		v = amount_of(m, leaf);
	if (v.kind == VALUE_NONE)
		v = value_of(m, leaf);
	message_put(m, message_keep(m, key), v);
	return true;
}

bool message_properties(struct message_now *m, const struct json *properties, err *e)
{
	str currency = json_text_of(properties, S("currency"));
	str upper = message_text(m, json_get(properties, S("currency")));
	m->currency = num_is_currency(currency) ? upper : S("");
	return json_flatten(m->r->arena, S(""), properties, put_property, m, e);
}

static str renamed(const struct message_now *m, str key)
{
	bool group = m->type == MESSAGE_GROUP;
	const struct pair *pairs = group ? COMPANY_TRAITS : PERSON_TRAITS;
	size_t n = group ? ARRAY_LEN(COMPANY_TRAITS) : ARRAY_LEN(PERSON_TRAITS);
	for (size_t i = 0; i < n; i++) {
		if (str_eq(key, str_of(pairs[i].from)))
			return str_of(pairs[i].to);
	}
	return key;
}

/* The company that an identify message names: {"name": ..., "id": ...} or its name alone. */
static bool take_company(struct message_now *m, str key, str text)
{
	struct intake *t = &m->t;
	if (str_eq(key, S("company")) || str_eq(key, S("company.name"))) {
		t->company_name = text;
		return true;
	}
	if (str_eq(key, S("company.id")) && text.n > 0) {
		t->company_id.value = text;
		return true;
	}
	if (str_eq(key, S("company.domain")) || str_eq(key, S("company.website"))) {
		t->company_domain = str_lower(m->r->arena, url_host(text));
		return true;
	}
	return false;
}

static bool take_id(struct message_now *m, str key, const struct json *leaf)
{
	str text = message_text(m, leaf);
	if (text.n == 0)
		return false;
	if (m->type != MESSAGE_GROUP) {
		if (str_eq(key, S("email")) && email_is_fine(m->r->arena, text)) {
			m->t.email = text;
			return true;
		}
		return take_company(m, key, text);
	}
	if (str_eq(key, S("name")))
		m->t.company_name = text;
	else if (str_eq(key, S("domain")) || str_eq(key, S("website")))
		m->t.company_domain = str_lower(m->r->arena, url_host(text));
	return false;
}

static bool put_trait(void *arg, str key, const struct json *leaf)
{
	struct message_now *m = arg;
	if (take_id(m, key, leaf))
		return true;
	str name = renamed(m, key);
	value v = value_of(m, leaf);
	int64_t at;
	if (str_eq(name, S("created_at")) && v.kind == VALUE_TEXT && time_parse(v.text, &at, NULL))
		v = value_time(at);
	if (str_eq(name, S("domain")) && m->t.company_domain.n > 0)
		v = value_text(m->t.company_domain);
	message_put(m, str_dup(m->r->arena, name), v);
	return true;
}

bool message_traits(struct message_now *m, const struct json *traits, err *e)
{
	return json_flatten(m->r->arena, S(""), traits, put_trait, m, e);
}
