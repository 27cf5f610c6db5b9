/*
 * cmd_config.c - trichter config: settings of this machine, configuration of the company.
 *
 * What it is:   settings (zone, memory_max) stand in DIR/trichter.yaml; what the funnel is counted
 *               by (stages, rule.NAME) stands in the ledger, with who changed it and when.
 * Promises:     a value that cannot hold is refused before it is stored; edit changes nothing when
 *               the result is wrong.
 * Threads:      one at a time.
 */
#include "cli/cli_int.h"

#include "base/time.h"
#include "server/collect.h"

#include <string.h>

static const struct option options[] = {
	OPTION("format", "FORMAT", "get as table, json or csv"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "config get", "everything, with where it comes from" },
	{ "config set zone Europe/Berlin", "days and months begin at midnight there" },
	{ "config set stages 'lead, mql, sal, sql, opportunity, customer'", "the line of stages" },
	{ "config set rule.mql 'enter mql when stage = lead and did(\"demo_booked\") >= 1'",
	  "who becomes an MQL by itself" },
	{ "config set collect '{\"staff_networks\":[\"192.0.2.0/24\"]}'",
	  "visits from the office are marked, not counted" },
	{ "config edit rule.mql", "the same in an editor" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_config = {
	.name = "config",
	.words = "get|set|edit|check [NAME] [VALUE]",
	.summary = "settings and configuration: shows, changes, checks them",
	.about =
		"get shows all values, or one. set changes one; an empty value takes a rule or the "
		"stages back to their default. edit opens $EDITOR. check reads everything and says "
		"what is wrong.\n"
		"\n"
		"Settings (zone, memory_max) stand in DIR/trichter.yaml; a variable TRICHTER_ZONE or "
		"TRICHTER_MEMORY_MAX goes before it. stages, collect, privacy and rule.NAME are kept in the ledger, "
		"where every answer can say which version it was counted by.",
	.options = options,
	.examples = examples,
	.words_min = 1,
	.words_max = 3,
	.run = run,
};

/* What the server reads as JSON. */
static bool is_document(str name)
{
	return str_eq(name, S("collect")) || str_eq(name, S("privacy"));
}

static bool is_ledger_name(str name)
{
	return str_eq(name, S("stages")) || is_document(name) ||
	       (str_starts(name, S("rule.")) && name.n > 5);
}

static bool name_unknown(str name, err *e)
{
	struct settings s;
	struct nearest near = { .typed = name };
	char hint[128];
	settings_init(&s);
	for (size_t i = 0; i < SETTINGS_N; i++)
		nearest_try(&near, s.all[i].name);
	nearest_try(&near, "stages");
	return err_set(
		e, ERR_INVALID,
		"there is no \"%.*s\"; there are zone, memory_max, stages, collect, privacy and "
		"rule.NAME.%.*s",
		STR_ARG(name), STR_ARG(nearest_text(&near, hint)));
}

/* ---- get ------------------------------------------------------------------------------------- */

struct listing {
	struct cli *cli;
	str only; /* empty: all */
	struct table table;
	bool stages;
	err e;
	bool failed;
};

static bool add_row(struct listing *l, str name, str text, const char *origin, str by,
		    int64_t from_us)
{
	struct arena *a = &l->cli->arena;
	char at[TIME_TEXT_MAX];
	if (l->only.n > 0 && !str_eq(l->only, name))
		return true;
	const struct table_cell cells[] = {
		{ .value = value_text(str_dup(a, name)) },
		{ .value = value_text(str_dup(a, text)) },
		{ .value = value_text(str_of(origin)), .style = STYLE_GREY },
		{ .value = from_us != 0 ? value_time(from_us) : value_none(),
		  .text = from_us != 0 ? str_dup(a, time_print_local(at, from_us)) : S(""),
		  .style = STYLE_GREY },
		{ .value = by.n > 0 ? value_text(str_dup(a, by)) : value_none(),
		  .style = STYLE_GREY },
	};
	for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
		if (!table_add(&l->table, cells[i], &l->e))
			return false;
	}
	return true;
}

static bool each_config(void *arg, str name, str text, uint64_t from_seq, int64_t from_us, str by)
{
	struct listing *l = arg;
	(void)from_seq;
	if (!is_ledger_name(name) || text.n == 0)
		return true;
	l->stages = l->stages || str_eq(name, S("stages"));
	l->failed = !add_row(l, name, text, "ledger", by, from_us);
	return !l->failed;
}

static bool listing_make(struct cli *c, struct listing *l, err *e)
{
	struct snapshot *s = NULL;
	for (size_t i = 0; i < SETTINGS_N; i++) {
		const struct setting *setting = &c->settings.all[i];
		if (!add_row(l, str_of(setting->name), setting->value,
			     setting_origin_name(setting->origin), S(""), 0)) {
			*e = l->e;
			return false;
		}
	}
	/* Before there is a data directory the settings alone can be shown. */
	err none = { 0 };
	if (snapshot_open(c->data, 0, &s, &none)) {
		bool ok = snapshot_config_each(s, each_config, l, e);
		snapshot_close(&s);
		if (!ok)
			return false;
	} else if (none.code != ERR_NOT_FOUND) {
		*e = none;
		return false;
	}
	if (!l->failed && !l->stages)
		l->failed = !add_row(l, S("stages"), S(STAGES_DEFAULT), "default", S(""), 0);
	if (l->failed)
		*e = l->e;
	return !l->failed;
}

static void listing_print(struct cli *c, const struct listing *l, enum format format)
{
	struct json_writer w;
	if (format == FORMAT_CSV) {
		table_put_csv(&l->table, true, &c->out);
	} else if (format == FORMAT_JSON) {
		json_writer_init(&w, &c->out, false);
		json_object_open(&w);
		json_key(&w, S("config"));
		json_array_open(&w);
		table_put_json(&l->table, &w);
		json_array_close(&w);
		json_object_close(&w);
		buf_byte(&c->out, '\n');
	} else if (l->only.n > 0) {
		/* One value alone, so that a script can use it. */
		buf_str(&c->out, l->table.cells.items[1].value.text);
		buf_byte(&c->out, '\n');
	} else {
		table_put_text(&l->table, &c->term, &c->arena, &c->out);
	}
}

static enum cli_status get(struct cli *c, const struct args *a)
{
	static const struct table_column columns[] = {
		{ { "name", 4 }, { "name", 4 }, ALIGN_LEFT, false },
		{ { "value", 5 }, { "value", 5 }, ALIGN_LEFT, true },
		{ { "origin", 6 }, { "from", 4 }, ALIGN_LEFT, false },
		{ { "since", 5 }, { "since", 5 }, ALIGN_LEFT, false },
		{ { "by", 2 }, { "by", 2 }, ALIGN_LEFT, false },
	};
	struct listing l = { .cli = c,
			     .only = a->words_n > 1 ? str_of(a->words[1]) : S(""),
			     .table = { .columns = columns, .columns_n = ARRAY_LEN(columns) } };
	enum format format = FORMAT_TABLE;
	err e = { 0 };
	if (!args_format(a, &format, &e))
		return cli_usage(a, &e);
	if (l.only.n > 0 && !is_ledger_name(l.only) &&
	    settings_find(&c->settings, l.only) == NULL) {
		name_unknown(l.only, &e);
		return cli_usage(a, &e);
	}
	enum cli_status status = CLI_DONE;
	if (!listing_make(c, &l, &e))
		status = cli_fail(&e);
	else if (l.table.cells.n == 0)
		status = CLI_NEGATIVE;
	else
		listing_print(c, &l, format);
	if (status == CLI_NEGATIVE)
		cli_note("trichter: %s is not set", a->words[1]);
	table_fini(&l.table);
	return status;
}

/* ---- set ------------------------------------------------------------------------------------- */

static bool stages_check(str text, err *e)
{
	str rest = text;
	for (str part; str_next(&rest, ',', &part);) {
		part = str_trim(part);
		str others = rest;
		for (str other; str_next(&others, ',', &other);) {
			if (str_eq(str_trim(other), part))
				return err_set(e, ERR_INVALID,
					       "the stage \"%.*s\" stands there twice",
					       STR_ARG(part));
		}
		if (str_eq(part, S("visitor")))
			return err_set(
				e, ERR_INVALID,
				"\"visitor\" stands before the line by itself: leave it out");
	}
	return true;
}

static bool value_set(struct cli *c, str name, str text, err *e)
{
	struct journal *j = NULL;
	if (!is_ledger_name(name))
		return settings_write(c->data, name, text, &c->arena, e);
	if (str_eq(name, S("stages")) && !stages_check(text, e))
		return false;
	if (is_document(name) && !collect_config_check(name, text, e))
		return false;
	if (!journal_join(c->data, &j, e))
		return false;
	bool ok = journal_config_set(j, name, text, cli_by(c), e);
	journal_close(&j);
	return ok;
}

static enum cli_status set(struct cli *c, const struct args *a)
{
	err e = { 0 };
	if (a->words_n != 3) {
		err_set(&e, ERR_INVALID, "set takes a name and a value");
		return cli_usage(a, &e);
	}
	str name = str_of(a->words[1]);
	if (!is_ledger_name(name) && settings_find(&c->settings, name) == NULL) {
		name_unknown(name, &e);
		return cli_usage(a, &e);
	}
	if (value_set(c, name, str_of(a->words[2]), &e))
		return CLI_DONE;
	err_prefix(&e, "%s", a->words[1]);
	return e.code == ERR_INVALID ? cli_usage(a, &e) : cli_fail(&e);
}

/* ---- edit ------------------------------------------------------------------------------------ */

static bool text_of(struct cli *c, str name, str *text_r, err *e)
{
	struct snapshot *s = NULL;
	if (!snapshot_open(c->data, 0, &s, e))
		return false;
	bool ok = snapshot_config(s, name, &c->arena, text_r, e);
	snapshot_close(&s);
	if (ok && text_r->n == 0 && str_eq(name, S("stages")))
		*text_r = S(STAGES_DEFAULT);
	return ok;
}

static bool edit_ledger(struct cli *c, str name, err *e)
{
	str before;
	str after;
	if (!text_of(c, name, &before, e))
		return false;
	str shown = str_printf(&c->arena, "%.*s\n", STR_ARG(before));
	if (shown.p == NULL)
		return arena_err(&c->arena, e);
	if (!editor_run(c, "value", shown, &after, e))
		return false;
	after = str_trim(after);
	return str_eq(after, before) || value_set(c, name, after, e);
}

static bool edit_settings(struct cli *c, err *e)
{
	char *path = str_cstr(&c->arena, str_printf(&c->arena, "%s/%s", c->data, SETTINGS_FILE));
	struct buf b;
	str after;
	if (path == NULL)
		return arena_err(&c->arena, e);
	buf_init(&b, MIB);
	if (!fs_exists(fs_real(), path))
		settings_put_file(&b, S(""));
	else if (!fs_read_all(fs_real(), path, MIB, &b, e)) {
		buf_fini(&b);
		return false;
	}
	bool ok = buf_ok(&b, e) && editor_run(c, "yaml", buf_view(&b), &after, e) &&
		  settings_check(after, &c->arena, e) && fs_write_all(fs_real(), path, after, e);
	buf_fini(&b);
	return ok;
}

static enum cli_status edit(struct cli *c, const struct args *a)
{
	err e = { 0 };
	str name = a->words_n > 1 ? str_of(a->words[1]) : S("");
	if (a->words_n > 2) {
		err_set(&e, ERR_INVALID, "edit takes one name, or none for the settings file");
		return cli_usage(a, &e);
	}
	if (name.n > 0 && !is_ledger_name(name) && settings_find(&c->settings, name) == NULL) {
		name_unknown(name, &e);
		return cli_usage(a, &e);
	}
	bool ok = is_ledger_name(name) ? edit_ledger(c, name, &e) : edit_settings(c, &e);
	return ok ? CLI_DONE : cli_fail(&e);
}

static enum cli_status check(struct cli *c, const struct args *a)
{
	struct settings s;
	struct snapshot *snapshot = NULL;
	str *stages = NULL;
	size_t n = 0;
	err e = { 0 };
	if (a->words_n > 1) {
		err_set(&e, ERR_INVALID, "check takes no name");
		return cli_usage(a, &e);
	}
	if (!settings_read(&s, c->data, &c->arena, &e)) {
		cli_note("trichter: %s", e.text);
		return CLI_NEGATIVE;
	}
	if (!snapshot_open(c->data, 0, &snapshot, &e))
		return cli_fail(&e);
	bool ok = cli_stages(c, snapshot, &stages, &n, &e);
	snapshot_close(&snapshot);
	if (!ok)
		return cli_fail(&e);
	buf_printf(&c->out, "Settings and configuration are in order; %zu stages.\n", n);
	return CLI_DONE;
}

static enum cli_status run(struct cli *c, const struct args *a)
{
	static const struct {
		const char *verb;
		enum cli_status (*run)(struct cli *c, const struct args *a);
	} verbs[] = { { "get", get }, { "set", set }, { "edit", edit }, { "check", check } };
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(a->words[0], verbs[i].verb) == 0)
			return verbs[i].run(c, a);
	}
	err e = { 0 };
	err_set(&e, ERR_INVALID, "get, set, edit or check, not \"%s\"", a->words[0]);
	return cli_usage(a, &e);
}
