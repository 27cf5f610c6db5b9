/*
 * cmd_export.c - trichter export: all rows of a kind, in the shape that import reads.
 *
 * Promises:     streams; a file is either whole or not there.
 * Threads:      one at a time.
 */
#include "cli/cli_int.h"

#include "load/load.h"

#include <stdio.h>
#include <string.h>

static const struct option options[] = {
	OPTION("format", "FORMAT", "csv, or json (one line per row)"),
	OPTION("output", "FILE", "into a file instead of standard output"),
	OPTION("as-of", "WHEN", "only what was known then: a date, a time, or a touch's number"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "export people > people.csv", "everyone in the funnel, all columns" },
	{ "export events --format json --output events.jsonl", "every touch as a line of JSON" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_export = {
	.name = "export",
	.words = "KIND",
	.summary = "writes events, people, companies, deals or spend as CSV or JSON lines",
	.about = "All rows and columns of a kind, so that trichter import can read them again.",
	.options = options,
	.examples = examples,
	.words_min = 1,
	.words_max = 1,
	.run = run,
};

struct target {
	struct cli *cli;
	struct file *file; /* NULL: standard output */
	uint64_t written;
	err e;
};

static bool target_flush(struct target *t)
{
	struct buf *b = &t->cli->out;
	if (t->file == NULL)
		return cli_flush(t->cli, &t->e);
	if (!buf_ok(b, &t->e) || !file_write(t->file, b->p, b->n, t->written, &t->e))
		return false;
	t->written += b->n;
	buf_clear(b);
	return true;
}

static bool put(void *arg, str piece)
{
	struct target *t = arg;
	buf_str(&t->cli->out, piece);
	return t->cli->out.n < 256 * KIB || target_flush(t);
}

/* Written beside, then renamed: an interrupted export leaves no half file of that name. */
static bool export_to(struct target *t, struct snapshot *s, struct load_export *x, const char *path)
{
	char beside[4096];
	int n = snprintf(beside, sizeof beside, "%s.part", path);
	if (n < 0 || (size_t)n >= sizeof beside)
		return err_set(&t->e, ERR_INVALID, "the name of the file is too long");
	err ignored;
	if (fs_exists(fs_real(), beside) && !fs_remove(fs_real(), beside, &t->e))
		return false;
	if (!file_open(fs_real(), beside, FILE_CREATE, &t->file, &t->e))
		return false;
	err e = { 0 };
	bool ok = load_export(s, x, &e);
	if (!ok && t->e.code == ERR_NONE)
		t->e = e;
	ok = ok && target_flush(t) && file_sync(t->file, &t->e);
	ok = file_close(&t->file, ok ? &t->e : &ignored) && ok;
	ok = ok && fs_rename(fs_real(), beside, path, &t->e);
	if (!ok) {
		bool removed = fs_remove(fs_real(), beside, &ignored);
		(void)removed; /* what is left over is overwritten next time */
	}
	return ok;
}

static enum cli_status run(struct cli *c, const struct args *a)
{
	static const char *const formats[] = { "csv", "json", NULL };
	struct target t = { .cli = c };
	struct load_export x = { .put = put, .arg = &t };
	struct snapshot *s = NULL;
	size_t format = 0;
	err e = { 0 };
	if (!load_kind_parse(str_of(a->words[0]), &x.kind)) {
		err_set(&e, ERR_INVALID,
			"there is no kind \"%s\"; there are events, people, companies, deals and "
			"spend",
			a->words[0]);
		return cli_usage(a, &e);
	}
	if (!args_choice(a, "format", formats, 0, &format, &e))
		return cli_usage(a, &e);
	x.json = format == 1;
	if (!cli_snapshot(c, a, &s, &e))
		return e.code == ERR_INVALID ? cli_usage(a, &e) : cli_fail(&e);
	const char *path = args_text(a, "output");
	bool ok = path != NULL ? export_to(&t, s, &x, path) : load_export(s, &x, &e);
	snapshot_close(&s);
	if (!ok) {
		buf_clear(&c->out);
		return cli_fail(t.e.code != ERR_NONE ? &t.e : &e);
	}
	return CLI_DONE;
}
