/*
 * cmd_person.c - trichter person: one person's page, their data as a file, joining and separating.
 *
 * Promises:     export holds everything known (Art. 15 GDPR); who joined or separated people by
 * hand, and why, is recorded. Threads:      one at a time.
 */
#include "cli/cli_int.h"

#include "base/time.h"
#include "cli/cli_person_int.h"

#include <string.h>

static const struct option options[] = {
	OPTION("why", "TEXT", "the reason for merge or unmerge, which is recorded"),
	OPTION("output", "FILE", "export into a file instead of standard output"),
	OPTION("yes", NULL, "erase: they are erased, and it cannot be taken back"),
	OPTION("now", NULL, "erase: from the files of the archive as well, without waiting a day"),
	OPTION("as-of", "WHEN", "only what was known then: a date, a time, or a touch's number"),
	OPTION("format", "FORMAT", "show as table or json"),
	OPTIONS_END,
};
static const struct example examples[] = {
	{ "person show anna@example.com", "ids, permissions, stage, sources, traits with dates" },
	{ "person export anna@example.com --output anna.json",
	  "everything known, as one document" },
	{ "person merge anna@example.com anna@example.org --why 'same person, new job'",
	  "two become one" },
	{ "person unmerge anna@example.org", "takes that id's profile out again" },
	{ "person erase anna@example.com --yes", "forgets them for ever" },
	EXAMPLES_END,
};
static enum cli_status run(struct cli *c, const struct args *a);
const struct command command_person = {
	.name = "person",
	.words = "show|export|merge|unmerge|erase PERSON [PERSON]",
	.summary = "one person: all that is known; joined, separated or erased by hand",
	.about = "PERSON is an e-mail address, a user id, an anonymous id, an id of another system "
		 "(system:id), or a number as trichter people shows it.\n"
		 "\n"
		 "A person is a set of profiles, one for each id. merge joins two people; unmerge "
		 "takes the profile of one id out of its person, and no rule will join the two "
		 "again.\n"
		 "\n"
		 "erase forgets a person for ever: their touches, ids and values are in no answer "
		 "any more, of whatever date, and within a day in no file of the data directory. "
		 "What was done with deals and companies stays, without them. Backups that were "
		 "made before still hold them.",
	.options = options,
	.examples = examples,
	.words_min = 2,
	.words_max = 3,
	.run = run,
};

struct page {
	struct snapshot *snapshot;
	struct subject subject;
	struct edge_info *edges;
	size_t edges_n;
};

static bool is_permission(str key)
{
	return str_starts(key, S("consent."));
}

/* What the head of the page says already. */
static bool is_in_head(str key)
{
	return str_eq(key, S("company")) || str_eq(key, S("stage")) ||
	       str_eq(key, S("stage_since")) || str_eq(key, S("stage_reason"));
}

static bool page_read(struct cli *c, struct snapshot *s, uint64_t number, struct page *p, err *e)
{
	struct people *people = snapshot_people(s);
	p->snapshot = s;
	return subject_read(people, number, NULL, 0, time_now_us(), &c->arena, &p->subject, e) &&
	       people_edges(people, number, &c->arena, &p->edges, &p->edges_n, e);
}

/* ---- for people ------------------------------------------------------------------------------ */

static void put_line(struct cli *c, const char *label, str text)
{
	if (text.n == 0)
		return;
	struct buf b;
	buf_init(&b, KIB);
	buf_printf(&b, "%-14s", label);
	terminal_put(&c->term, &c->out, STYLE_GREY, buf_view(&b));
	text_put_clean(&c->out, text);
	buf_byte(&c->out, '\n');
	buf_fini(&b);
}

static str origin_text(struct arena *a, const struct origin *o, str channel)
{
	str source = o->source.n > 0 ? o->source : o->referrer;
	if (source.n == 0)
		return channel;
	return str_printf(a, "%.*s%s%.*s%s%.*s (%.*s)", STR_ARG(source),
			  o->medium.n > 0 ? " / " : "", STR_ARG(o->medium),
			  o->campaign.n > 0 ? " / " : "", STR_ARG(o->campaign), STR_ARG(channel));
}

static void put_head(struct cli *c, const struct page *p)
{
	const struct subject_view *v = &p->subject.view;
	struct arena *a = &c->arena;
	char at[TIME_TEXT_MAX];
	char text[NUMBER_TEXT_MAX];
	terminal_put(&c->term, &c->out, STYLE_BOLD, subject_name(v, a));
	buf_printf(&c->out, "  person %llu\n\n", (unsigned long long)v->subject);
	value stage = subject_cell(v, S("stage"));
	value since = subject_cell(v, S("stage_since"));
	value reason = subject_cell(v, S("stage_reason"));
	if (stage.kind == VALUE_TEXT)
		put_line(c, "stage",
			 str_printf(a, "%.*s%s%.*s%s%.*s", STR_ARG(stage.text),
				    since.kind == VALUE_TIME ? " since " : "",
				    STR_ARG(since.kind == VALUE_TIME ? time_print_local(at, since.i)
								     : S("")),
				    reason.kind == VALUE_TEXT ? ": " : "",
				    STR_ARG(reason.kind == VALUE_TEXT ? reason.text : S(""))));
	if (p->subject.has_company)
		put_line(c, "company", subject_name(&p->subject.company, a));
	put_line(c, "first source", origin_text(a, &v->first_origin, v->first_channel));
	put_line(c, "latest source", origin_text(a, &v->latest_origin, v->latest_channel));
	if (v->touches == 0)
		return;
	char last[TIME_TEXT_MAX];
	put_line(c, "touches",
		 str_printf(a, "%.*s from %.*s to %.*s", STR_ARG(show_count(text, v->touches)),
			    STR_ARG(time_print_local(at, v->first_us)),
			    STR_ARG(time_print_local(last, v->last_us))));
}

static bool put_ids(struct cli *c, const struct subject_view *v, err *e)
{
	static const struct table_column columns[] = {
		{ { "kind", 4 }, { "id", 2 }, ALIGN_LEFT, false },
		{ { "value", 5 }, { "", 0 }, ALIGN_LEFT, true },
		{ { "profile", 7 }, { "profile", 7 }, ALIGN_RIGHT, false },
	};
	struct table t = { .columns = columns, .columns_n = ARRAY_LEN(columns) };
	bool ok = true;
	for (size_t i = 0; ok && i < v->ids_n; i++) {
		const struct table_cell cells[] = {
			{ .value = value_text(str_of(id_kind_name(v->ids[i].kind))) },
			{ .value = value_text(id_text(&v->ids[i], &c->arena)) },
			{ .value = value_int((int64_t)v->ids[i].profile) },
		};
		for (size_t k = 0; ok && k < ARRAY_LEN(cells); k++)
			ok = table_add(&t, cells[k], e);
	}
	if (ok && v->ids_n > 0) {
		buf_byte(&c->out, '\n');
		table_put_text(&t, &c->term, &c->arena, &c->out);
	}
	table_fini(&t);
	return ok;
}

/* Permissions or traits, each with the date of the touch that said so. */
static bool put_cells(struct cli *c, const struct subject_view *v, bool permissions, err *e)
{
	const struct table_column columns[] = {
		{ S("key"), permissions ? S("permission") : S("trait"), ALIGN_LEFT, false },
		{ S("value"), S(""), ALIGN_LEFT, true },
		{ S("at"), S("since"), ALIGN_LEFT, false },
		{ S("seq"), S("touch"), ALIGN_RIGHT, false },
	};
	struct table t = { .columns = columns, .columns_n = ARRAY_LEN(columns) };
	char at[TIME_TEXT_MAX];
	bool ok = true;
	for (size_t i = 0; ok && i < v->cells_n; i++) {
		const struct cell *cell = &v->cells[i];
		if (is_permission(cell->key) != permissions || is_in_head(cell->key))
			continue;
		const struct table_cell cells[] = {
			{ .value = value_text(cell->key) },
			{ .value = cell->value },
			{ .value = value_time(cell->at_us),
			  .text = str_dup(&c->arena, time_print_local(at, cell->at_us)),
			  .style = STYLE_GREY },
			{ .value = value_int((int64_t)cell->seq), .style = STYLE_GREY },
		};
		for (size_t k = 0; ok && k < ARRAY_LEN(cells); k++)
			ok = table_add(&t, cells[k], e);
	}
	if (ok && table_rows(&t) > 0) {
		buf_byte(&c->out, '\n');
		table_put_text(&t, &c->term, &c->arena, &c->out);
	}
	table_fini(&t);
	return ok;
}

static bool put_edges(struct cli *c, const struct page *p, err *e)
{
	static const struct table_column columns[] = {
		{ { "at", 2 }, { "joined", 6 }, ALIGN_LEFT, false },
		{ { "a", 1 }, { "profile", 7 }, ALIGN_RIGHT, false },
		{ { "b", 1 }, { "profile", 7 }, ALIGN_RIGHT, false },
		{ { "why", 3 }, { "why", 3 }, ALIGN_LEFT, true },
	};
	struct table t = { .columns = columns, .columns_n = ARRAY_LEN(columns) };
	char at[TIME_TEXT_MAX];
	bool ok = true;
	for (size_t i = 0; ok && i < p->edges_n; i++) {
		const struct edge_info *edge = &p->edges[i];
		const char *after = edge->refused ? " (refused)"
				    : edge->cut	  ? " (separated again)"
						  : "";
		str why = str_printf(&c->arena, "%.*s%s", STR_ARG(edge->why), after);
		const struct table_cell cells[] = {
			{ .value = value_text(
				  str_dup(&c->arena, time_print_local(at, edge->at_us))) },
			{ .value = value_int((int64_t)edge->a) },
			{ .value = value_int((int64_t)edge->b) },
			{ .value = value_text(why),
			  .style = edge->refused ? STYLE_BAD : STYLE_PLAIN },
		};
		for (size_t k = 0; ok && k < ARRAY_LEN(cells); k++)
			ok = table_add(&t, cells[k], e);
	}
	if (ok && p->edges_n > 0) {
		buf_byte(&c->out, '\n');
		table_put_text(&t, &c->term, &c->arena, &c->out);
	}
	table_fini(&t);
	return ok;
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void json_time(struct json_writer *w, str key, bool known, int64_t at_us)
{
	char text[TIME_TEXT_MAX];
	json_key(w, key);
	if (known)
		json_put_text(w, time_print(text, at_us));
	else
		json_put_null(w);
}

static void json_ids(struct json_writer *w, const struct subject_view *v)
{
	json_array_open(w);
	for (size_t i = 0; i < v->ids_n; i++) {
		json_object_open(w);
		json_key(w, S("kind"));
		json_put_text(w, str_of(id_kind_name(v->ids[i].kind)));
		if (v->ids[i].system.n > 0) {
			json_key(w, S("system"));
			json_put_text(w, v->ids[i].system);
		}
		json_key(w, S("value"));
		json_put_text(w, v->ids[i].value);
		json_key(w, S("profile"));
		json_put_uint(w, v->ids[i].profile);
		json_object_close(w);
	}
	json_array_close(w);
}

static void json_cells(struct json_writer *w, const struct subject_view *v, bool permissions)
{
	json_array_open(w);
	for (size_t i = 0; i < v->cells_n; i++) {
		if (is_permission(v->cells[i].key) != permissions)
			continue;
		json_object_open(w);
		json_key(w, S("key"));
		json_put_text(w, v->cells[i].key);
		json_key(w, S("value"));
		put_json_value(w, v->cells[i].value);
		json_time(w, S("at"), true, v->cells[i].at_us);
		json_key(w, S("touch"));
		json_put_uint(w, v->cells[i].seq);
		json_object_close(w);
	}
	json_array_close(w);
}

static void json_origin(struct json_writer *w, str key, const struct origin *o, str channel)
{
	json_key(w, key);
	json_object_open(w);
	put_json_origin(w, o, channel);
	json_object_close(w);
}

/* The page's members, into an object that is open. */
static void json_page(struct cli *c, struct json_writer *w, const struct page *p)
{
	const struct subject_view *v = &p->subject.view;
	json_key(w, S("person"));
	json_put_uint(w, v->subject);
	json_key(w, S("name"));
	json_put_text(w, subject_name(v, &c->arena));
	json_key(w, S("stage"));
	put_json_value(w, subject_cell(v, S("stage")));
	json_key(w, S("stage_since"));
	put_json_value(w, subject_cell(v, S("stage_since")));
	json_key(w, S("company"));
	if (p->subject.has_company)
		json_put_text(w, subject_name(&p->subject.company, &c->arena));
	else
		json_put_null(w);
	json_key(w, S("ids"));
	json_ids(w, v);
	json_key(w, S("touches"));
	json_put_uint(w, v->touches);
	json_time(w, S("first_at"), v->touches > 0, v->first_us);
	json_time(w, S("last_at"), v->touches > 0, v->last_us);
	json_origin(w, S("first"), &v->first_origin, v->first_channel);
	json_origin(w, S("latest"), &v->latest_origin, v->latest_channel);
	json_key(w, S("permissions"));
	json_cells(w, v, true);
	json_key(w, S("traits"));
	json_cells(w, v, false);
	json_key(w, S("joins"));
	put_json_edges(w, p->edges, p->edges_n);
}

struct keeper {
	struct people *people;
	uint64_t subject;
};

static uint64_t keep(void *arg, const struct touch *t)
{
	const struct keeper *k = arg;
	if (t->person == 0 || people_subject_of(k->people, t->person) != k->subject)
		return 0;
	return k->subject;
}

static bool json_export(struct cli *c, const struct page *p, err *e)
{
	struct keeper k = { snapshot_people(p->snapshot), p->subject.view.subject };
	struct history h = { 0 };
	struct json_writer w;
	char text[TIME_TEXT_MAX];
	if (!history_of_person(p->snapshot, k.subject, keep, &k, &c->arena, &h, e))
		return false;
	json_writer_init(&w, &c->out, true);
	json_object_open(&w);
	json_key(&w, S("exported_at"));
	json_put_text(&w, time_print(text, time_now_us()));
	json_key(&w, S("snapshot"));
	json_put_uint(&w, snapshot_seq(p->snapshot));
	json_page(c, &w, p);
	json_key(&w, S("journey"));
	json_array_open(&w);
	for (size_t i = 0; i < h.n; i++)
		put_json_touch(&w, &h.touches[i]);
	json_array_close(&w);
	json_object_close(&w);
	buf_byte(&c->out, '\n');
	return true;
}

/* ---- the five verbs -------------------------------------------------------------------------- */

static bool show(struct cli *c, const struct page *p, enum format format, err *e)
{
	struct json_writer w;
	if (format == FORMAT_JSON) {
		json_writer_init(&w, &c->out, false);
		json_object_open(&w);
		json_page(c, &w, p);
		json_object_close(&w);
		buf_byte(&c->out, '\n');
		return true;
	}
	put_head(c, p);
	return put_ids(c, &p->subject.view, e) && put_cells(c, &p->subject.view, true, e) &&
	       put_cells(c, &p->subject.view, false, e) && put_edges(c, p, e);
}

static bool export_to(struct cli *c, const struct page *p, const char *path, err *e)
{
	if (!json_export(c, p, e))
		return false;
	if (path == NULL)
		return true;
	bool ok = buf_ok(&c->out, e) && fs_write_all(fs_real(), path, buf_view(&c->out), e);
	buf_clear(&c->out);
	return ok;
}

static enum cli_status show_or_export(struct cli *c, const struct args *a, bool exports)
{
	struct snapshot *s = NULL;
	struct page p;
	enum format format = FORMAT_TABLE;
	uint64_t number = 0;
	bool found = false;
	err e = { 0 };
	if (a->words_n > 2)
		err_set(&e, ERR_INVALID, "%s takes one person", a->words[0]);
	else if (args_format(a, &format, &e) && format == FORMAT_CSV)
		err_set(&e, ERR_INVALID, "a person comes as table or json");
	if (e.code != ERR_NONE)
		return cli_usage(a, &e);
	if (!cli_snapshot(c, a, &s, &e))
		return e.code == ERR_INVALID ? cli_usage(a, &e) : cli_fail(&e);
	enum cli_status status = CLI_DONE;
	if (!cli_person(c, s, a->words[1], &number, &found, &e) ||
	    (found && !page_read(c, s, number, &p, &e)))
		status = cli_fail(&e);
	else if (!found)
		status = CLI_NEGATIVE;
	else if (!(exports ? export_to(c, &p, args_text(a, "output"), &e)
			   : show(c, &p, format, &e)))
		status = cli_fail(&e);
	snapshot_close(&s);
	return status;
}

static enum cli_status run(struct cli *c, const struct args *a)
{
	const char *verb = a->words[0];
	err e = { 0 };
	if (strcmp(verb, "show") == 0 || strcmp(verb, "export") == 0)
		return show_or_export(c, a, verb[0] == 'e');
	if (strcmp(verb, "merge") == 0 || strcmp(verb, "unmerge") == 0)
		return person_join_by_hand(c, a, verb[0] == 'm');
	if (strcmp(verb, "erase") == 0)
		return person_erase(c, a);
	err_set(&e, ERR_INVALID, "show, export, merge, unmerge or erase, not \"%s\"", verb);
	return cli_usage(a, &e);
}
