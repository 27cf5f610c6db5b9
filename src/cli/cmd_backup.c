/*
 * cmd_backup.c - trichter backup, trichter restore: all of it in one file, and back.
 *
 * Threads:      one at a time; a server may run beside a backup.
 */
#include "cli/cli_int.h"

#include "base/time.h"
#include "cli/cli_progress_int.h"

static const struct option options[] = {
	OPTION("format", "FORMAT", "table (words) or json"),
	OPTIONS_END,
};
static const struct option restore_options[] = {
	OPTION("erasures", "FILE",
	       "erase again who was erased since: the file erasures of the "
	       "directory that the backup was made of"),
	OPTION("format", "FORMAT", "table (words) or json"),
	OPTIONS_END,
};
static const struct example backup_examples[] = {
	{ "backup /backup/trichter-$(date +%F).bak", "everything, in one file" },
	{ "--data company backup company.bak", "of another data directory" },
	EXAMPLES_END,
};
static const struct example restore_examples[] = {
	{ "--data company restore company.bak", "into a new or empty directory" },
	{ "--data proof restore company.bak && trichter --data proof verify",
	  "proves that a backup is whole" },
	{ "--data company restore company.bak --erasures old/erasures",
	  "without those who were erased since" },
	EXAMPLES_END,
};
static enum cli_status backup(struct cli *c, const struct args *a);
static enum cli_status restore(struct cli *c, const struct args *a);

const struct command command_backup = {
	.name = "backup",
	.words = "FILE",
	.summary = "everything as of this moment, in one file; a server may go on",
	.about =
		"FILE is written beside and takes its name when it is whole. It holds the journal, "
		"what is known of everybody, configuration, users and settings; not who is signed "
		"in, and no uploaded files. Whoever has it has everything: keep it as safe as the "
		"data directory, in another place.",
	.options = options,
	.examples = backup_examples,
	.words_min = 1,
	.words_max = 1,
	.run = backup,
};
const struct command command_restore = {
	.name = "restore",
	.words = "FILE",
	.summary = "a backup into an empty or new data directory",
	.about = "The directory that --data names is made whole or not at all. Every part of the "
		 "backup carries a checksum; a damaged or cut file is refused with the place.\n"
		 "\n"
		 "Whoever was erased after the backup was made is in it. The data directory keeps "
		 "a list of numbers, DIR/erasures, which names nobody: keep a copy beside the "
		 "backups and hand it over with --erasures.",
	.options = restore_options,
	.examples = restore_examples,
	.words_min = 1,
	.words_max = 1,
	.run = restore,
};

struct watching {
	struct progress progress;
};

static void show(void *arg, uint64_t seq, uint64_t seq_last)
{
	struct watching *w = arg;
	progress_show(&w->progress, seq, seq, seq_last);
}

static enum cli_status told(struct cli *c, const struct backup_result *r, const char *path,
			    bool json, bool back)
{
	char at[TIME_TEXT_MAX], size[NUMBER_TEXT_MAX], n[NUMBER_TEXT_MAX];
	if (json) {
		struct json_writer w;
		json_writer_init(&w, &c->out, false);
		json_object_open(&w);
		json_key(&w, S("file"));
		json_put_text(&w, str_of(path));
		json_key(&w, S("bytes"));
		json_put_uint(&w, r->bytes);
		json_key(&w, S("touches"));
		json_put_uint(&w, r->seq);
		json_key(&w, S("made_at"));
		json_put_text(&w, time_print(at, r->made_us));
		json_object_close(&w);
		buf_byte(&c->out, '\n');
		return CLI_DONE;
	}
	str made = time_print_local(at, r->made_us), bytes = show_bytes(size, r->bytes),
	    touches = show_count(n, r->seq);
	if (back)
		buf_printf(&c->out, "%s is as it was on %.*s: %.*s touches.\n", c->data,
			   STR_ARG(made), STR_ARG(touches));
	else
		buf_printf(&c->out, "%s holds everything as of %.*s: %.*s touches, %.*s.\n", path,
			   STR_ARG(made), STR_ARG(touches), STR_ARG(bytes));
	return CLI_DONE;
}

static enum cli_status run(struct cli *c, const struct args *a, bool back)
{
	static const char *const formats[] = { "table", "json", NULL };
	struct backup_result r;
	struct watching w;
	size_t format = 0;
	err e = { 0 };
	const char *path = a->words[0];
	if (!args_choice(a, "format", formats, 0, &format, &e))
		return cli_usage(a, &e);
	progress_begin(&w.progress);
	w.progress.unit = "touches";
	bool ok = back ? journal_restore(path, c->data, show, &w, &r, &e)
		       : journal_backup(c->data, path, show, &w, &r, &e);
	progress_end(&w.progress);
	const char *erasures = back ? args_text(a, "erasures") : NULL;
	uint64_t erased = 0;
	if (ok && erasures && !journal_erase_again(c->data, erasures, &erased, &e)) {
		err_prefix(&e, "restored, but who was erased since is in it");
		return cli_fail(&e);
	}
	if (ok && erasures)
		cli_note("trichter: %llu erased again, as %s says", (unsigned long long)erased,
			 erasures);
	return ok ? told(c, &r, path, format == 1, back) : cli_fail(&e);
}

static enum cli_status backup(struct cli *c, const struct args *a)
{
	return run(c, a, false);
}

static enum cli_status restore(struct cli *c, const struct args *a)
{
	return run(c, a, true);
}
