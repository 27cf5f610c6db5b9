/*
 * funnel_saved.c - funnels with a name, on the command line: shown by it, kept, listed, taken away.
 *
 * What it is:   a saved funnel's parameters become options as if they had been typed; what was
 * typed beside the name goes first. The rows are those of the screens and the API. Promises:
 * nothing is kept that the same command could not answer. Threads:      one at a time.
 */
#include "cli/cli_int.h"

#include "base/time.h"
#include "cli/funnel_draw_int.h"
#include "funnel/saved.h"

#include <string.h>

#define OPTION_NAME_MAX 32

/* The options that say what a funnel counts; the others say how it is shown. */
static const char *const counting[] = {
	"steps", "window",	   "order",	    "by",      "of",	  "from",
	"to",	 "period",	   "tail",	    "where",   "count",	  "trend",
	"as-of", "groups",	   "profile",	    "exclude", "view",	  "compare",
	"entry", "reuse",	   "ties",	    "repeat",  "max-gap", "min-gap",
	"hold",	 "exclude-policy", "compare-where",
};

/* "max_gap" of the API is "max-gap" here, and the other way round. */
static void name_with(char to[OPTION_NAME_MAX], str name, char old, char new)
{
	size_t n = MIN(name.n, (size_t)OPTION_NAME_MAX - 1);
	for (size_t i = 0; i < n; i++)
		to[i] = name.p[i] == old ? new : name.p[i];
	to[n] = '\0';
}

static const struct option *option_of(const struct command *command, const char *name)
{
	for (const struct option *o = command->options; o->name; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

static bool is_period(const char *name)
{
	return strcmp(name, "from") == 0 || strcmp(name, "to") == 0 || strcmp(name, "period") == 0;
}

bool funnel_saved_args(struct cli *c, const struct args *typed, struct snapshot *s,
		       struct args *full_r, err *e)
{
	struct saved_funnel f;
	if (!saved_find(s, str_of(typed->words[0]), &c->arena, &f, e))
		return false;
	bool dated = args_text(typed, "from") || args_text(typed, "to") ||
		     args_text(typed, "period");
	*full_r = *typed;
	full_r->words_n = 0;
	full_r->given = ARENA_ARRAY(&c->arena, struct given, typed->given_n + f.params_n);
	if (!full_r->given)
		return arena_err(&c->arena, e);
	if (typed->given_n > 0)
		memcpy(full_r->given, typed->given, typed->given_n * sizeof *typed->given);
	for (size_t i = 0; i < f.params_n; i++) {
		char name[OPTION_NAME_MAX];
		name_with(name, f.params[i].name, '_', '-');
		const struct option *o = option_of(typed->command, name);
		if (!o)
			return err_set(e, ERR_INVALID,
				       "the funnel \"%.*s\" has the parameter %.*s, which this "
				       "command does not know",
				       STR_ARG(f.name), STR_ARG(f.params[i].name));
		if (args_text(typed, name) || (dated && is_period(name)))
			continue;
		const char *text = str_cstr(&c->arena, f.params[i].value);
		if (!text)
			return arena_err(&c->arena, e);
		full_r->given[full_r->given_n++] = (struct given){ o, text };
	}
	return true;
}

/* ---- keeping --------------------------------------------------------------------------------- */

static bool params_of(struct cli *c, const struct args *a, struct saved_funnel *f, err *e)
{
	f->params = ARENA_ARRAY(&c->arena, struct saved_param, ARRAY_LEN(counting));
	if (!f->params)
		return arena_err(&c->arena, e);
	for (size_t i = 0; i < ARRAY_LEN(counting); i++) {
		char name[OPTION_NAME_MAX];
		const char *text = args_text(a, counting[i]);
		if (!text || !*text)
			continue;
		name_with(name, str_of(counting[i]), '-', '_');
		f->params[f->params_n++] = (struct saved_param){ str_dup(&c->arena, str_of(name)),
								 str_of(text) };
	}
	return !c->arena.over || arena_err(&c->arena, e);
}

static bool row_set(struct cli *c, str name, str text, err *e)
{
	struct journal *j = NULL;
	str row = str_printf(&c->arena, SAVED_PREFIX "%.*s", STR_ARG(name));
	if (!row.p)
		return arena_err(&c->arena, e);
	if (!journal_join(c->data, &j, e))
		return false;
	bool ok = journal_config_set(j, row, text, cli_by(c), e);
	journal_close(&j);
	return ok;
}

/* Behind those that are pinned. */
static uint64_t next_place(const struct saved_funnel *list, size_t n)
{
	uint64_t place = 0;
	for (size_t i = 0; i < n; i++)
		place = MAX(place, list[i].place);
	return MIN(place + 1, (uint64_t)SAVED_PLACES_MAX);
}

bool funnel_saved_keep(struct cli *c, const struct args *a, struct snapshot *s, err *e)
{
	struct saved_funnel *list = NULL, f = { .name = str_of(args_text(a, "save")) };
	struct buf b CLEANUP(buf_fini);
	const char *title = args_text(a, "title");
	size_t n = 0;
	buf_init(&b, 2 * SAVED_TEXT_BYTES_MAX);
	if (!saved_name_check(f.name, e))
		return err_prefix(e, "--save");
	if (!saved_list(s, &c->arena, &list, &n, e) || !params_of(c, a, &f, e))
		return false;
	if (f.params_n == 0)
		return err_set(e, ERR_INVALID,
			       "--save keeps what was asked: say --steps, at least");
	f.title = f.name;
	for (size_t i = 0; i < n; i++) {
		if (str_eq(list[i].name, f.name)) {
			f.title = list[i].title;
			f.place = list[i].place;
		}
	}
	if (title)
		f.title = str_trim(str_of(title));
	if (args_on(a, "pin") && f.place == 0)
		f.place = next_place(list, n);
	if (n >= SAVED_FUNNELS_MAX)
		return err_set(e, ERR_LIMIT, "there are %d saved funnels, and no room for more",
			       SAVED_FUNNELS_MAX);
	if (!saved_title_check(f.title, e) || !saved_print(&f, &b, e) ||
	    !row_set(c, f.name, buf_view(&b), e))
		return false;
	cli_note("kept: trichter funnel %.*s shows it, and /funnels/%.*s in the browser",
		 STR_ARG(f.name), STR_ARG(f.name));
	return true;
}

bool funnel_saved_remove(struct cli *c, struct snapshot *s, str name, err *e)
{
	struct saved_funnel f;
	return saved_find(s, name, &c->arena, &f, e) && row_set(c, f.name, S(""), e);
}

/* ---- listing --------------------------------------------------------------------------------- */

static bool list_add(struct cli *c, struct table *t, const struct saved_funnel *f, err *e)
{
	char when[TIME_TEXT_MAX];
	str steps = saved_param(f, S("steps"));
	str at = str_dup(&c->arena, time_print_local(when, f->at_us));
	value place = { 0 };
	str shown = S(" ");
	if (f->place > 0) {
		place = value_int((int64_t)f->place);
		shown = (str){ 0 };
	}
	struct table_cell cells[] = {
		{ .value = value_text(f->name), .style = STYLE_BOLD },
		{ .value = value_text(f->title) },
		{ .value = value_text(steps.n > 0 ? steps : S("(the lifecycle)")) },
		{ .value = place, .text = shown, .style = STYLE_GREY },
		{ .value = value_text(at), .style = STYLE_GREY },
	};
	for (size_t i = 0; i < ARRAY_LEN(cells); i++)
		if (!table_add(t, cells[i], e))
			return false;
	return true;
}

bool funnel_saved_list(struct cli *c, const struct args *a, struct snapshot *s, err *e)
{
	static const struct table_column columns[] = {
		{ { "name", 4 }, { "name", 4 }, ALIGN_LEFT, false },
		{ { "title", 5 }, { "title", 5 }, ALIGN_LEFT, true },
		{ { "steps", 5 }, { "steps", 5 }, ALIGN_LEFT, true },
		{ { "place", 5 }, { "home", 4 }, ALIGN_RIGHT, false },
		{ { "changed_at", 10 }, { "changed", 7 }, ALIGN_LEFT, false },
	};
	struct table t CLEANUP(table_fini) = { .columns = columns,
					       .columns_n = ARRAY_LEN(columns) };
	struct saved_funnel *list = NULL;
	struct json_writer w;
	enum format format = FORMAT_TABLE;
	size_t n = 0;
	if (!args_format(a, &format, e) || !saved_list(s, &c->arena, &list, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!list_add(c, &t, &list[i], e))
			return false;
	if (format == FORMAT_CSV) {
		table_put_csv(&t, true, &c->out);
	} else if (format == FORMAT_JSON) {
		json_writer_init(&w, &c->out, false);
		json_array_open(&w);
		table_put_json(&t, &w);
		json_array_close(&w);
		buf_byte(&c->out, '\n');
	} else if (n > 0) {
		table_put_text(&t, &c->term, &c->arena, &c->out);
	} else {
		cli_note(
			"no funnel has a name yet; trichter funnel --steps '…' --save NAME keeps one");
	}
	return true;
}
