/*
 * cmd_import.c - trichter import: files in, and back out again.
 *
 * What it is:   options to load_options, one import per file, a summary in words or JSON; --undo.
 * Promises:     an interrupt keeps what is whole and says how to go on; nothing is said to be read
 *               that was not.
 * Threads:      one at a time.
 */
#include "cli/cli_int.h"

#include "base/num.h"
#include "cli/cli_progress_int.h"
#include "load/load.h"

#include <string.h>

#define MAP_PAIRS_MAX 1000
#define FILES_MAX     10000

static const struct option options[] = {
	OPTION_MANY("map", "FILE|F=H", "a map file, or field F is in the column with header H"),
	OPTION("date-format", "FORMAT", "how dates are written: %d-%m-%Y (recognised)"),
	OPTION("on-duplicate", "WHAT",
	       "for people known already: update, fill (only what is "
	       "unknown) or skip"),
	SWITCH("dry-run", "says what would happen and stores nothing"),
	OPTION("rejects", "FILE",
	       "where rows that cannot be used go, with the reason "
	       "(FILE.rejects.csv)"),
	SWITCH("resume", "goes on where an interrupted import stopped"),
	OPTION("undo", "IMPORT", "takes an import back, by its number"),
	SWITCH("live",
	       "rules, mails and webhooks fire for what is imported, as if it happened now"),
	OPTION("format", "FORMAT", "table (words) or json"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "import people contacts.csv", "people of a HubSpot, Salesforce or plain export" },
	{ "import --map examples/maps/olist-leads.yaml leads.csv", "any other file, by a map" },
	{ "import deals --map amount=Value --date-format %m/%d/%Y deals.csv",
	  "one column named by hand" },
	{ "import people contacts.csv --dry-run", "what would happen" },
	{ "import --undo 3", "takes the third import back" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_import = {
	.name = "import",
	.words = "[KIND] FILE...",
	.summary = "reads events, people, companies, deals or spend from files",
	.about =
		"KIND is events, people, companies, deals or spend; a map file names it itself. "
		"Files are CSV (delimiter, encoding and headers are recognised) or JSON lines "
		"(Segment messages for events).\n"
		"\n"
		"Each file is one import with a number. It becomes visible as a whole at its end; "
		"reading the same file again changes nothing; rows that cannot be used come back in "
		"a file with their reason.",
	.options = options,
	.examples = examples,
	.words_max = FILES_MAX,
	.run = run,
};

struct plan {
	struct load_options load;
	const char *const *files;
	size_t files_n;
	bool json;
};

/* A word that names a kind is one, unless a file has that name and no kind was needed. */
static bool kind_read(const struct args *a, struct plan *p, err *e)
{
	static const str later[] = { { "prospects", 9 }, { "suppressions", 12 } };
	p->files = a->words;
	p->files_n = a->words_n;
	str first = a->words_n > 0 ? str_of(a->words[0]) : S("");
	if (load_kind_parse(first, &p->load.kind)) {
		p->load.kind_given = true;
		p->files++;
		p->files_n--;
	} else if (a->words_n > 0 && !fs_exists(fs_real(), a->words[0])) {
		for (size_t i = 0; i < ARRAY_LEN(later); i++) {
			if (str_eq(first, later[i]))
				return err_set(e, ERR_INVALID,
					       "%s cannot be imported yet; there are events, "
					       "people, companies, deals and spend",
					       later[i].p);
		}
	}
	if (p->files_n == 0)
		return err_set(e, ERR_INVALID, "which file? trichter import [KIND] FILE...");
	for (size_t i = 0; i < p->files_n; i++) {
		if (!fs_exists(fs_real(), p->files[i]))
			return err_set(e, ERR_NOT_FOUND, "%s: there is no such file%s", p->files[i],
				       i == 0 && !p->load.kind_given && p->files_n > 1
					       ? ", and no such kind (events, people, companies, "
						 "deals, spend)"
					       : "");
	}
	return true;
}

/* --map FILE, or --map field=Header; a file whose name holds "=" is still a file. */
static bool maps_read(struct cli *c, const struct args *a, struct load_options *o, err *e)
{
	const char **pairs = ARENA_ARRAY(&c->arena, const char *, MAP_PAIRS_MAX);
	const char *text;
	size_t at = 0;
	if (pairs == NULL)
		return arena_err(&c->arena, e);
	o->map_pairs = pairs;
	while ((text = args_each(a, "map", &at)) != NULL) {
		if (strchr(text, '=') != NULL && !fs_exists(fs_real(), text)) {
			if (o->map_pairs_n == MAP_PAIRS_MAX)
				return err_set(e, ERR_LIMIT, "more than %d --map field=Header",
					       MAP_PAIRS_MAX);
			pairs[o->map_pairs_n++] = text;
		} else if (o->map_path != NULL) {
			return err_set(e, ERR_INVALID, "two map files: %s and %s", o->map_path,
				       text);
		} else {
			o->map_path = text;
		}
	}
	return true;
}

static bool plan_read(struct cli *c, const struct args *a, struct plan *p, err *e)
{
	static const char *const duplicates[] = { "update", "fill", "skip", NULL };
	static const char *const formats[] = { "table", "json", NULL };
	size_t duplicate = 0;
	size_t format = 0;
	*p = (struct plan){ .load = { .bulk_bytes_max = c->settings.memory_max / 4,
				      .date_format = args_text(a, "date-format"),
				      .dry_run = args_on(a, "dry-run"),
				      .resume = args_on(a, "resume"),
				      .live = args_on(a, "live"),
				      .rejects_path = args_text(a, "rejects"),
				      .stop = cli_stop_flag() } };
	if (!args_choice(a, "on-duplicate", duplicates, 0, &duplicate, e) ||
	    !args_choice(a, "format", formats, 0, &format, e))
		return false;
	p->load.duplicates = (enum duplicates)duplicate;
	p->json = format == 1;
	if (args_text(a, "undo") != NULL) {
		if (a->words_n > 0 || p->load.resume || p->load.dry_run)
			return err_set(e, ERR_INVALID, "--undo IMPORT stands alone");
		return true;
	}
	if (!kind_read(a, p, e) || !maps_read(c, a, &p->load, e))
		return false;
	if (p->load.rejects_path != NULL && p->files_n > 1)
		return err_set(e, ERR_INVALID, "--rejects names one file; there are %zu to read",
			       p->files_n);
	if (p->load.resume && p->load.dry_run)
		return err_set(e, ERR_INVALID, "--resume and --dry-run exclude each other");
	return true;
}

static void put_result_json(struct json_writer *w, const char *path, const struct load_result *r)
{
	const struct {
		str key;
		uint64_t n;
	} counts[] = {
		{ S("import"), r->import },	    { S("read"), r->read },
		{ S("accepted"), r->accepted },	    { S("duplicate"), r->duplicate },
		{ S("rejected"), r->rejected },	    { S("touches"), r->touches },
		{ S("people_new"), r->people_new }, { S("people_updated"), r->people_updated },
		{ S("skipped"), r->skipped },	    { S("companies_new"), r->companies_new },
		{ S("deals_new"), r->deals_new },
	};
	json_object_open(w);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		json_key(w, counts[i].key);
		json_put_uint(w, counts[i].n);
	}
	json_key(w, S("file"));
	json_put_text(w, str_of(path));
	json_key(w, S("stopped"));
	json_put_bool(w, r->stopped);
	json_key(w, S("rejects"));
	if (r->rejects_path[0] != '\0')
		json_put_text(w, str_of(r->rejects_path));
	else
		json_put_null(w);
	json_key(w, S("notes"));
	json_array_open(w);
	for (str rest = r->notes, line; str_next(&rest, '\n', &line);) {
		if (line.n > 0)
			json_put_text(w, line);
	}
	json_array_close(w);
	json_object_close(w);
}

/* "; 8,000 people new" when there are any. */
static void put_also(struct buf *b, uint64_t n, const char *one, const char *many)
{
	if (n == 0)
		return;
	buf_cstr(b, ", ");
	put_plural(b, n, one, many);
}

static void put_result_text(struct cli *c, const char *path, const struct load_result *r,
			    bool dry_run)
{
	struct buf *b = &c->out;
	terminal_style(&c->term, b, STYLE_BOLD);
	text_put_clean(b, str_of(path));
	terminal_style(&c->term, b, STYLE_PLAIN);
	if (dry_run)
		buf_cstr(b, " (dry run: nothing is stored)");
	else if (r->import > 0)
		buf_printf(b, " is import %llu", (unsigned long long)r->import);
	buf_cstr(b, "\n  ");
	put_plural(b, r->read, "row read", "rows read");
	buf_cstr(b, ": ");
	put_plural(b, r->accepted, "accepted", "accepted");
	put_also(b, r->duplicate, "known already", "known already");
	put_also(b, r->skipped, "skipped", "skipped");
	put_also(b, r->rejected, "rejected", "rejected");
	buf_cstr(b, ".\n  ");
	put_plural(b, r->touches, "touch", "touches");
	put_also(b, r->people_new, "new person", "new people");
	put_also(b, r->people_updated, "person updated", "people updated");
	put_also(b, r->companies_new, "new company", "new companies");
	put_also(b, r->deals_new, "new deal", "new deals");
	buf_cstr(b, ".\n");
	if (r->rejects_path[0] != '\0')
		buf_printf(b, "  Rejected rows, with reasons, are in %s\n", r->rejects_path);
	for (str rest = r->notes, line; str_next(&rest, '\n', &line);) {
		if (line.n == 0)
			continue;
		buf_cstr(b, "  ");
		terminal_put(&c->term, b, STYLE_GREY, line);
		buf_byte(b, '\n');
	}
	if (r->stopped)
		buf_printf(b,
			   "  Stopped. What is whole is kept, and not visible yet: import the "
			   "file again with --resume,\n  or take it back with --undo %llu.\n",
			   (unsigned long long)r->import);
}

static enum cli_status undo(struct cli *c, const struct args *a, const struct plan *p)
{
	struct journal *j = NULL;
	struct undo_result r = { 0 };
	uint64_t import = 0;
	err e = { 0 };
	if (!args_count(a, "undo", 0, &import, &e))
		return cli_usage(a, &e);
	if (!journal_join(c->data, &j, &e))
		return cli_fail(&e);
	bool ok = journal_import_undo(j, import, &r, &e);
	journal_close(&j);
	if (!ok && e.code == ERR_NOT_FOUND) {
		cli_note("trichter: %s", e.text);
		return CLI_NEGATIVE;
	}
	if (!ok)
		return cli_fail(&e);
	if (p->json) {
		buf_printf(&c->out,
			   "{\"import\":%llu,\"undone\":true,\"touches\":%llu,"
			   "\"subjects\":%llu}\n",
			   (unsigned long long)import, (unsigned long long)r.touches,
			   (unsigned long long)r.subjects);
		return CLI_DONE;
	}
	buf_printf(&c->out, "Import %llu is taken back: ", (unsigned long long)import);
	put_plural(&c->out, r.touches, "touch is hidden", "touches are hidden");
	buf_cstr(&c->out, ", ");
	put_plural(&c->out, r.subjects, "person, company or deal is as before",
		   "people, companies and deals are as before");
	buf_cstr(&c->out, ".\n");
	return CLI_DONE;
}

/* What the columns were taken for: one sentence each. */
static bool preview(struct cli *c, const struct plan *p, const char *path, err *e)
{
	str text;
	if (!load_describe(path, &p->load, &c->arena, &text, e))
		return false;
	for (str line; str_next(&text, '\n', &line);) {
		terminal_put(&c->term, &c->out, STYLE_GREY, line);
		buf_byte(&c->out, '\n');
	}
	return true;
}

static enum cli_status import_file(struct cli *c, struct journal *j, const struct plan *p, size_t i,
				   struct json_writer *w)
{
	const char *path = p->files[i];
	struct load_options o = p->load;
	struct load_result r = { 0 };
	struct progress progress;
	err e = { 0 };
	if (o.dry_run && !p->json && !preview(c, p, path, &e))
		return cli_fail(&e);
	progress_begin(&progress);
	o.progress = progress_show;
	o.progress_arg = &progress;
	bool ok = load_file(c->data, j, path, &o, &c->arena, &r, &e);
	progress_end(&progress);
	if (!ok)
		return cli_fail(&e);
	if (p->json)
		put_result_json(w, path, &r);
	else
		put_result_text(c, path, &r, o.dry_run);
	return r.stopped ? CLI_FAILED : CLI_DONE;
}

static enum cli_status import_all(struct cli *c, const struct plan *p)
{
	const struct journal_options rehearsal = { .rehearse = true };
	struct journal *j = NULL;
	struct json_writer w;
	err e = { 0 };
	if (!(p->load.dry_run ? journal_open(c->data, &rehearsal, &j, &e)
			      : journal_join(c->data, &j, &e)))
		return cli_fail(&e);
	enum cli_status status = CLI_DONE;
	bool several = p->json && p->files_n > 1;
	json_writer_init(&w, &c->out, false);
	if (several) {
		json_object_open(&w);
		json_key(&w, S("imports"));
		json_array_open(&w);
	}
	for (size_t i = 0; status == CLI_DONE && i < p->files_n; i++)
		status = import_file(c, j, p, i, &w);
	if (several) {
		json_array_close(&w);
		json_object_close(&w);
	}
	if (p->json && c->out.n > 0)
		buf_byte(&c->out, '\n');
	journal_close(&j);
	return status;
}

static enum cli_status run(struct cli *c, const struct args *a)
{
	struct plan p;
	err e = { 0 };
	if (!plan_read(c, a, &p, &e))
		return e.code == ERR_NOT_FOUND ? cli_fail(&e) : cli_usage(a, &e);
	if (args_text(a, "undo") != NULL)
		return undo(c, a, &p);
	return import_all(c, &p);
}
