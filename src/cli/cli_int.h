/*
 * cli_int.h - what the commands share: the running command's state, options, terminal, tables.
 *
 * Threads:      the program's first; nothing here is shared.
 */
#ifndef TRICHTER_CLI_INT_H
#define TRICHTER_CLI_INT_H

#include "base/vec.h"
#include "cli/cli.h"
#include "cli/settings_int.h"
#include "io/json.h"
#include "journal/journal.h"
#include "people/people.h"
#include "people/subject.h"
#include "rule/rule.h"

/* ---- commands ----------------------------------------------------------------------------------
 */

struct cli;
struct args;

struct option {
	const char *name;  /* without the dashes; NULL ends a list */
	const char *value; /* what stands behind it: "DIR"; NULL: a switch */
	const char *help;
	bool many; /* may be given several times */
};

/* clang-format off */
#define OPTION(name, value, help)      { name, value, help, false }
#define OPTION_MANY(name, value, help) { name, value, help, true }
#define SWITCH(name, help)             { name, NULL, help, false }
#define OPTIONS_END                    { NULL, NULL, NULL, false }
#define EXAMPLES_END                   { NULL, NULL }
/* clang-format on */

struct example {
	const char *line; /* what follows "trichter "; NULL ends a list */
	const char *does;
};

struct command {
	const char *name;
	const char *words;   /* "[KIND] FILE..." */
	const char *summary; /* one line */
	const char *about;   /* paragraphs, separated by empty lines */
	const struct option *options;
	const struct example *examples; /* at least one */
	size_t words_min, words_max;
	/* Says itself what went wrong (cli_fail, cli_usage) and returns the exit status. */
	enum cli_status (*run)(struct cli *c, const struct args *a);
};

extern const struct command command_init, command_demo, command_import, command_export,
	command_funnel, command_journey, command_people, command_person, command_config,
	command_status, command_retain, command_verify, command_backup, command_restore,
	command_report, command_serve, command_user, command_key, command_bench, command_help,
	command_completion;

/* In the order in which help lists them; NULL when `i` is past the end. */
const struct command *command_at(size_t i);
const struct command *command_find(str name);
/* Options that every command takes. */
extern const struct option options_common[];

/* ---- what was typed
 * ------------------------------------------------------------------------------ */

struct given {
	const struct option *option;
	const char *value; /* "" for a switch */
};
struct args {
	const struct command *command;
	const char **words;
	size_t words_n;
	struct given *given;
	size_t given_n;
};

/* Options may stand anywhere: "--opt value", "--opt=value"; "--" ends them. The error says what was
 * wrong and suggests the nearest option. */
bool args_parse(const struct command *command, char **argv, size_t argc, struct arena *a,
		struct args *r, err *e) MUST_CHECK;
bool args_on(const struct args *a, const char *name);
/* The last value given, or NULL. */
const char *args_text(const struct args *a, const char *name);
/* The next value of an option given several times: begin with *at = 0; NULL at the end. */
const char *args_each(const struct args *a, const char *name, size_t *at);
/* A whole number; `missing` when the option was not given. */
bool args_count(const struct args *a, const char *name, uint64_t missing, uint64_t *v_r,
		err *e) MUST_CHECK;

enum format { FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV };
bool args_format(const struct args *a, enum format *format_r, err *e) MUST_CHECK;
/* One of `words` (NULL ends), by index; an error names them all. */
bool args_choice(const struct args *a, const char *name, const char *const *words, size_t missing,
		 size_t *i_r, err *e) MUST_CHECK;
/* " Did you mean X?" for the nearest of the names, or nothing. */
struct nearest {
	str typed;
	const char *name;
	size_t distance;
};
void nearest_try(struct nearest *n, const char *name);
str nearest_text(const struct nearest *n, char text[128]);

/* ---- the terminal
 * ---------------------------------------------------------------------------------- */

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_GREY, STYLE_MARKETING, STYLE_SALES, STYLE_BAD };

struct terminal {
	bool is_terminal;
	bool colour;
	bool utf8;
	size_t columns; /* SIZE_MAX when it is none */
};
/* Of a file descriptor: environment (NO_COLOR, TERM, COLUMNS, LC_*) and the device. */
void terminal_look(struct terminal *t, int fd);
/* Begins a style; STYLE_PLAIN ends any. Nothing where there are no colours. */
void terminal_style(const struct terminal *t, struct buf *b, enum style style);
void terminal_put(const struct terminal *t, struct buf *b, enum style style, str text);
/* Columns that a text takes. */
size_t text_width(str text);
/* As many characters as fit into `columns`, the last one an ellipsis when some were left out.
 * Control characters become U+FFFD, so that a name cannot steer the terminal. */
void text_put_fitted(const struct terminal *t, struct buf *b, str text, size_t columns);
void text_put_clean(struct buf *b, str text);
/* Words in lines of at most `columns`, further lines indented; begins at `column`, ends the line.
 */
void text_put_wrapped(struct buf *b, size_t column, size_t indent, size_t columns, str text);

/* ---- printing
 * -------------------------------------------------------------------------------------- */

#define NUMBER_TEXT_MAX 40
str show_count(char text[NUMBER_TEXT_MAX], uint64_t n); /* "8,000" */
str show_rate(char text[NUMBER_TEXT_MAX], double rate); /* "10.5 %"; "–" when unknown */
str show_bytes(char text[NUMBER_TEXT_MAX], uint64_t n); /* "1.2 MB" */
void put_plural(struct buf *b, uint64_t n, const char *one, const char *many);
void put_json_value(struct json_writer *w, value v);
/* Keys and texts of an origin that are there, into an object that is open. */
void put_json_origin(struct json_writer *w, const struct origin *o, str channel);
void put_json_touch(struct json_writer *w, const struct touch *t);
/* What joined a person's profiles, and what was refused: an array. */
void put_json_edges(struct json_writer *w, const struct edge_info *edges, size_t n);

enum align { ALIGN_LEFT, ALIGN_RIGHT };
struct table_column {
	str key;   /* in json and csv */
	str title; /* in tables */
	enum align align;
	bool flexible; /* cut first when the terminal is narrow */
};
struct table_cell {
	value value; /* for json and csv */
	str text;    /* for tables; p NULL: the value printed */
	enum style style;
};
/* Rows of cells, printed in any format. Cells and texts are borrowed. */
struct table {
	const struct table_column *columns;
	size_t columns_n;
	VEC(struct table_cell) cells;
};
bool table_add(struct table *t, struct table_cell cell, err *e) MUST_CHECK;
void table_fini(struct table *t);
size_t table_rows(const struct table *t);
void table_put_text(const struct table *t, const struct terminal *term, struct arena *a,
		    struct buf *b);
void table_put_csv(const struct table *t, bool header, struct buf *b);
/* The rows as objects, into an array that the caller opened. */
void table_put_json(const struct table *t, struct json_writer *w);

/* ---- the running command
 * ----------------------------------------------------------------------------- */

struct cli {
	const char *data; /* the data directory */
	struct settings settings;
	struct arena arena; /* of this command: memory_max */
	struct buf out;
	struct terminal term; /* of standard output */
};

/* Writes what stands in c->out to standard output. */
bool cli_flush(struct cli *c, err *e) MUST_CHECK;
/* The same when enough has gathered. */
bool cli_flush_some(struct cli *c, err *e) MUST_CHECK;
/* "trichter: TEXT" on standard error. */
enum cli_status cli_fail(const err *e);
enum cli_status cli_usage(const struct args *a, const err *e);
/* A note for people, on standard error. */
void cli_note(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* Everything known, or as of --as-of (a date, a time, a sequence number). */
bool cli_snapshot(struct cli *c, const struct args *a, struct snapshot **s_r, err *e) MUST_CHECK;
/* The person that a word names, visible ones only; *found_r false: nobody (said on standard error).
 */
bool cli_person(struct cli *c, struct snapshot *s, const char *word, uint64_t *subject_r,
		bool *found_r, err *e) MUST_CHECK;
/* The line of stages: of the configuration, else the default. */
bool cli_stages(struct cli *c, struct snapshot *s, str **stages_r, size_t *n_r, err *e) MUST_CHECK;
/* Who changes things by hand: "cli" or "cli:LOGIN". */
str cli_by(struct cli *c);
/* Lets the user edit a text; `kind` ends the temporary file's name. In the arena. */
bool editor_run(struct cli *c, const char *kind, str before, str *after_r, err *e) MUST_CHECK;
/* Set by the first interrupt; the second ends the program. */
const volatile bool *cli_stop_flag(void);

/* What help, manual page and completion are made of. */
void help_all(struct buf *b);
void help_command(const struct command *c, struct buf *b);
void help_man(struct buf *b);
void help_completion(struct buf *b);

#endif
