/*
 * cmd_demo.c - trichter demo: a data directory with the sample company in it.
 *
 * Promises:     the same seed, people, days and end give the same journal; a directory that holds
 *               something already is left as it is.
 * Threads:      one at a time.
 */
#include "cli/cli_int.h"

#include "base/time.h"
#include "cli/cli_progress_int.h"
#include "load/sample.h"

static const struct option options[] = {
	OPTION("people", "N", "visitors of the company (20000)"),
	OPTION("days", "N", "how many days are told (365)"),
	OPTION("seed", "N", "another company for each number (1)"),
	OPTION("end", "DATE", "the day on which the story ends (today)"),
	OPTION("format", "FORMAT", "table (words) or json"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "--data sample demo", "a year of 20,000 visitors, in the directory sample" },
	{ "--data big demo --people 1000000", "the same company, larger" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_demo = {
	.name = "demo",
	.words = "",
	.summary = "a data directory with a sample company to look around in",
	.about = "Makes the data directory (--data) if it is missing and tells a company's year: "
		 "visits from all channels, forms, qualified leads, deals won and lost. The same "
		 "seed and end give the same company.",
	.options = options,
	.examples = examples,
	.run = run,
};

static bool options_read(const struct args *a, struct sample_options *o, err *e)
{
	const char *end = args_text(a, "end");
	*o = (struct sample_options){ .stop = cli_stop_flag() };
	if (!args_count(a, "people", SAMPLE_PEOPLE_DEFAULT, &o->people, e) ||
	    !args_count(a, "days", SAMPLE_DAYS_DEFAULT, &o->days, e) ||
	    !args_count(a, "seed", SAMPLE_SEED_DEFAULT, &o->seed, e))
		return false;
	if (o->people == 0 || o->people > SAMPLE_PEOPLE_MAX)
		return err_set(e, ERR_INVALID, "--people is 1 to %llu",
			       (unsigned long long)SAMPLE_PEOPLE_MAX);
	if (o->days == 0 || o->days > SAMPLE_DAYS_MAX)
		return err_set(e, ERR_INVALID, "--days is 1 to %d", SAMPLE_DAYS_MAX);
	if (end != NULL && !time_parse(str_of(end), &o->end_us, e))
		return err_prefix(e, "--end");
	return true;
}

/* An empty data directory is fine; anything recorded is not mixed with a story. */
static bool directory_ready(struct cli *c, err *e)
{
	struct snapshot *s = NULL;
	err none = { 0 };
	if (!snapshot_open(c->data, 0, &s, &none)) {
		if (none.code == ERR_NOT_FOUND)
			return journal_init(c->data, e) && settings_make(c->data, S(""), e);
		*e = none;
		return false;
	}
	uint64_t touches = snapshot_seq(s);
	snapshot_close(&s);
	return touches == 0 ||
	       err_set(e, ERR_CONFLICT,
		       "%s holds %llu touches already; the sample company wants a directory of its "
		       "own",
		       c->data, (unsigned long long)touches);
}

static void show_progress(void *arg, uint64_t touches, uint64_t people, uint64_t people_total)
{
	progress_show(arg, touches, people, people_total);
}

static void put_result(struct cli *c, const struct sample_result *r)
{
	struct buf *b = &c->out;
	char from[TIME_TEXT_MAX];
	char end[TIME_TEXT_MAX];
	buf_printf(b, "The sample company is in %s: ", c->data);
	put_plural(b, r->touches, "touch", "touches");
	buf_cstr(b, " of ");
	put_plural(b, r->people, "person", "people");
	buf_printf(b, " from %.*s to %.*s.\n",
		   STR_ARG(str_sub(time_print_local(from, r->from_us), 0, 10)),
		   STR_ARG(str_sub(time_print_local(end, r->end_us), 0, 10)));
	put_plural(b, r->deals, "deal", "deals");
	buf_cstr(b, ", ");
	put_plural(b, r->won, "won", "won");
	buf_cstr(b, ", ");
	put_plural(b, r->lost, "lost", "lost");
	buf_cstr(b, "; ");
	put_plural(b, r->companies, "company", "companies");
	buf_cstr(b, ".\n");
}

static void put_json(struct cli *c, const struct sample_result *r)
{
	const struct {
		str key;
		uint64_t n;
	} figures[] = {
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
	struct json_writer w;
	json_writer_init(&w, &c->out, false);
	json_object_open(&w);
	for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
		json_key(&w, figures[i].key);
		json_put_uint(&w, figures[i].n);
	}
	json_object_close(&w);
	buf_byte(&c->out, '\n');
}

static enum cli_status run(struct cli *c, const struct args *a)
{
	static const char *const formats[] = { "table", "json", NULL };
	struct sample_options o;
	struct sample_result r = { 0 };
	struct progress progress;
	struct journal *j = NULL;
	size_t format = 0;
	err e = { 0 };
	if (!options_read(a, &o, &e) || !args_choice(a, "format", formats, 0, &format, &e))
		return cli_usage(a, &e);
	if (!directory_ready(c, &e) || !journal_open(c->data, NULL, &j, &e))
		return cli_fail(&e);
	progress_begin(&progress);
	progress.unit = "touches";
	o.progress = show_progress;
	o.progress_arg = &progress;
	bool ok = sample_make(j, &o, &r, &e);
	progress_end(&progress);
	journal_close(&j);
	if (!ok)
		return cli_fail(&e);
	if (format == 1)
		put_json(c, &r);
	else
		put_result(c, &r);
	return CLI_DONE;
}
