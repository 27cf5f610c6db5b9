/*
 * cmd_people.c - trichter people: who is in the funnel and fits a rule.
 *
 * What it is:   one walk over all visible people, each held against the rule; rows, a count, or how
 *               many have which value.
 * Promises:     memory does not grow with the number of rows in CSV and JSON; a cursor goes on
 * where the last page ended. Threads:      one at a time.
 */
#include "cli/cli_people_int.h"

#include "base/num.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

#define TERMINAL_ROWS	  50
#define ROWS_FLUSH	  1000
#define COLUMNS_MAX	  200
#define SUBJECT_ARENA_MAX (64 * MIB)

static const struct option options[] = {
	SWITCH("count", "how many fit"),
	OPTION("facets", "A,B", "how many have which value of these fields"),
	OPTION("columns", "A,B",
	       "fields to show: person, name, email, stage, first_source, any trait"),
	OPTION("sort", "FIELD", "by this field; FIELD:desc the other way round (by number)"),
	OPTION("limit", "N", "at most so many rows (all; 50 on a terminal)"),
	OPTION("after", "CURSOR", "goes on behind the row where the last page ended"),
	OPTION("as-of", "WHEN", "only what was known then: a date, a time, or a touch's number"),
	OPTION("format", "FORMAT", "table, json or csv"),
	OPTION("save", "NAME", "not built yet"),
	OPTION("list", "NAME", "not built yet"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "people 'stage = mql and country in (DE, AT)'", "qualified leads of two countries" },
	{ "people 'did(\"whitepaper_downloaded\", last 30d) >= 2' --count", "how many there are" },
	{ "people 'stage = customer' --columns name,email,first_source --format csv",
	  "customers and where they came from" },
	{ "people --facets stage,first_channel", "everyone, by stage and by first channel" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_people = {
	.name = "people",
	.words = "['RULE']",
	.summary = "the people in the funnel for whom a rule holds",
	.about =
		"Without a rule: everyone. The rule language:\n"
		"  stage = mql and employees > 10 and not (country in (DE, AT))\n"
		"  did(\"page_viewed\" where path ~ \"/pricing*\", last 30d) >= 2\n"
		"  consent.email = given, time_in_role < 1y, title ~ \"personal*\", phone is known",
	.options = options,
	.examples = examples,
	.words_max = 1,
	.run = run,
};

static bool list_read(struct cli *c, const struct args *a, const char *option, const char *missing,
		      str **list_r, size_t *n_r, err *e)
{
	const char *text = args_text(a, option);
	str rest = str_of(text != NULL ? text : missing);
	str *list = ARENA_ARRAY(&c->arena, str, COLUMNS_MAX);
	size_t n = 0;
	if (list == NULL)
		return arena_err(&c->arena, e);
	for (str part; str_next(&rest, ',', &part);) {
		part = str_trim(part);
		if (part.n == 0)
			continue;
		if (n == COLUMNS_MAX)
			return err_set(e, ERR_LIMIT, "--%s: more than %d fields", option,
				       COLUMNS_MAX);
		list[n++] = part;
	}
	if (text != NULL && n == 0)
		return err_set(e, ERR_INVALID, "--%s wants names of fields", option);
	*list_r = list;
	*n_r = n;
	return true;
}

static bool query_read(struct cli *c, const struct args *a, struct query *q, err *e)
{
	*q = (struct query){ .now_us = time_now_us(), .count_only = args_on(a, "count") };
	uint64_t limit = 0;
	if (args_text(a, "save") != NULL || args_text(a, "list") != NULL)
		return err_set(e, ERR_INVALID, "--%s is not built yet",
			       args_text(a, "save") != NULL ? "save" : "list");
	if (!args_format(a, &q->format, e))
		return false;
	bool page = q->format == FORMAT_TABLE && c->term.is_terminal;
	if (!args_count(a, "limit", page ? TERMINAL_ROWS : UINT64_MAX, &limit, e) ||
	    !args_count(a, "after", 0, &q->after, e) ||
	    !list_read(c, a, "facets", "", &q->facets, &q->facets_n, e) ||
	    !list_read(c, a, "columns",
		       "person,name,email,company,stage,first_source,touches,last_at", &q->columns,
		       &q->columns_n, e))
		return false;
	if (limit == 0)
		return err_set(e, ERR_INVALID, "--limit wants 1 or more");
	q->limit = limit;
	if ((q->count_only || q->facets_n > 0) && q->format == FORMAT_CSV && q->facets_n == 0)
		return err_set(e, ERR_INVALID, "--count comes as table or json");
	const char *sort = args_text(a, "sort");
	if (sort != NULL) {
		q->sort = str_of(sort);
		q->descending = str_ends(q->sort, S(":desc"));
		if (q->descending)
			q->sort = str_sub(q->sort, 0, q->sort.n - 5);
		else if (str_ends(q->sort, S(":asc")))
			q->sort = str_sub(q->sort, 0, q->sort.n - 4);
	}
	return true;
}

/* ---- who fits -------------------------------------------------------------------------------- */

static void note_did(void *arg, const struct rule_did *did)
{
	struct query *q = arg;
	q->failed = q->failed || (!vec_push(&q->deeds, did->name) && !err_nomem(&q->e));
}

static uint64_t keep_person(void *arg, const struct touch *t)
{
	const struct query *q = arg;
	bool asked = false;
	for (size_t i = 0; i < q->deeds.n; i++)
		asked = asked || str_eq(q->deeds.items[i], t->name);
	return asked && t->person > 0 ? people_subject_of(q->people, t->person) : 0;
}

/* Reads the subject and holds it against the rule. */
static bool subject_fits(struct query *q, uint64_t number, bool *fits_r, err *e)
{
	size_t n = 0;
	const struct touch *touches = q->deeds.n ? history_of(&q->history, number, &n) : NULL;
	arena_reset(&q->scratch);
	if (!subject_read(q->people, number, touches, n, q->now_us, &q->scratch, &q->subject, e))
		return false;
	*fits_r = rule_test(q->rule, &q->subject.rule_row);
	return true;
}

static bool each_person(void *arg, uint64_t number)
{
	struct query *q = arg;
	bool fits = false;
	if (q->sort.n == 0 && number <= q->after && !q->count_only && q->facets_n == 0)
		return true;
	q->failed = !subject_fits(q, number, &fits, &q->e);
	if (q->failed || !fits)
		return !q->failed;
	q->count++;
	q->failed = !q->take(q, number);
	return !q->failed && !q->done;
}

static bool take_nothing(struct query *q, uint64_t number)
{
	(void)q;
	(void)number;
	return true;
}

static bool query_walk(struct query *q, bool (*take)(struct query *q, uint64_t number), err *e)
{
	q->take = take;
	if (!people_each(q->people, ENTITY_PERSON, each_person, q, e))
		return false;
	if (q->failed)
		*e = q->e;
	return !q->failed;
}

static bool query_prepare(struct cli *c, struct snapshot *s, const struct args *a, struct query *q,
			  bool *usage_r, err *e)
{
	struct rule_catalogue catalogue;
	str text = a->words_n > 0 ? str_of(a->words[0]) : S("");
	*usage_r = false;
	q->cli = c;
	q->people = snapshot_people(s);
	if (!people_catalogue(q->people, ENTITY_PERSON, &c->arena, &catalogue, e))
		return false;
	if (!rule_parse(&c->arena, text, &catalogue, &q->rule, e)) {
		*usage_r = true;
		return false;
	}
	rule_each_did(q->rule, note_did, q);
	if (q->failed)
		*e = q->e;
	return !q->failed &&
	       (!q->deeds.n || history_gather(s, keep_person, q, &c->arena, &q->history, e));
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool row_add(struct query *q, uint64_t number)
{
	(void)number;
	for (size_t i = 0; i < q->columns_n; i++) {
		value v = subject_value(&q->subject, q->columns[i], &q->scratch);
		struct table_cell cell = { .value = value_dup(&q->rows, v) };
		if (cell.value.kind == VALUE_TIME && q->format == FORMAT_TABLE) {
			char text[TIME_TEXT_MAX];
			cell.text = str_dup(&q->rows, time_print_local(text, v.i));
		}
		if (q->rows.over || q->rows.nomem)
			return arena_err(&q->rows, &q->e);
		if (!table_add(&q->table, cell, &q->e))
			return false;
	}
	q->shown++;
	return true;
}

/* Rows that are complete go out; nothing of them is kept. Tables wait for their widths. */
static bool rows_flush(struct query *q, err *e)
{
	if (q->format == FORMAT_CSV)
		table_put_csv(&q->table, false, &q->cli->out);
	else
		table_put_json(&q->table, &q->json);
	vec_clear(&q->table.cells);
	arena_reset(&q->rows);
	return cli_flush_some(q->cli, e);
}

/* In order of number: rows are shown as they are found. One more than the limit tells that there is
 * a next page. */
static bool take_row(struct query *q, uint64_t number)
{
	if (q->shown == q->limit) {
		q->more = true;
		q->done = true;
		return true;
	}
	q->next = number;
	if (!row_add(q, number))
		return false;
	if (q->format == FORMAT_TABLE || table_rows(&q->table) < ROWS_FLUSH)
		return true;
	return rows_flush(q, &q->e);
}

static bool take_sorted(struct query *q, uint64_t number)
{
	value v = subject_value(&q->subject, q->sort, &q->scratch);
	struct sort_item item = { number, value_dup(&q->cli->arena, v) };
	if (q->cli->arena.over || q->cli->arena.nomem)
		return arena_err(&q->cli->arena, &q->e);
	return vec_push(&q->items, item) || err_nomem(&q->e);
}

static int item_cmp(const void *a, const void *b)
{
	const struct sort_item *x = a;
	const struct sort_item *y = b;
	bool unknown_x = x->value.kind == VALUE_NONE;
	bool unknown_y = y->value.kind == VALUE_NONE;
	int order = 0;
	if (unknown_x != unknown_y)
		return unknown_x ? 1 : -1;
	if (!unknown_x)
		order = value_cmp(x->value, y->value);
	return order != 0 ? order : x->number < y->number ? -1 : x->number > y->number;
}

static int item_cmp_down(const void *a, const void *b)
{
	const struct sort_item *x = a;
	const struct sort_item *y = b;
	/* Who has no value stays at the end. */
	if (x->value.kind == VALUE_NONE || y->value.kind == VALUE_NONE)
		return item_cmp(a, b);
	return item_cmp(b, a);
}

static bool rows_sorted(struct query *q, err *e)
{
	if (!query_walk(q, take_sorted, e))
		return false;
	if (q->items.n > 0)
		qsort(q->items.items, q->items.n, sizeof *q->items.items,
		      q->descending ? item_cmp_down : item_cmp);
	size_t end = q->items.n;
	if (q->limit < end && q->after < end - q->limit)
		end = (size_t)(q->after + q->limit);
	for (size_t i = (size_t)MIN(q->after, (uint64_t)end); i < end; i++) {
		bool fits = false;
		if (!subject_fits(q, q->items.items[i].number, &fits, e))
			return false;
		if (!row_add(q, q->items.items[i].number)) {
			*e = q->e;
			return false;
		}
		if (q->format != FORMAT_TABLE && table_rows(&q->table) >= ROWS_FLUSH &&
		    !rows_flush(q, e))
			return false;
	}
	q->more = end < q->items.n;
	q->next = end;
	return true;
}

static bool columns_make(struct query *q, err *e)
{
	static const char *const figures[] = { "person", "number", "touches", "first_at",
					       "last_at" };
	struct table_column *columns = ARENA_ARRAY(&q->cli->arena, struct table_column,
						   q->columns_n);
	if (columns == NULL)
		return arena_err(&q->cli->arena, e);
	for (size_t i = 0; i < q->columns_n; i++) {
		columns[i] = (struct table_column){ q->columns[i], q->columns[i], ALIGN_LEFT,
						    true };
		for (size_t k = 0; k < ARRAY_LEN(figures); k++) {
			if (str_eq(q->columns[i], str_of(figures[k])))
				columns[i] = (struct table_column){ q->columns[i], q->columns[i],
								    ALIGN_RIGHT, false };
		}
	}
	q->table = (struct table){ .columns = columns, .columns_n = q->columns_n };
	return true;
}

static bool rows_print(struct query *q, err *e)
{
	struct buf *out = &q->cli->out;
	if (!columns_make(q, e))
		return false;
	json_writer_init(&q->json, out, false);
	if (q->format == FORMAT_CSV) {
		table_put_csv(&q->table, true, out);
	} else if (q->format == FORMAT_JSON) {
		json_object_open(&q->json);
		json_key(&q->json, S("rows"));
		json_array_open(&q->json);
	}
	bool ok = q->sort.n > 0 ? rows_sorted(q, e) : query_walk(q, take_row, e);
	if (!ok)
		return false;
	if (q->format == FORMAT_TABLE) {
		if (q->shown > 0)
			table_put_text(&q->table, &q->cli->term, &q->cli->arena, out);
		/* Rows first, then the note, though they go different ways. */
		if (!cli_flush(q->cli, e))
			return false;
		if (q->more)
			cli_note(
				"There are more: --after %llu goes on, --limit shows more at once.",
				(unsigned long long)q->next);
		if (q->shown == 0)
			cli_note("Nobody fits.");
		return true;
	}
	if (!rows_flush(q, e))
		return false;
	if (q->format == FORMAT_JSON) {
		json_array_close(&q->json);
		json_key(&q->json, S("next"));
		if (q->more)
			json_put_uint(&q->json, q->next);
		else
			json_put_null(&q->json);
		json_object_close(&q->json);
		buf_byte(out, '\n');
	}
	return true;
}

static bool count_print(struct query *q, err *e)
{
	char text[NUMBER_TEXT_MAX];
	if (!query_walk(q, take_nothing, e))
		return false;
	if (q->format == FORMAT_JSON)
		buf_printf(&q->cli->out, "{\"count\":%llu}\n", (unsigned long long)q->count);
	else
		buf_printf(&q->cli->out, "%.*s\n", STR_ARG(show_count(text, q->count)));
	return true;
}

static bool answer(struct query *q, err *e)
{
	arena_init(&q->scratch, SUBJECT_ARENA_MAX);
	arena_init(&q->rows, q->cli->settings.memory_max);
	bool ok = q->facets_n > 0 ? people_facets(q, query_walk, e)
		  : q->count_only ? count_print(q, e)
				  : rows_print(q, e);
	table_fini(&q->table);
	vec_free(&q->deeds);
	vec_free(&q->items);
	arena_fini(&q->rows);
	arena_fini(&q->scratch);
	return ok;
}

static enum cli_status run(struct cli *c, const struct args *a)
{
	struct query q;
	struct snapshot *s = NULL;
	bool usage = false;
	err e = { 0 };
	if (!query_read(c, a, &q, &e))
		return cli_usage(a, &e);
	if (!cli_snapshot(c, a, &s, &e))
		return e.code == ERR_INVALID ? cli_usage(a, &e) : cli_fail(&e);
	enum cli_status status = CLI_DONE;
	if (!query_prepare(c, s, a, &q, &usage, &e))
		status = usage ? cli_usage(a, &e) : cli_fail(&e);
	else if (!answer(&q, &e))
		status = cli_fail(&e);
	else if (q.count == 0)
		status = CLI_NEGATIVE;
	snapshot_close(&s);
	return status;
}
