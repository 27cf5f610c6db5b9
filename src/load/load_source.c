/*
 * load_source.c - rows, whatever kind of file they stand in.
 *
 * What it is:   finds out whether a file is CSV, JSON lines of one kind, or Segment messages, and
 *               hands out its rows one by one.
 * Promises:     a broken row is a row with a problem; only the disk or the memory can fail.
 */
#include "load/load_int.h"

#include "base/mem.h"

#define PEEK_BYTES	(4 * KIB)
#define ROW_ARENA_BYTES (64 * MIB)

/* The first character that is not blank; 0 in an empty file. */
static bool peek(struct loader *l, char *c_r, err *e)
{
	struct file *f = NULL;
	char head[PEEK_BYTES];
	size_t n = 0;
	if (!file_open(l->fs, l->path, FILE_READ, &f, e))
		return false;
	bool ok = file_read(f, head, sizeof head, 0, &n, e);
	file_close(&f, NULL);
	if (!ok)
		return err_prefix(e, "%s", l->path);
	str s = str_make(head, n);
	if (str_starts(s, S("\xEF\xBB\xBF")))
		s = str_sub(s, 3, s.n);
	s = str_trim(s);
	*c_r = s.n ? s.p[0] : '\0';
	return true;
}

/* A file of rejects may be given back as it is: its last two columns are ours. */
static void find_rejects_tail(struct source *s)
{
	size_t n;
	const str *header = csv_header(s->csv, &n);
	s->rejects_tail = n > 2 && str_eq(header[n - 2], S("line")) &&
					  str_eq(header[n - 1], S("reason"))
				  ? 2
				  : 0;
}

static bool open_csv(struct loader *l, err *e)
{
	struct csv_options options = { .delimiter = l->map.delimiter, .has_header = true };
	if (!csv_open(l->fs, l->path, options, &l->source.csv, e))
		return false;
	size_t n;
	csv_header(l->source.csv, &n);
	if (n == 0)
		return err_set(e, ERR_INVALID, "%s is empty", l->path);
	find_rejects_tail(&l->source);
	return true;
}

static bool open_lines(struct loader *l, err *e)
{
	if (!lines_open(l->fs, l->path, &l->source.lines, e))
		return false;
	return l->source.parser || json_parser_new(&l->source.parser, LOAD_LINE_BYTES_MAX, e);
}

bool source_open(struct loader *l, err *e)
{
	char first;
	if (!peek(l, &first, e))
		return false;
	if (first == '\0')
		return err_set(e, ERR_INVALID, "%s is empty", l->path);
	if (first == '[')
		return err_set(e, ERR_INVALID,
			       "%s: this is one JSON array; write one object on each line instead",
			       l->path);
	l->source.json = first == '{';
	arena_init(&l->source.row, ROW_ARENA_BYTES);
	return l->source.json ? open_lines(l, e) : open_csv(l, e);
}

static void close_reader(struct loader *l)
{
	csv_close(&l->source.csv);
	lines_close(&l->source.lines);
}

bool source_restart(struct loader *l, err *e)
{
	close_reader(l);
	l->source.number = 0;
	return l->source.json ? open_lines(l, e) : open_csv(l, e);
}

void source_close(struct loader *l)
{
	close_reader(l);
	json_parser_free(&l->source.parser);
	map_fini(&l->source.keys);
	arena_fini(&l->source.row);
}

uint64_t source_bytes(const struct loader *l)
{
	if (l->source.csv)
		return csv_bytes_read(l->source.csv);
	return l->source.lines ? lines_bytes_read(l->source.lines) : 0;
}

str source_fields_problem(struct loader *l, size_t n, size_t want)
{
	return str_printf(&l->source.row,
			  "%zu fields, but the header has %zu: is a quote or a "
			  "delimiter missing or too many?",
			  n, want);
}

static bool next_csv(struct loader *l, struct raw_row *raw, bool *more_r, err *e)
{
	struct csv_row row = { 0 };
	do {
		if (!csv_next(l->source.csv, &row, more_r, e))
			return false;
		if (!*more_r)
			return true;
	} while (row.n <= 1 && row.problem.n == 0 && (row.n == 0 || row.fields[0].n == 0) &&
		 l->columns.all.n > 1);
	size_t want;
	csv_header(l->source.csv, &want);
	*raw = (struct raw_row){ .fields = row.fields,
				 .n = row.n,
				 .line = row.line,
				 .number = ++l->source.number,
				 .problem = row.problem };
	arena_reset(&l->source.row);
	if (raw->problem.n == 0 && row.n != want)
		raw->problem = source_fields_problem(l, row.n, want);
	if (l->source.row.over)
		return arena_err(&l->source.row, e);
	return true;
}

/* Fields of a JSON row, by column; a key that was not met before becomes a column. */
struct spread {
	struct loader *l;
	str *fields;
	const struct json **nodes;
	size_t n;
	bool too_many;
	err *e;
};

static str leaf_text(struct arena *a, const struct json *leaf)
{
	if (leaf->kind == JSON_TEXT)
		return leaf->text;
	struct buf b;
	buf_init(&b, LOAD_LINE_BYTES_MAX);
	value_print(&b, json_value(a, leaf));
	str text = buf_ok(&b, NULL) ? str_dup(a, buf_view(&b)) : str_make(NULL, 0);
	buf_fini(&b);
	return text;
}

static bool spread_leaf(void *arg, str key, const struct json *leaf)
{
	struct spread *s = arg;
	uint64_t i;
	if (!map_get(&s->l->source.keys, key, &i)) {
		i = s->l->columns.all.n;
		if (s->l->keys_settled) {
			s->l->key_is_new = true;
			return true;
		}
		if (i == LOAD_COLUMNS_MAX) {
			s->too_many = true;
			return true;
		}
		if (!column_add(s->l, key, s->e))
			return false;
		if (!map_put(&s->l->source.keys, key, i))
			return err_nomem(s->e);
	}
	while (s->n <= i) {
		s->fields[s->n] = S("");
		s->nodes[s->n++] = NULL;
	}
	s->fields[i] = leaf_text(&s->l->source.row, leaf);
	s->nodes[i] = leaf;
	return true;
}

/* A line of a .rejects.jsonl: the message is inside. */
static const struct json *unwrap(const struct json *object)
{
	const struct json *message = json_get(object, S("message"));
	bool ours = object->n == 3 && message && message->kind == JSON_OBJECT &&
		    json_get(object, S("line")) && json_get(object, S("reason"));
	return ours ? message : object;
}

static bool spread_object(struct loader *l, struct raw_row *raw, err *e)
{
	struct arena *a = &l->source.row;
	struct spread s = { .l = l, .e = e };
	s.fields = arena_alloc(a, LOAD_COLUMNS_MAX * sizeof *s.fields);
	s.nodes = arena_alloc(a, LOAD_COLUMNS_MAX * sizeof *s.nodes);
	if (!s.fields || !s.nodes)
		return arena_err(a, e);
	if (!json_flatten(a, S(""), raw->object, spread_leaf, &s, e))
		return false;
	if (s.too_many)
		raw->problem = S("the file has more than 2000 different keys");
	raw->fields = s.fields;
	raw->nodes = s.nodes;
	raw->n = s.n;
	return !a->over || arena_err(a, e);
}

bool source_json(struct loader *l, str line, bool too_long, struct raw_row *raw, err *e)
{
	struct arena *a = &l->source.row;
	raw->text = line;
	if (too_long) {
		raw->text = S("");
		raw->problem = S(
			"the line is longer than 4 MiB; it stands only in the file itself");
		return true;
	}
	err why = { 0 };
	if (!json_parse(l->source.parser, raw->text, a, &raw->object, &why)) {
		if (why.code == ERR_NOMEM) {
			*e = why;
			return false;
		}
		bool full = a->over;
		arena_reset(a);
		raw->object = NULL;
		raw->problem = full ? S("the line holds too many values")
				    : str_printf(a, "%s", why.text);
		return !a->over || arena_err(a, e);
	}
	if (raw->object->kind != JSON_OBJECT) {
		raw->object = NULL;
		raw->problem = S("this is JSON, but no object in braces");
		return true;
	}
	raw->object = unwrap(raw->object);
	return l->source.segment || spread_object(l, raw, e);
}

static bool next_json(struct loader *l, struct raw_row *raw, bool *more_r, err *e)
{
	bool too_long;
	*raw = (struct raw_row){ 0 };
	arena_reset(&l->source.row);
	if (!lines_next(l->source.lines, &raw->text, &raw->line, &too_long, more_r, e))
		return false;
	if (!*more_r)
		return true;
	raw->number = ++l->source.number;
	return source_json(l, raw->text, too_long, raw, e);
}

bool source_next(struct loader *l, struct raw_row *raw_r, bool *more_r, err *e)
{
	bool ok = l->source.json ? next_json(l, raw_r, more_r, e) : next_csv(l, raw_r, more_r, e);
	return ok || err_prefix(e, "%s", l->path);
}
