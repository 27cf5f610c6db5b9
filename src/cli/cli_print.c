/*
 * cli_print.c - figures as people read them; values, touches and joins as JSON.
 *
 * Threads:      any.
 */
#include "cli/cli_int.h"

#include "base/time.h"

#include <math.h>
#include <stdio.h>

str show_count(char text[NUMBER_TEXT_MAX], uint64_t n)
{
	char digits[24];
	int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
	size_t at = 0;
	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return str_make(text, at);
}

str show_rate(char text[NUMBER_TEXT_MAX], double rate)
{
	if (!isfinite(rate))
		return S("–");
	/* Small rates keep two figures, so that 0.04 % is not shown as nothing. */
	int digits = rate > 0 && rate < 0.001 ? 3 : rate > 0 && rate < 0.01 ? 2 : 1;
	int n = snprintf(text, NUMBER_TEXT_MAX, "%.*f %%", digits, rate * 100.0);
	return str_make(text, (size_t)MIN(MAX(n, 0), NUMBER_TEXT_MAX - 1));
}

str show_bytes(char text[NUMBER_TEXT_MAX], uint64_t n)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double v = (double)n;
	size_t unit = 0;
	while (v >= 999.5 && unit + 1 < ARRAY_LEN(units)) {
		v /= 1000.0;
		unit++;
	}
	int length = snprintf(text, NUMBER_TEXT_MAX, "%.*f %s", unit > 0 && v < 9.95 ? 1 : 0, v,
			      units[unit]);
	return str_make(text, (size_t)MIN(MAX(length, 0), NUMBER_TEXT_MAX - 1));
}

void put_plural(struct buf *b, uint64_t n, const char *one, const char *many)
{
	char text[NUMBER_TEXT_MAX];
	buf_printf(b, "%.*s %s", STR_ARG(show_count(text, n)), n == 1 ? one : many);
}

static void put_json_money(struct json_writer *w, value v)
{
	json_object_open(w);
	json_key(w, S("minor"));
	json_put_int(w, v.i);
	json_key(w, S("currency"));
	json_put_text(w, str_of(v.currency));
	json_object_close(w);
}

void put_json_value(struct json_writer *w, value v)
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
		put_json_money(w, v);
		break;
	case VALUE_LIST:
		json_array_open(w);
		for (size_t i = 0; i < v.list.n; i++)
			put_json_value(w, v.list.items[i]);
		json_array_close(w);
		break;
	}
}

void put_json_origin(struct json_writer *w, const struct origin *o, str channel)
{
	const struct {
		str key, text;
	} fields[] = {
		{ S("source"), o->source },	{ S("medium"), o->medium },
		{ S("campaign"), o->campaign }, { S("content"), o->content },
		{ S("term"), o->term },		{ S("referrer"), o->referrer },
		{ S("channel"), channel },
	};
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (fields[i].text.n == 0)
			continue;
		json_key(w, fields[i].key);
		json_put_text(w, fields[i].text);
	}
}

void put_json_touch(struct json_writer *w, const struct touch *t)
{
	char text[TIME_TEXT_MAX];
	json_object_open(w);
	json_key(w, S("seq"));
	json_put_uint(w, t->seq);
	json_key(w, S("at"));
	json_put_text(w, time_print(text, t->at_us));
	json_key(w, S("name"));
	json_put_text(w, t->name);
	put_json_origin(w, &t->origin, t->channel);
	const struct {
		str key;
		uint64_t n;
	} numbers[] = { { S("company"), t->company },
			{ S("deal"), t->deal },
			{ S("import"), t->import },
			{ S("cause"), t->cause } };
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (numbers[i].n == 0)
			continue;
		json_key(w, numbers[i].key);
		json_put_uint(w, numbers[i].n);
	}
	if (t->rule.n > 0) {
		json_key(w, S("rule"));
		json_put_text(w, t->rule);
	}
	json_key(w, S("properties"));
	json_object_open(w);
	for (size_t i = 0; i < t->props_n; i++) {
		json_key(w, t->props[i].key);
		put_json_value(w, t->props[i].value);
	}
	json_object_close(w);
	json_object_close(w);
}

void put_json_edges(struct json_writer *w, const struct edge_info *edges, size_t n)
{
	char text[TIME_TEXT_MAX];
	json_array_open(w);
	for (size_t i = 0; i < n; i++) {
		json_object_open(w);
		json_key(w, S("at"));
		json_put_text(w, time_print(text, edges[i].at_us));
		json_key(w, S("profiles"));
		json_array_open(w);
		json_put_uint(w, edges[i].a);
		json_put_uint(w, edges[i].b);
		json_array_close(w);
		json_key(w, S("why"));
		json_put_text(w, edges[i].why);
		json_key(w, S("refused"));
		json_put_bool(w, edges[i].refused);
		json_key(w, S("separated"));
		json_put_bool(w, edges[i].cut);
		json_key(w, S("seq"));
		json_put_uint(w, edges[i].seq);
		json_object_close(w);
	}
	json_array_close(w);
}
