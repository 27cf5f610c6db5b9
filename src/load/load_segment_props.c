/*
 * load_segment_props.c - traits and properties of Segment's messages.
 *
 * What it is:   nested objects become keys joined by dots; traits that we know under another name
 * get ours; ids among the traits become ids. Promises:     null says nothing and sets nothing; an
 * amount with its currency becomes money.
 */
#include "load/load_int.h"

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

void segment_put(struct segment *s, str key, value v)
{
	if (v.kind == VALUE_NONE)
		return;
	for (size_t i = 0; i < s->n; i++) {
		if (str_eq(s->props[i].key, key)) {
			s->props[i].value = v;
			return;
		}
	}
	if (s->n == TOUCH_PROPS_MAX) {
		s->too_many = true;
		return;
	}
	s->props[s->n++] = (struct prop){ key, v };
}

static bool is_amount(str key)
{
	return str_eq(key, S("revenue")) || str_eq(key, S("value")) || str_eq(key, S("total"));
}

static value amount_of(struct segment *s, const struct json *leaf)
{
	value v = value_none();
	str text = leaf->kind == JSON_REAL ? num_print_real(s->a, leaf->real)
					   : segment_text(s, leaf);
	char code[4] = { s->currency.p[0], s->currency.p[1], s->currency.p[2], '\0' };
	if (!parse_money(text, NUM_POINT, code, 0, &v))
		v = value_none();
	return v;
}

static bool put_property(void *arg, str key, const struct json *leaf)
{
	struct segment *s = arg;
	value v = value_none();
	if (s->currency.n == 3 && is_amount(key))
		v = amount_of(s, leaf);
	if (v.kind == VALUE_NONE)
		v = value_dup(s->a, json_value(s->a, leaf));
	segment_put(s, str_dup(s->a, key), v);
	return true;
}

bool segment_properties(struct segment *s, const struct json *properties, err *e)
{
	str currency = json_text_of(properties, S("currency"));
	str upper = segment_text(s, json_get(properties, S("currency")));
	s->currency = num_is_currency(currency) ? upper : S("");
	return json_flatten(s->a, S(""), properties, put_property, s, e);
}

static str renamed(const struct segment *s, str key)
{
	bool group = str_eq(s->type, S("group"));
	const struct pair *pairs = group ? COMPANY_TRAITS : PERSON_TRAITS;
	size_t n = group ? ARRAY_LEN(COMPANY_TRAITS) : ARRAY_LEN(PERSON_TRAITS);
	for (size_t i = 0; i < n; i++) {
		if (str_eq(key, str_of(pairs[i].from)))
			return str_of(pairs[i].to);
	}
	return key;
}

/* The company that an identify message names: {"name": ..., "id": ...} or its name alone. */
static bool take_company(struct segment *s, str key, str text)
{
	struct intake *t = &s->t;
	if (str_eq(key, S("company")) || str_eq(key, S("company.name"))) {
		t->company_name = text;
		return true;
	}
	if (str_eq(key, S("company.id")) && text.n > 0) {
		t->company_id.value = text;
		return true;
	}
	if (str_eq(key, S("company.domain")) || str_eq(key, S("company.website"))) {
		t->company_domain = str_lower(s->a, url_host(text));
		return true;
	}
	return false;
}

static bool take_id(struct segment *s, str key, const struct json *leaf)
{
	str text = segment_text(s, leaf);
	if (text.n == 0)
		return false;
	if (!str_eq(s->type, S("group"))) {
		if (str_eq(key, S("email")) && email_is_fine(s->a, text)) {
			s->t.email = text;
			return true;
		}
		return take_company(s, key, text);
	}
	if (str_eq(key, S("name")))
		s->t.company_name = text;
	else if (str_eq(key, S("domain")) || str_eq(key, S("website")))
		s->t.company_domain = str_lower(s->a, url_host(text));
	return false;
}

static bool put_trait(void *arg, str key, const struct json *leaf)
{
	struct segment *s = arg;
	if (take_id(s, key, leaf))
		return true;
	str name = renamed(s, key);
	value v = value_dup(s->a, json_value(s->a, leaf));
	int64_t at;
	if (str_eq(name, S("created_at")) && v.kind == VALUE_TEXT && time_parse(v.text, &at, NULL))
		v = value_time(at);
	if (str_eq(name, S("domain")) && s->t.company_domain.n > 0)
		v = value_text(s->t.company_domain);
	segment_put(s, str_dup(s->a, name), v);
	return true;
}

bool segment_traits(struct segment *s, const struct json *traits, err *e)
{
	return json_flatten(s->a, S(""), traits, put_trait, s, e);
}
