/*
 * shape.c - values, sources and touches as the API shows them.
 *
 * Threads:      nothing shared.
 */
#include "server/shape_int.h"

#include "base/time.h"

static void put_money(struct json_writer *w, value v)
{
	json_object_open(w);
	json_key(w, S("amount_minor"));
	json_put_int(w, v.i);
	json_key(w, S("currency"));
	json_put_text(w, str_of(v.currency));
	json_object_close(w);
}

void shape_value(struct json_writer *w, value v)
{
	char text[TIME_TEXT_MAX];
	switch (v.kind) {
	case VALUE_NONE:
		json_put_null(w);
		break;
	case VALUE_TEXT:
		json_put_text(w, v.text);
		break;
	case VALUE_INT:
		json_put_int(w, v.i);
		break;
	case VALUE_REAL:
		json_put_real(w, v.real);
		break;
	case VALUE_BOOL:
		json_put_bool(w, v.i != 0);
		break;
	case VALUE_TIME:
		json_put_text(w, time_print(text, v.i));
		break;
	case VALUE_DATE:
		json_put_text(w, time_print_date(text, v.i));
		break;
	case VALUE_MONEY:
		put_money(w, v);
		break;
	case VALUE_LIST:
		json_array_open(w);
		for (size_t i = 0; i < v.list.n; i++)
			shape_value(w, v.list.items[i]);
		json_array_close(w);
		break;
	}
}

void shape_key_value(struct json_writer *w, str key, value v)
{
	json_key(w, key);
	shape_value(w, v);
}

void shape_key_text(struct json_writer *w, str key, str text)
{
	shape_key_value(w, key, text.n ? value_text(text) : value_none());
}

void shape_key_time(struct json_writer *w, str key, int64_t at_us, bool known)
{
	shape_key_value(w, key, known ? value_time(at_us) : value_none());
}

void shape_key_number(struct json_writer *w, str key, uint64_t n)
{
	json_key(w, key);
	if (n)
		json_put_uint(w, n);
	else
		json_put_null(w);
}

void shape_origin(struct json_writer *w, const struct origin *o, str channel)
{
	const struct {
		str key, text;
	} fields[] = {
		{ S("source"), o->source },	{ S("medium"), o->medium },
		{ S("campaign"), o->campaign }, { S("content"), o->content },
		{ S("term"), o->term },		{ S("referrer"), o->referrer },
		{ S("channel"), channel },
	};
	json_object_open(w);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (fields[i].text.n)
			shape_key_text(w, fields[i].key, fields[i].text);
	}
	json_object_close(w);
}

str shape_zone(str stage)
{
	static const str MIDDLE[] = { S("lead"), S("mql"), S("sal") };
	if (stage.n == 0 || str_eq(stage, S("visitor")))
		return S("tofu");
	for (size_t i = 0; i < ARRAY_LEN(MIDDLE); i++) {
		if (str_eq(stage, MIDDLE[i]))
			return S("mofu");
	}
	return S("bofu");
}

static void put_cause(struct json_writer *w, const struct touch *t)
{
	json_key(w, S("cause"));
	if (t->cause == 0 && t->rule.n == 0) {
		json_put_null(w);
		return;
	}
	json_object_open(w);
	shape_key_number(w, S("seq"), t->cause);
	shape_key_text(w, S("rule"), t->rule);
	json_object_close(w);
}

static void put_touch(struct json_writer *w, const struct touch *t, str stage)
{
	json_key(w, S("seq"));
	json_put_uint(w, t->seq);
	shape_key_time(w, S("at"), t->at_us, true);
	shape_key_text(w, S("name"), t->name);
	shape_key_text(w, S("zone"), shape_zone(stage));
	shape_key_text(w, S("source"), t->origin.source);
	shape_key_text(w, S("channel"), t->channel);
	json_key(w, S("origin"));
	shape_origin(w, &t->origin, t->channel);
	shape_key_number(w, S("person"), t->person);
	shape_key_number(w, S("company"), t->company);
	shape_key_number(w, S("deal"), t->deal);
	json_key(w, S("properties"));
	json_object_open(w);
	for (size_t i = 0; i < t->props_n; i++)
		shape_key_value(w, t->props[i].key, t->props[i].value);
	json_object_close(w);
	put_cause(w, t);
	shape_key_number(w, S("import"), t->import);
	shape_key_text(w, S("by"), t->by);
	shape_key_time(w, S("received_at"), t->received_us, true);
}

void shape_touch(struct json_writer *w, const struct touch *t, str stage)
{
	json_object_open(w);
	put_touch(w, t, stage);
	json_key(w, S("undone"));
	json_put_bool(w, false);
	json_object_close(w);
}

void shape_touch_undone(struct json_writer *w, const struct touch *t, const struct touch *undone)
{
	json_object_open(w);
	put_touch(w, t, S(""));
	json_key(w, S("undone"));
	json_put_bool(w, true);
	shape_key_text(w, S("undone_by"), undone->by);
	shape_key_time(w, S("undone_at"), undone->at_us, true);
	json_object_close(w);
}
