/*
 * cmd_report.c - trichter report: prepared views of what is known now.
 *
 * What it is:   at this stage the pipeline: deals and their value per stage, optionally broken down
 * by one of their fields. Values of several currencies stand beside each other, never added.
 * Promises:     every deal is counted in exactly one row, those without a stage or value too.
 * Threads:      one at a time.
 */
#include "cli/cli_int.h"

#include "base/map.h"
#include "base/num.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX	  10000
#define SUBJECT_ARENA_MAX (64 * MIB)

static const struct option options[] = {
	OPTION("by", "FIELD", "broken down by a field of the deals: owner, product, any trait"),
	OPTION("as-of", "WHEN", "only what was known then: a date, a time, or a touch's number"),
	OPTION("format", "FORMAT", "table, json or csv"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "report pipeline", "deals and their value, stage by stage" },
	{ "report pipeline --by product --format csv", "the same per product, for a spreadsheet" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_report = {
	.name = "report",
	.words = "pipeline",
	.summary = "deals and their value, stage by stage",
	.about = "Counts every deal in the stage that it is in now, adds up what the deals are "
		 "worth, and says how many belong to no company. Amounts of several currencies are "
		 "not added to each other.",
	.options = options,
	.examples = examples,
	.words_min = 1,
	.words_max = 1,
	.run = run,
};

struct report_row {
	str group, status, stage, currency;
	uint64_t deals, without_company, without_value;
	int64_t minor;
};

struct report {
	struct cli *cli;
	struct people *people;
	const char *by;
	struct arena one; /* of one deal */
	struct map numbers;
	VEC(struct report_row) rows;
	struct report_row sum;
	err *e;
	bool failed;
};

static str text_of(const struct subject_view *v, str key, struct arena *a)
{
	value found = subject_cell(v, key);
	if (found.kind == VALUE_TEXT)
		return found.text;
	struct buf b CLEANUP(buf_fini);
	buf_init(&b, MIB);
	if (found.kind != VALUE_NONE)
		value_print(&b, found);
	return str_dup(a, buf_view(&b));
}

/* The row of a deal, made when it is the first of its kind. */
static bool row_of(struct report *r, const struct report_row *kind, struct report_row **row_r)
{
	uint64_t at;
	struct arena *a = &r->cli->arena;
	str key = str_printf(&r->one, "%.*s\n%.*s\n%.*s\n%.*s", STR_ARG(kind->group),
			     STR_ARG(kind->status), STR_ARG(kind->stage), STR_ARG(kind->currency));
	if (!key.p)
		return arena_err(&r->one, r->e);
	if (!map_get(&r->numbers, key, &at)) {
		if (r->rows.n == ROWS_MAX)
			return err_set(r->e, ERR_LIMIT, "--by %s has more than %d different values",
				       r->by ? r->by : "", ROWS_MAX);
		struct report_row row = { .group = str_dup(a, kind->group),
					  .status = str_dup(a, kind->status),
					  .stage = str_dup(a, kind->stage),
					  .currency = str_dup(a, kind->currency) };
		if (a->over)
			return arena_err(a, r->e);
		at = r->rows.n;
		if (!vec_push(&r->rows, row) || !map_put(&r->numbers, key, at))
			return err_nomem(r->e);
	}
	*row_r = &r->rows.items[at];
	return true;
}

static bool add_deal(struct report *r, uint64_t deal)
{
	struct subject_view v;
	struct report_row kind = { 0 }, *row = NULL;
	arena_reset(&r->one);
	if (!people_view(r->people, deal, &r->one, &v, r->e))
		return false;
	value amount = subject_cell(&v, S("amount"));
	bool has_company = subject_cell(&v, S("company")).kind != VALUE_NONE;
	kind.status = text_of(&v, S("status"), &r->one);
	kind.stage = text_of(&v, S("stage"), &r->one);
	if (r->by)
		kind.group = text_of(&v, str_of(r->by), &r->one);
	if (amount.kind == VALUE_MONEY)
		kind.currency = str_of(amount.currency);
	if (!row_of(r, &kind, &row))
		return false;
	row->deals++;
	row->without_company += !has_company;
	row->without_value += amount.kind != VALUE_MONEY;
	r->sum.deals++;
	r->sum.without_company += !has_company;
	r->sum.without_value += amount.kind != VALUE_MONEY;
	if (amount.kind == VALUE_MONEY && ADD_OVERFLOWS(row->minor, amount.i, &row->minor))
		return err_set(r->e, ERR_LIMIT, "the deals are worth more than can be counted");
	return true;
}

static bool each_deal(void *arg, uint64_t deal)
{
	struct report *r = arg;
	r->failed = !add_deal(r, deal);
	return !r->failed;
}

/* Open before won before lost; in a status by the number of deals. */
static int status_rank(str status)
{
	return str_eq(status, S("open")) ? 0 : str_eq(status, S("won")) ? 1 : 2;
}

static int row_cmp(const void *a, const void *b)
{
	const struct report_row *x = a, *y = b;
	int order = str_cmp(x->group, y->group);
	if (order)
		return order;
	order = status_rank(x->status) - status_rank(y->status);
	if (order)
		return order;
	if (x->deals != y->deals)
		return x->deals > y->deals ? -1 : 1;
	order = str_cmp(x->stage, y->stage);
	return order ? order : str_cmp(x->currency, y->currency);
}

static struct table_cell text_cell(str s)
{
	return (struct table_cell){ .value = s.n ? value_text(s) : value_none() };
}

/* For json and csv; in tables it stands with the amount. */
static struct table_cell currency_cell(str currency)
{
	struct table_cell cell = text_cell(currency);
	cell.text = S("");
	return cell;
}

static struct table_cell count_cell(struct arena *a, uint64_t n)
{
	char text[NUMBER_TEXT_MAX];
	return (struct table_cell){ .value = value_int((int64_t)n),
				    .text = str_dup(a, show_count(text, n)) };
}

/* "10,005,534.00 USD"; in json and csv as everywhere, minor units and a currency. */
static struct table_cell money_cell(struct arena *a, const struct report_row *row)
{
	if (row->currency.n == 0)
		return (struct table_cell){ .value = value_none() };
	char count[NUMBER_TEXT_MAX];
	uint64_t minor = row->minor < 0 ? 0 - (uint64_t)row->minor : (uint64_t)row->minor;
	uint64_t unit = 1;
	int digits = num_currency_digits(row->currency.p);
	for (int i = 0; i < digits; i++)
		unit *= 10;
	str whole = show_count(count, minor / unit);
	const char *sign = row->minor < 0 ? "-" : "";
	str text = digits == 0
			   ? str_printf(a, "%s%.*s %.*s", sign, STR_ARG(whole),
					STR_ARG(row->currency))
			   : str_printf(a, "%s%.*s.%0*llu %.*s", sign, STR_ARG(whole), digits,
					(unsigned long long)(minor % unit), STR_ARG(row->currency));
	return (struct table_cell){ .value = value_int(row->minor), .text = text };
}

static bool table_fill(struct report *r, struct table *t, err *e)
{
	struct arena *a = &r->cli->arena;
	for (size_t i = 0; i < r->rows.n; i++) {
		const struct report_row *row = &r->rows.items[i];
		const struct table_cell cells[] = {
			text_cell(row->group),
			text_cell(row->stage),
			text_cell(row->status),
			count_cell(a, row->deals),
			money_cell(a, row),
			currency_cell(row->currency),
			count_cell(a, row->without_company),
		};
		for (size_t k = r->by ? 0 : 1; k < ARRAY_LEN(cells); k++) {
			if (!table_add(t, cells[k], e))
				return false;
		}
	}
	return !a->over || arena_err(a, e);
}

static void put_summary(struct report *r, struct buf *b)
{
	if (r->rows.n == 0) {
		buf_cstr(b,
			 "There are no deals yet; import some with: trichter import deals FILE\n");
		return;
	}
	buf_byte(b, '\n');
	put_plural(b, r->sum.deals, "deal", "deals");
	buf_cstr(b, " in all");
	if (r->sum.without_company) {
		char text[NUMBER_TEXT_MAX];
		buf_printf(b, "; %.*s without a company",
			   STR_ARG(show_count(text, r->sum.without_company)));
	}
	if (r->sum.without_value) {
		char text[NUMBER_TEXT_MAX];
		buf_printf(b, "; %.*s without an amount",
			   STR_ARG(show_count(text, r->sum.without_value)));
	}
	buf_cstr(b, ".\n");
}

static bool print(struct report *r, enum format format, err *e)
{
	static const struct table_column columns[] = {
		{ { "group", 5 }, { "", 0 }, ALIGN_LEFT, true },
		{ { "stage", 5 }, { "stage", 5 }, ALIGN_LEFT, false },
		{ { "status", 6 }, { "", 0 }, ALIGN_LEFT, false },
		{ { "deals", 5 }, { "deals", 5 }, ALIGN_RIGHT, false },
		{ { "value_minor", 11 }, { "value", 5 }, ALIGN_RIGHT, false },
		{ { "currency", 8 }, { "", 0 }, ALIGN_LEFT, false },
		{ { "without_company", 15 }, { "no company", 10 }, ALIGN_RIGHT, false },
	};
	size_t skip = r->by ? 0 : 1;
	struct table t = { .columns = columns + skip, .columns_n = ARRAY_LEN(columns) - skip };
	struct buf *out = &r->cli->out;
	bool ok = table_fill(r, &t, e);
	if (ok && format == FORMAT_CSV) {
		table_put_csv(&t, true, out);
	} else if (ok && format == FORMAT_JSON) {
		struct json_writer w;
		json_writer_init(&w, out, true);
		json_object_open(&w);
		json_key(&w, S("rows"));
		json_array_open(&w);
		table_put_json(&t, &w);
		json_array_close(&w);
		json_key(&w, S("deals"));
		json_put_uint(&w, r->sum.deals);
		json_key(&w, S("without_company"));
		json_put_uint(&w, r->sum.without_company);
		json_object_close(&w);
		buf_byte(out, '\n');
	} else if (ok) {
		if (r->rows.n)
			table_put_text(&t, &r->cli->term, &r->cli->arena, out);
		put_summary(r, out);
	}
	table_fini(&t);
	return ok && cli_flush(r->cli, e);
}

static enum cli_status run(struct cli *c, const struct args *a)
{
	enum format format;
	struct snapshot *s;
	err e = { 0 };
	if (strcmp(a->words[0], "pipeline") != 0) {
		err_set(&e, ERR_INVALID, "there is no report \"%s\"; there is: pipeline",
			a->words[0]);
		return cli_usage(a, &e);
	}
	if (!args_format(a, &format, &e))
		return cli_usage(a, &e);
	if (!cli_snapshot(c, a, &s, &e))
		return cli_fail(&e);
	struct report r = {
		.cli = c, .people = snapshot_people(s), .by = args_text(a, "by"), .e = &e
	};
	arena_init(&r.one, SUBJECT_ARENA_MAX);
	bool ok = people_each(r.people, ENTITY_DEAL, each_deal, &r, &e) && !r.failed;
	if (ok && r.rows.n)
		qsort(r.rows.items, r.rows.n, sizeof *r.rows.items, row_cmp);
	ok = ok && print(&r, format, &e);
	bool nothing = r.sum.deals == 0;
	vec_free(&r.rows);
	map_fini(&r.numbers);
	arena_fini(&r.one);
	snapshot_close(&s);
	return !ok ? cli_fail(&e) : nothing ? CLI_NEGATIVE : CLI_DONE;
}
