/*
 * cmd_demo.c - trichter demo: a data directory with the sample company in it.
 *
 * What it is:   makes the directory where there is none, and one import; says what it made.
 * Promises:     a directory that holds touches stays as it is; an interrupt takes back what was
 *               made.
 * Threads:      one at a time.
 */
#include "cli/cli_int.h"

#include "base/time.h"
#include "cli/cli_progress_int.h"
#include "load/sample.h"

static const struct option options[] = {
	OPTION("seed", "N", "another company for each number (1)"),
	OPTION("people", "N", "visitors of the web site (20,000)"),
	OPTION("days", "N", "how long it lasts, up to the last midnight (365)"),
	OPTION("touches", "N", "about so many touches, instead of --people"),
	OPTION("end", "DATE",
	       "the day before which it ends, so that all is the same tomorrow (today)"),
	OPTION("zone", "ZONE", "time zone of a directory that is made: Europe/Berlin (UTC)"),
	OPTION("format", "FORMAT", "table (words) or json"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "--data company demo", "a data directory named company, filled" },
	{ "--data big demo --touches 10000000", "as many touches as a large company has" },
	{ "--data same demo --seed 7 --end 2026-01-01", "the same again, whenever it is made" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_demo = {
	.name = "demo",
	.words = "",
	.summary = "a data directory with a sample company",
	.about =
		"Fills the data directory (--data; made when there is none) with the story of a "
		"company that never was: visits, forms, consent, mails, calls, deals, spend, over a "
		"year. It is one import, so trichter import --undo takes it back. The same numbers "
		"give the same company.",
	.options = options,
	.examples = examples,
	.run = run,
};

static bool plan_read(struct cli *c, const struct args *a, struct sample_options *o, bool *json_r,
		      err *e)
{
	static const char *const formats[] = { "table", "json", NULL };
	uint64_t touches = 0;
	size_t format = 0;
	int64_t days = 0;
	const char *end = args_text(a, "end");
	(void)c;
	if (!args_count(a, "seed", SAMPLE_SEED_DEFAULT, &o->seed, e) ||
	    !args_count(a, "people", SAMPLE_PEOPLE_DEFAULT, &o->people, e) ||
	    !args_count(a, "days", SAMPLE_DAYS_DEFAULT, &o->days, e) ||
	    !args_count(a, "touches", 0, &touches, e) ||
	    !args_choice(a, "format", formats, 0, &format, e))
		return false;
	*json_r = format == 1;
	if (o->people == 0 || o->days == 0 || (touches == 0 && args_text(a, "touches") != NULL))
		return err_set(e, ERR_INVALID, "--people, --days and --touches are at least 1");
	if (touches > 0 && args_text(a, "people") != NULL)
		return err_set(e, ERR_INVALID, "--people and --touches exclude each other");
	if (o->people > SAMPLE_PEOPLE_MAX || o->days > SAMPLE_DAYS_MAX ||
	    touches / (uint64_t)SAMPLE_TOUCHES_PER_PERSON > SAMPLE_PEOPLE_MAX)
		return err_set(e, ERR_INVALID, "at most %llu people and %d days",
			       (unsigned long long)SAMPLE_PEOPLE_MAX, SAMPLE_DAYS_MAX);
	if (touches > 0)
		o->people = MAX((uint64_t)((double)touches / SAMPLE_TOUCHES_PER_PERSON),
				UINT64_C(1));
	if (end == NULL)
		return true;
	if (!time_parse_date(str_of(end), &days, e))
		return err_prefix(e, "--end");
	o->end_us = time_local_midnight(days);
	return true;
}

/* Something happened in it; what was taken back is not counted. */
static bool note_touch(void *arg, const struct touch *t)
{
	bool *found = arg;
	*found = !str_eq(t->name, S("import_undone"));
	return !*found;
}

static bool is_empty(struct cli *c, bool *empty_r, err *e)
{
	struct snapshot *s = NULL;
	bool found = false;
	if (!snapshot_open(c->data, 0, &s, e))
		return false;
	bool ok = snapshot_scan(s, note_touch, &found, e);
	snapshot_close(&s);
	*empty_r = !found;
	return ok;
}

/* An empty directory is there afterwards. */
static bool directory_make(struct cli *c, const struct args *a, enum cli_status *status_r, err *e)
{
	bool empty = false;
	str path = str_printf(&c->arena, "%s/ledger.db", c->data);
	char *name = str_cstr(&c->arena, path);
	if (name == NULL)
		return arena_err(&c->arena, e);
	if (!fs_exists(fs_real(), name)) {
		*status_r = command_init.run(c, a);
		buf_clear(&c->out);
		return true;
	}
	*status_r = CLI_DONE;
	if (!is_empty(c, &empty, e))
		return false;
	return empty || err_set(e, ERR_CONFLICT,
				"%s holds touches already; the sample company wants a directory of "
				"its own: trichter --data OTHER demo",
				c->data);
}

static void put_json(struct buf *b, const struct sample_result *r)
{
	struct json_writer w;
	char text[TIME_TEXT_MAX];
	const struct {
		str key;
		uint64_t n;
	} counts[] = {
		{ S("import"), r->import },
		{ S("touches"), r->touches },
		{ S("people"), r->people },
		{ S("companies"), r->companies },
		{ S("deals"), r->deals },
		{ S("won"), r->won },
		{ S("lost"), r->lost },
		{ S("lead"), r->entered[SAMPLE_LEAD] },
		{ S("mql"), r->entered[SAMPLE_MQL] },
		{ S("sal"), r->entered[SAMPLE_SAL] },
		{ S("sql"), r->entered[SAMPLE_SQL] },
		{ S("opportunity"), r->entered[SAMPLE_OPPORTUNITY] },
		{ S("customer"), r->entered[SAMPLE_CUSTOMER] },
	};
	json_writer_init(&w, b, false);
	json_object_open(&w);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		json_key(&w, counts[i].key);
		json_put_uint(&w, counts[i].n);
	}
	json_key(&w, S("from"));
	json_put_text(&w, time_print(text, r->from_us));
	json_key(&w, S("to"));
	json_put_text(&w, time_print(text, r->end_us));
	json_object_close(&w);
	buf_byte(b, '\n');
}

static void put_text(struct cli *c, const struct sample_result *r)
{
	struct buf *b = &c->out;
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];
	str first = str_sub(time_print_local(from, r->from_us), 0, 10);
	str last = str_sub(time_print_local(to, r->end_us - 1), 0, 10);
	buf_printf(b, "The sample company is in %s: ", c->data);
	put_plural(b, r->touches, "touch", "touches");
	buf_cstr(b, " of ");
	put_plural(b, r->people, "person", "people");
	buf_cstr(b, " from ");
	put_plural(b, r->companies, "known company", "known companies");
	buf_printf(b, ",\n%.*s to %.*s. ", STR_ARG(first), STR_ARG(last));
	put_plural(b, r->entered[SAMPLE_LEAD], "lead", "leads");
	buf_cstr(b, ", ");
	put_plural(b, r->deals, "deal", "deals");
	buf_cstr(b, ", ");
	put_plural(b, r->won, "won", "won");
	buf_cstr(b, ", ");
	put_plural(b, r->entered[SAMPLE_CUSTOMER], "customer", "customers");
	buf_cstr(b, ".\n");
}

static enum cli_status make(struct cli *c, struct sample_options *o, bool json)
{
	struct journal *j = NULL;
	struct sample_result r = { 0 };
	struct progress progress;
	err e = { 0 };
	if (!journal_join(c->data, &j, &e))
		return cli_fail(&e);
	progress_begin(&progress);
	o->progress = progress_show;
	o->progress_arg = &progress;
	o->stop = cli_stop_flag();
	bool ok = sample_make(j, o, &r, &e);
	progress_end(&progress);
	journal_close(&j);
	if (!ok)
		return cli_fail(&e);
	if (json)
		put_json(&c->out, &r);
	else
		put_text(c, &r);
	return CLI_DONE;
}

static enum cli_status run(struct cli *c, const struct args *a)
{
	struct sample_options o = { 0 };
	enum cli_status status = CLI_DONE;
	bool json = false;
	err e = { 0 };
	if (!plan_read(c, a, &o, &json, &e))
		return cli_usage(a, &e);
	if (!directory_make(c, a, &status, &e))
		return cli_fail(&e);
	return status == CLI_DONE ? make(c, &o, json) : status;
}
