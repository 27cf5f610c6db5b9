/*
 * cmd_status.c - trichter status: what is there, how much, and what waits.
 *
 * Threads:      one at a time.
 */
#include "cli/cli_int.h"

#include "base/time.h"

#include <string.h>

static const struct option options[] = {
	OPTION("format", "FORMAT", "table (words) or json"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "status", "disk use, touches, people, imports" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_status = {
	.name = "status",
	.words = "",
	.summary = "disk use by part, touches, people, imports",
	.about = "Says what the data directory holds, how much room it takes and what is left, and "
		 "which imports were interrupted or taken back.",
	.options = options,
	.examples = examples,
	.run = run,
};

/* Parts of the directory, by how their files are called. */
enum part { PART_LEDGER, PART_LOG, PART_IDS, PART_ARCHIVE, PART_OTHER, PARTS_N };
static const char *const part_names[PARTS_N] = { "ledger", "ledger's log", "identities", "archive",
						 "other" };

struct disk {
	struct cli *cli;
	const char *dir;
	int depth;
	uint64_t bytes[PARTS_N];
	uint64_t free_bytes;
};

struct report {
	struct disk disk;
	uint64_t touches;
	struct archive_numbers archive;
	uint64_t erased, erasing; /* erasures that are finished, and that wait */
	int64_t erasing_since_us;
	struct retention_state retention;
	int64_t backup_us;    /* 0: never */
	uint64_t subjects[3]; /* by entity */
	struct import_info *imports;
	size_t imports_n;
};

static enum part part_of(str path)
{
	if (str_ends(path, S("/ledger.db")))
		return PART_LEDGER;
	if (str_ends(path, S("/ledger.db-wal")) || str_ends(path, S("/ledger.db-shm")))
		return PART_LOG;
	if (str_ends(path, S(".run")))
		return PART_IDS;
	if (str_ends(path, S(".seg")) || str_ends(path, S(".ids")))
		return PART_ARCHIVE;
	return PART_OTHER;
}

/* A file is counted; a directory, one level down, is walked. */
static bool each_file(void *arg, const char *name)
{
	struct disk *d = arg;
	struct file *f = NULL;
	err ignored;
	uint64_t bytes = 0;
	str path = str_printf(&d->cli->arena, "%s/%s", d->dir, name);
	char *text = str_cstr(&d->cli->arena, path);
	if (text == NULL)
		return false;
	struct disk below = { .cli = d->cli, .dir = text, .depth = d->depth + 1 };
	if (d->depth == 0 && fs_list(fs_real(), text, each_file, &below, &ignored)) {
		for (size_t i = 0; i < PARTS_N; i++)
			d->bytes[i] += below.bytes[i];
		return true;
	}
	/* What vanishes while we look was temporary. */
	if (!file_open(fs_real(), text, FILE_READ, &f, &ignored))
		return true;
	if (file_size(f, &bytes, &ignored))
		d->bytes[part_of(path)] += bytes;
	(void)file_close(&f, &ignored);
	return true;
}

static bool count_subject(void *arg, uint64_t subject)
{
	uint64_t *n = arg;
	(void)subject;
	*n += 1;
	return true;
}

static bool report_make(struct cli *c, struct snapshot *s, struct report *r, err *e)
{
	static const enum entity entities[] = { ENTITY_PERSON, ENTITY_COMPANY, ENTITY_DEAL };
	*r = (struct report){ .disk = { .cli = c, .dir = c->data },
			      .touches = snapshot_seq(s),
			      .backup_us = journal_backup_last(c->data) };
	snapshot_archive_numbers(s, &r->archive);
	snapshot_erasures(s, &r->erased, &r->erasing, &r->erasing_since_us);
	for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
		if (!people_each(snapshot_people(s), entities[i], count_subject, &r->subjects[i],
				 e))
			return false;
	}
	return snapshot_retention(s, &r->retention, e) &&
	       snapshot_imports(s, &c->arena, &r->imports, &r->imports_n, e) &&
	       fs_list(fs_real(), c->data, each_file, &r->disk, e) &&
	       fs_free_bytes(fs_real(), c->data, &r->disk.free_bytes, e);
}

static const char *import_state(const struct import_info *i)
{
	return i->undone ? "taken back" : i->closed ? "closed" : "interrupted";
}

static bool put_imports(struct cli *c, const struct report *r, err *e)
{
	static const struct table_column columns[] = {
		{ { "import", 6 }, { "import", 6 }, ALIGN_RIGHT, false },
		{ { "begun", 5 }, { "begun", 5 }, ALIGN_LEFT, false },
		{ { "touches", 7 }, { "touches", 7 }, ALIGN_RIGHT, false },
		{ { "state", 5 }, { "", 0 }, ALIGN_LEFT, false },
	};
	struct table t = { .columns = columns, .columns_n = ARRAY_LEN(columns) };
	char at[TIME_TEXT_MAX];
	char text[NUMBER_TEXT_MAX];
	bool ok = true;
	for (size_t i = 0; ok && i < r->imports_n; i++) {
		const struct import_info *info = &r->imports[i];
		bool open = !info->closed && !info->undone;
		const struct table_cell cells[] = {
			{ .value = value_int((int64_t)info->import) },
			{ .value = value_text(
				  str_dup(&c->arena, time_print_local(at, info->begun_us))) },
			{ .value = value_text(
				  str_dup(&c->arena, show_count(text, info->touches))) },
			{ .value = value_text(str_of(import_state(info))),
			  .style = open ? STYLE_BAD : STYLE_GREY },
		};
		for (size_t k = 0; ok && k < ARRAY_LEN(cells); k++)
			ok = table_add(&t, cells[k], e);
	}
	if (ok && r->imports_n > 0) {
		buf_byte(&c->out, '\n');
		table_put_text(&t, &c->term, &c->arena, &c->out);
	}
	table_fini(&t);
	return ok;
}

static void put_retention(struct buf *b, const struct retention_state *r)
{
	char at[TIME_TEXT_MAX];
	if (r->waiting) {
		put_plural(b, r->waiting, "expired touch waits", "expired touches wait");
		buf_cstr(b, " for the files of the archive.\n");
	}
	if (r->months == 0)
		return;
	buf_cstr(b, "Who is no customer is kept for ");
	put_plural(b, (uint64_t)r->months, "month", "months");
	if (r->last_us)
		buf_printf(b, "; what is older left last on %.*s.\n",
			   STR_ARG(time_print_local(at, r->last_us)));
	else
		buf_cstr(b, "; nothing older has left yet.\n");
}

static bool put_words(struct cli *c, const struct report *r, err *e)
{
	struct buf *b = &c->out;
	char text[NUMBER_TEXT_MAX], at[TIME_TEXT_MAX];
	uint64_t sum = 0;
	put_plural(b, r->touches, "touch", "touches");
	buf_cstr(b, " recorded; ");
	put_plural(b, r->subjects[0], "person", "people");
	buf_cstr(b, ", ");
	put_plural(b, r->subjects[1], "company", "companies");
	buf_cstr(b, ", ");
	put_plural(b, r->subjects[2], "deal", "deals");
	buf_cstr(b, ".\n");
	put_plural(b, r->archive.touches, "touch", "touches");
	buf_cstr(b, " sealed in ");
	put_plural(b, r->archive.segments, "segment", "segments");
	buf_cstr(b, ", ");
	buf_str(b, show_count(text, r->archive.tail_touches));
	buf_cstr(b, " in the tail.\n");
	if (r->erasing) {
		put_plural(b, r->erasing, "erasure waits", "erasures wait");
		buf_printf(b, " for the files of the archive, since %.*s.\n",
			   STR_ARG(time_print_local(at, r->erasing_since_us)));
	}
	put_retention(b, &r->retention);
	buf_cstr(b, "Time zone ");
	text_put_clean(b, str_of(zone_name()));
	buf_cstr(b, ".\n\n");
	for (size_t i = 0; i < PARTS_N; i++) {
		sum += r->disk.bytes[i];
		if (r->disk.bytes[i] > 0)
			buf_printf(b, "%-14s %10.*s\n", part_names[i],
				   STR_ARG(show_bytes(text, r->disk.bytes[i])));
	}
	buf_printf(b, "%-14s %10.*s\n", "in all", STR_ARG(show_bytes(text, sum)));
	buf_printf(b, "%-14s %10.*s\n", "free on disk",
		   STR_ARG(show_bytes(text, r->disk.free_bytes)));
	if (r->backup_us)
		buf_printf(b, "%-14s %.*s\n", "last backup",
			   STR_ARG(time_print_local(at, r->backup_us)));
	else
		buf_cstr(b, "last backup    never\n");
	return put_imports(c, r, e);
}

static void json_retention(struct json_writer *w, const struct retention_state *r)
{
	char at[TIME_TEXT_MAX];
	json_key(w, S("retention_months"));
	json_put_int(w, r->months);
	json_key(w, S("retention_waiting"));
	json_put_uint(w, r->waiting);
	json_key(w, S("retention_last"));
	if (r->last_us)
		json_put_text(w, time_print(at, r->last_us));
	else
		json_put_null(w);
}

static void put_json(struct cli *c, const struct report *r)
{
	static const str keys[] = { { "ledger", 6 },
				    { "log", 3 },
				    { "identities", 10 },
				    { "archive", 7 },
				    { "other", 5 } };
	struct json_writer w;
	char at[TIME_TEXT_MAX];
	json_writer_init(&w, &c->out, false);
	json_object_open(&w);
	json_key(&w, S("touches"));
	json_put_uint(&w, r->touches);
	json_key(&w, S("sealed"));
	json_put_uint(&w, r->archive.touches);
	json_key(&w, S("segments"));
	json_put_uint(&w, r->archive.segments);
	json_key(&w, S("tail"));
	json_put_uint(&w, r->archive.tail_touches);
	json_key(&w, S("dropped"));
	json_put_uint(&w, r->archive.dropped);
	json_key(&w, S("erasures"));
	json_put_uint(&w, r->erased + r->erasing);
	json_key(&w, S("erasures_waiting"));
	json_put_uint(&w, r->erasing);
	json_retention(&w, &r->retention);
	json_key(&w, S("people"));
	json_put_uint(&w, r->subjects[0]);
	json_key(&w, S("companies"));
	json_put_uint(&w, r->subjects[1]);
	json_key(&w, S("deals"));
	json_put_uint(&w, r->subjects[2]);
	json_key(&w, S("zone"));
	json_put_text(&w, str_of(zone_name()));
	json_key(&w, S("disk"));
	json_object_open(&w);
	for (size_t i = 0; i < PARTS_N; i++) {
		json_key(&w, keys[i]);
		json_put_uint(&w, r->disk.bytes[i]);
	}
	json_key(&w, S("free"));
	json_put_uint(&w, r->disk.free_bytes);
	json_object_close(&w);
	json_key(&w, S("last_backup"));
	if (r->backup_us)
		json_put_text(&w, time_print(at, r->backup_us));
	else
		json_put_null(&w);
	json_key(&w, S("imports"));
	json_array_open(&w);
	for (size_t i = 0; i < r->imports_n; i++) {
		json_object_open(&w);
		json_key(&w, S("import"));
		json_put_uint(&w, r->imports[i].import);
		json_key(&w, S("begun"));
		json_put_text(&w, time_print(at, r->imports[i].begun_us));
		json_key(&w, S("touches"));
		json_put_uint(&w, r->imports[i].touches);
		json_key(&w, S("state"));
		json_put_text(&w, str_of(import_state(&r->imports[i])));
		json_object_close(&w);
	}
	json_array_close(&w);
	json_object_close(&w);
	buf_byte(&c->out, '\n');
}

static enum cli_status run(struct cli *c, const struct args *a)
{
	static const char *const formats[] = { "table", "json", NULL };
	struct report r;
	struct snapshot *s = NULL;
	size_t format = 0;
	err e = { 0 };
	if (!args_choice(a, "format", formats, 0, &format, &e))
		return cli_usage(a, &e);
	if (!cli_snapshot(c, a, &s, &e))
		return cli_fail(&e);
	bool ok = report_make(c, s, &r, &e);
	if (ok && format == 1)
		put_json(c, &r);
	else if (ok)
		ok = put_words(c, &r, &e);
	snapshot_close(&s);
	return ok ? CLI_DONE : cli_fail(&e);
}
